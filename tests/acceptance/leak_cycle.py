"""A real installation, and everything that can be seen of it while it works: to be searched later.

What is kept has its place for a name; the outgoing mail is at the far end, and not among it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.acceptance.canaries import FarEnd, mailed_to
from tests.acceptance.commandline import MAILER, Installed, Ran
from tests.acceptance.leaking import files_in, values_in

SETTINGS = """
[signup]
mails_per_hour = 1000000
mails_per_hour_to_domain = 1000000
mails_per_hour_to_provider = 1000000
sign_ups_per_hour_and_client = 1000000
suspects_wait_seconds = 0
attack_at = 1000000
"""
PROVIDERS_PASSWORD = "as agreed with the provider"
_WAIT_S = 60.0
_STARTED = b"The site is at"


def until(holds: Callable[[], bool], what: str) -> None:
    """Wait until *holds* does."""
    give_up_at = time.monotonic() + _WAIT_S
    while not holds():
        assert time.monotonic() < give_up_at, f"it did not come to pass: {what}"
        time.sleep(0.02)


@dataclass(slots=True)
class Cycle:
    """One installation, its readers and what was seen of it.

    Attributes:
        site: address of the pages, without a slash at its end.
        scratch: TMPDIR of its processes.
        seen: what is to be searched, by where it was.
        to_its_owner: answers to whoever typed the address just before, or holds the link mailed to it.
        readers: how many sign up.
        values: reads every value of the database, a table at a time.
    """

    here: Installed
    far_end: FarEnd
    site: str
    scratch: Path
    readers: int
    values: Callable[[], Mapping[str, bytes]]
    seen: dict[str, bytes] = field(default_factory=dict)
    to_its_owner: dict[str, httpx.Response] = field(default_factory=dict)
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))
    process: subprocess.Popen[bytes] | None = None

    @property
    def database(self) -> Path:
        """The database file, if it is SQLite's."""
        return self.here.folder / "data" / "mailer.db"

    def keep(self, name: str, content: bytes) -> None:
        """Lay something aside to be searched."""
        self.seen[f"{len(self.seen)} {name}"] = content

    def ask(
        self,
        method: str,
        path: str,
        data: Mapping[str, str] | None = None,
        *,
        mine: bool = False,
        **how: object,
    ) -> httpx.Response:
        """Send a request, and keep the answer with all its headers.

        Args:
            data: a form.
            mine: the answer may show the address, because whoever asks typed it or holds the link to it.
        """
        url = path if path.startswith("http") else self.site + path
        answer = self.client.request(method, url, data=data, **how)  # type: ignore[arg-type]
        assert answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR, path
        name = f"{method} {urlsplit(url).path} {answer.status_code}"
        if mine:
            self.to_its_owner[f"{len(self.to_its_owner)} {name}"] = answer
        else:
            self.keep(name, whole(answer))
        return answer

    def run(self, *arguments: str | Path, **how: object) -> Ran:
        """Run a command, and keep what it says."""
        ran = self.here(*arguments, environment={"TMPDIR": str(self.scratch)}, **how)
        assert ran.status == 0, ran
        self.keep(f"mailer {arguments[0]} {arguments[1]}", ran.out + ran.err.encode())
        return ran

    def refused(self, *arguments: str | Path) -> None:
        """Run a command that can't be done, and keep what it says."""
        ran = self.here(*arguments)
        assert ran.status != 0, ran
        self.keep(f"mailer {arguments[0]} {arguments[1]}, refused", ran.out + ran.err.encode())

    @property
    def log(self) -> Path:
        """What the service says."""
        return self.scratch.parent / "serve.log"

    def start(self) -> None:
        """Run ``mailer serve`` with the most talkative log."""
        with self.log.open("ab") as log:
            starts = self.log.read_bytes().count(_STARTED)
            self.process = subprocess.Popen(
                [MAILER, "--log", "debug", "serve"],
                cwd=self.here.folder,
                env=os.environ | {"TMPDIR": str(self.scratch)},
                stdout=log,
                stderr=log,
            )
        until(lambda: self.log.read_bytes().count(_STARTED) > starts, "the site opens")

    def stop(self, how: signal.Signals) -> None:
        """End it, and keep the log, the files and the database's two files beside it."""
        assert self.process is not None
        self.look_at_process()
        # As long as it runs, SQLite's log of writes lies there unmerged.
        self.keep_files(f"before {how.name}")
        self.process.send_signal(how)
        status = self.process.wait(30)
        assert status == (0 if how is signal.SIGTERM else -how), status
        self.process = None
        self.keep_files(f"after {how.name}")

    def keep_files(self, when: str) -> None:
        """Keep every file of the installation and of its processes, and every value of the database."""
        for name, content in files_in(self.here.folder, but=[self.here.folder / "data" / "outbox"]).items():
            self.keep(f"{when}: {name}", content)
        for name, content in {**files_in(self.scratch), **self.values()}.items():
            self.keep(f"{when}: {name}", content)
        self.keep(f"{when}: log", self.log.read_bytes())

    def look_at_process(self) -> None:
        """Keep what everybody on the machine can see of the process, its children and their environments."""
        assert self.process is not None
        family = [self.process.pid]
        for pid in family:
            place = Path("/proc") / str(pid)
            try:
                family += map(int, (place / "task" / str(pid) / "children").read_text().split())
                self.keep(
                    f"process {pid}", (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
                )
            except OSError:  # a child that has ended meanwhile
                continue

    def mailed(self, to: str, path: str) -> list[str]:
        """Return the links under *path* that a recipient was mailed so far, oldest first."""
        mails = list(self.far_end.mails[to])
        return [link for mail in mails for link in re.findall(rf"http\S+?/{path}/[\w-]+", _text(mail))]

    def link(self, typed: str, path: str) -> str:
        """Wait for the first link under *path* that an address is mailed, and return it."""
        to = mailed_to(typed)
        until(lambda: bool(self.mailed(to, path)), f"a link to {path}")
        return self.mailed(to, path)[0]

    def issues(self) -> dict[str, EmailMessage]:
        """Return the copies of the issue that were taken, by recipient."""
        return {
            to: mail
            for to, mails in list(self.far_end.mails.items())
            for mail in mails
            if mail["Precedence"] == "bulk"
        }


def whole(answer: httpx.Response) -> bytes:
    """Return an answer as it travelled: status, headers, body."""
    head = b"".join(name + b": " + value + b"\n" for name, value in answer.headers.raw)
    return f"{answer.status_code} {answer.reason_phrase}\n".encode() + head + b"\n" + answer.content


def _text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return "" if part is None else str(part.get_content())


@contextmanager
def cycle(
    here: Installed,
    far_end: FarEnd,
    scratch: Path,
    readers: int,
    values: Callable[[], Mapping[str, bytes]] | None = None,
) -> Iterator[Cycle]:
    """Set an installation up that sends to *far_end*; its service ends with the block at the latest.

    Args:
        here: with a newsletter.
        scratch: a new folder for what processes write in passing.
        readers: how many sign up.
        values: reads the database where it is not SQLite's.
    """
    scratch.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        site = f"127.0.0.1:{free.getsockname()[1]}"
    settings = re.sub(r"127\.0\.0\.1:\d+", site, (here.folder / "mailer.toml").read_text("utf-8"))
    for name, value in {
        "host": '"127.0.0.1"',
        "port": str(far_end.port),
        "tls": '"none"',
        "allowed": "true",
        "retry_minutes": "[0.002]",
        "return_path_domain": '"returns.example.org"',
        "smtp": '"127.0.0.1:0"',
        "newsroom": '"newsroom@example.org"',
        "postmark_password_file": '"keys/postmark.password"',
    }.items():
        settings = re.sub(rf"(?m)^{name} = .*", f"{name} = {value}", settings)
    (here.folder / "mailer.toml").write_text(settings + SETTINGS, "utf-8")
    secret = here.folder / "data" / "keys" / "postmark.password"
    secret.write_text(PROVIDERS_PASSWORD, "utf-8")
    secret.chmod(0o600)
    read = values or partial(values_in, here.folder / "data" / "mailer.db")
    one = Cycle(here, far_end, f"http://{site}", scratch, readers, read)
    try:
        yield one
    finally:
        one.client.close()
        if one.process is not None:
            one.process.kill()
            one.process.wait(10)
