"""docs/first-evening.md walked through: its commands typed, and what a person does between them.

Only the product's own libraries are used, so that it also runs where no test tool is installed.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx

READER = "reader@example.org"
HEADLINES = {"be": "Мінск просіць зніжку", "ru": "Минск просит скидку", "en": "Minsk asks for a discount"}
_CONFIRM = re.compile(r"https?://[^/\s]+(/\w\w/confirm/[\w-]{43})")


def commands(document: str, *, without: str = "As a service") -> list[str]:
    """Return the lines of the fenced blocks, in order, but those of the section *without*."""
    sections = re.split(r"^## ", document, flags=re.MULTILINE)
    told = [section for section in sections if not section.startswith(without)]
    block = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
    blocks = [found for section in told for found in block.findall(section)]
    return [line for each in blocks for line in each.splitlines() if line.strip()]


@dataclass
class Evening:
    """A person at a terminal, and a browser.

    Attributes:
        home: their home folder, empty at first.
        environment: of what they type.
        skip: the beginnings of commands that were typed before.
        ran: what was typed, and how many seconds it took.
    """

    home: Path
    environment: Mapping[str, str]
    skip: tuple[str, ...] = ()
    ran: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin at home."""
        self._folder = self.home
        self._said = ""
        self._stack = ExitStack()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._url = f"http://127.0.0.1:{self._port}"
        # The two that a person would write into mailer.toml, so that tests do not meet on one port.
        self._environment = {
            **self.environment,
            "HOME": str(self.home),
            "MAILER_SITE__LISTEN": f"127.0.0.1:{self._port}",
            "MAILER_SITE__PUBLIC_URL": self._url,
        }
        self.mails: list[str] = []
        """The kept mails as the desk's pages show their text, oldest first."""

    def walk(self, document: str) -> None:
        """Type every command, and do what the text between them asks for."""
        before: dict[str, Callable[[], None]] = {"mailer relay test": self._set_a_relay}
        after: dict[str, Callable[[], None]] = {
            "mailer init": self._write_down_the_password,
            "mailer commentary new": self._fill_in_three_files,
            "mailer serve": self._sign_up_and_confirm,
            "mailer issue release": self._read_the_mail,
        }
        with self._stack:
            for line in commands(document):
                if line.startswith(self.skip):
                    continue
                self._do(before, line)
                began = time.monotonic()
                if line == "mailer serve":
                    self._serve()
                else:
                    self._type(line)
                self.ran.append((line, time.monotonic() - began))
                self._do(after, line)
        missed = [*before, *after]
        assert not missed, f"the text has no line {missed[0]} any more"

    @staticmethod
    def _do(doings: dict[str, Callable[[], None]], line: str) -> None:
        for beginning in [each for each in doings if line.startswith(each)]:
            doings.pop(beginning)()

    def _type(self, line: str) -> None:
        asked = f'{line}\nstatus=$?; pwd > "$HOME/.where"; exit $status'
        ran = subprocess.run(
            ["bash", "-c", asked],
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self._said = ran.stdout
        assert ran.returncode == 0, f"{line}: {ran.stdout}"
        self._folder = Path((self.home / ".where").read_text().rstrip("\n"))

    def _write_down_the_password(self) -> None:
        (self._password,) = re.findall(r"^  (\S{5}(?:-\S{5}){3})$", self._said, re.MULTILINE)
        (self._name,) = re.findall(r"^“(.*)” logs in", self._said, re.MULTILINE)

    def _fill_in_three_files(self) -> None:
        for language, headline in HEADLINES.items():
            (file,) = self._folder.glob(f"*-W*/russia.{language}.md")
            text = file.read_text("utf-8").replace("headline:", f"headline: {headline}")
            text = text.replace("trend:", "trend: worsened").replace("state: draft", "state: ready")
            file.write_text(f"{text}{headline}.\n", "utf-8")

    def _serve(self) -> None:
        serving = subprocess.Popen(
            ["mailer", "serve"], cwd=self._folder, env=self._environment, stdout=subprocess.DEVNULL
        )
        self._stack.callback(_end, serving)
        self._browser = self._stack.enter_context(httpx.Client(base_url=self._url, follow_redirects=True))
        _until(lambda: _answers(self._browser))

    def _sign_up_and_confirm(self) -> None:
        form = {"newsletter": "belarus-weekly", "address": READER, "language": "en", "missing": ""}
        assert self._browser.post("/en/subscribe", data=form).status_code == 200
        login = {"name": self._name, "password": self._password, "next": "/desk/outbox"}
        assert "/desk/outbox" in str(self._browser.post("/desk/login", data=login).url)
        (link,) = _CONFIRM.findall(self._mail(1))
        assert self._browser.get(link).status_code == 200
        assert self._browser.post(link).status_code == 200
        self._mail(2)

    def _read_the_mail(self) -> None:
        self._mail(3)

    def _mail(self, number: int) -> str:
        """Return the text of a kept mail as its page shows it, once it is there."""
        path = f"/desk/outbox/{number}"
        _until(lambda: path in self._browser.get("/desk/outbox").text)
        self.mails.append(self._browser.get(path, params={"show": "text"}).text)
        return self.mails[-1]

    def _set_a_relay(self) -> None:
        self.second_outbox = self.home / "second outbox"
        outbox = subprocess.Popen(
            [sys.executable, "-m", "mailer.outbox", "--folder", self.second_outbox, "--port", "0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.callback(_end, outbox)
        assert outbox.stdout is not None
        port = outbox.stdout.readline().strip()
        file = self._folder / "mailer.toml"
        text = file.read_text("utf-8")
        for name, value in {"host": '"127.0.0.1"', "port": port, "tls": '"none"'}.items():
            text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
        file.write_text(text, "utf-8")


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()


def _answers(browser: httpx.Client) -> bool:
    try:
        return browser.get("/").status_code == 200
    except httpx.TransportError:
        return False


def _until(condition: Callable[[], bool], within_s: float = 20) -> None:
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.05)


def clean_environment(path: str) -> dict[str, str]:
    """Return an environment that knows nothing of ours but where programs are."""
    return {"PATH": path, "LANG": "C.UTF-8", "TERM": "dumb"} | {
        name: value for name, value in os.environ.items() if name.startswith(("SSL_", "PYTHONWARN"))
    }
