"""From an empty folder to two mails at a real server, as the README tells it: by commands and pages alone."""

from __future__ import annotations

import email
import email.message
import email.policy
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.commandline import MAILER, CommandLine, Installed, Ran
from tests.tools.catalogue import tool
from tests.tools.required import required
from tests.tools.sink import SmtpSink, running_sink

READERS = {"chytachka@example.org": "be", "reader@example.net": "en"}
_CONFIRM = re.compile(r"http://127\.0\.0\.1:\d+(/\w\w/confirm/[\w-]{43})")
_WAIT_S = 30.0


@dataclass(frozen=True, slots=True)
class Newsroom:
    """An installation that sends to a server on another port.

    Attributes:
        site: address of the pages, without a slash at its end.
    """

    here: Installed
    sink: SmtpSink
    site: str

    def issues(self) -> dict[str, email.message.EmailMessage]:
        """Return the copies of issues that the server took, by recipient; fails when one came twice."""
        found: dict[str, email.message.EmailMessage] = {}
        for content in self.sink.messages():
            message = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(message, email.message.EmailMessage)
            # Only issues say so.
            if message["Precedence"] == "bulk":
                recipient = str(message["X-Rcpt-Args"]).split()[0].strip("<>")
                assert recipient not in found
                found[recipient] = message
        return found

    def confirm_links(self) -> set[str]:
        """Return the paths of the confirm links that the server took."""
        found = set()
        for content in self.sink.messages():
            message = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(message, email.message.EmailMessage)
            plain = message.get_body(("plain",))
            assert plain is not None
            found |= set(_CONFIRM.findall(plain.get_content()))
        return found


def wait_until(holds: Callable[[], bool]) -> None:
    """Wait until *holds* does; fail when it does not in time."""
    give_up_at = time.monotonic() + _WAIT_S
    while not holds():
        assert time.monotonic() < give_up_at, "it did not come to pass"
        time.sleep(0.05)


@contextmanager
def serving(newsroom: Newsroom) -> Iterator[subprocess.Popen[str]]:
    """Run ``mailer serve`` in a process of its own."""
    process = subprocess.Popen(
        [MAILER, "serve"],
        cwd=newsroom.here.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert newsroom.site in process.stdout.readline()
        yield process
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True, slots=True)
class Story:
    """How it went.

    Attributes:
        ran: each command, by what it was for.
        before, after: all that the database held around the commands that must change nothing.
        status, log: what ``serve`` ended with when it was told to.
    """

    newsroom: Newsroom
    ran: dict[str, Ran]
    books: dict[str, Any]
    before: list[str]
    after: list[str]
    status: int
    log: str


@pytest.fixture(scope="module")
def story(mailer: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Everything from ``init`` to the end of ``serve``, once."""
    folder = tmp_path_factory.mktemp("first") / "newsroom"
    with running_sink(required(tool("smtp-sink"))) as sink:
        newsroom = _installed(mailer, folder, sink)
        here, ran = newsroom.here, {}
        with serving(newsroom) as server:
            for address, language in READERS.items():
                _subscribe(newsroom, address, language)
            _confirm_all(newsroom)
            ran["build"] = here("issue", "build", "--subject", "be=Тыдзень, у які ўсё пачалося", "--json")
            ran["second serve"] = here("serve", environment={"MAILER_SITE__LISTEN": "127.0.0.1:0"})
            ran["release"] = here("issue", "release", "--json")
            wait_until(lambda: here("issue", "stats", "--json").json["state"] == "sent")
            before = _settled(here)
            ran["release again"] = here("issue", "release")
            ran["build again"] = here("issue", "build")
            ran["check"] = here("issue", "check", "--json")
            after = _settled(here)
            books = here("issue", "stats", "--json").json
            server.send_signal(signal.SIGTERM)
            out, err = server.communicate(timeout=_WAIT_S)
        yield Story(newsroom, ran, books, before, after, server.returncode, out + err)


def _installed(mailer: CommandLine, folder: Path, sink: SmtpSink) -> Newsroom:
    """Go through the README: init, settings, newsletter, texts."""
    assert mailer("init", folder, "--yes").status == 0
    with socket.create_server(("127.0.0.1", 0)) as free:
        site = f"127.0.0.1:{free.getsockname()[1]}"
    settings = (folder / "mailer.toml").read_text("utf-8").replace("127.0.0.1:8080", site)
    for name, value in (("host", f'"{sink.host}"'), ("port", str(sink.port)), ("tls", '"none"')):
        settings = re.sub(rf"(?m)^{name} = .*", f"{name} = {value}", settings)
    (folder / "mailer.toml").write_text(settings, "utf-8")
    assert mailer("newsletter", "import", "newsletter.toml", folder=folder).status == 0
    week = mailer("commentary", "new", "empty", "--json", folder=folder).json["week"]
    here = Installed(mailer, folder, week)
    assert here("commentary", "import", here.write_sample(), "--json").json["changed"] == 15
    return Newsroom(here, sink, f"http://{site}")


def _subscribe(newsroom: Newsroom, address: str, language: str) -> None:
    form = {"newsletter": "belarus-weekly", "address": address, "language": language, "missing": ""}
    answer = httpx.post(f"{newsroom.site}/{language}/subscribe", data=form)
    assert answer.is_success or answer.is_redirect


def _confirm_all(newsroom: Newsroom) -> None:
    wait_until(lambda: len(newsroom.confirm_links()) == len(READERS))
    for path in newsroom.confirm_links():
        assert httpx.get(newsroom.site + path).status_code == 200
        answer = httpx.post(newsroom.site + path, follow_redirects=True)
        assert answer.status_code == 200


def _settled(here: Installed) -> list[str]:
    # Nodes say every few seconds that they are alive, and the fence counts minutes.
    return [line for line in here.dump() if '"node"' not in line and '"installation"' not in line]


def test_each_reader_has_one_copy_in_their_language(story: Story) -> None:
    """Two mails arrive at the server, each addressed to its reader alone, with five commentaries."""
    issues = story.newsroom.issues()

    assert issues.keys() == READERS.keys()
    for reader, language in READERS.items():
        assert issues[reader]["To"] == reader
        assert issues[reader]["Content-Language"] in (None, language)
    assert issues["chytachka@example.org"]["Subject"] == "Тыдзень, у які ўсё пачалося"
    assert "Belarus" in issues["reader@example.net"]["Subject"]


def test_the_books_balance_after_the_first_issue(story: Story) -> None:
    """Both copies were taken; per language and in all, nothing is unaccounted for."""
    books = story.books

    assert (books["audience"], books["accepted"], books["pending"], books["unknown"]) == (2, 2, 0, 0)
    assert books["books_balance"] is True
    assert {language: each["accepted"] for language, each in books["languages"].items()} == {
        "be": 1,
        "ru": 0,
        "en": 1,
    }
    assert (books["kind"], books["state"]) == ("regular", "sent")


def test_release_tells_a_script_what_it_froze(story: Story) -> None:
    """One object with the issue and its books at the freeze."""
    released = story.ran["release"].json

    assert (released["issue"], released["state"], released["audience"]) == (1, "released", 2)
    assert story.ran["build"].json["audience"] == {"be": 1, "en": 1}


def test_a_second_release_is_refused(story: Story) -> None:
    """What was released stays released, and nobody is mailed twice."""
    said = story.ran["release again"].refusal()

    assert "(issue 1) is sent already, so nothing was done; “mailer issue stats” tells how it went" in said
    assert len(story.newsroom.issues()) == 2


def test_a_build_after_the_release_is_refused(story: Story) -> None:
    """What is frozen never changes; asking for it changes nothing in the database."""
    assert "it can't be built again" in story.ran["build again"].refusal()
    assert story.after == story.before


def test_a_sent_issue_is_held_by_nothing(story: Story) -> None:
    """Findings are about drafts: a check of a sent issue finds none, whoever left meanwhile."""
    assert (story.ran["check"].status, story.ran["check"].json["findings"]) == (0, [])


def test_a_second_serve_on_the_same_data_is_refused(story: Story) -> None:
    """It ends with a sentence before it sends anything."""
    assert "another “mailer serve” runs on this data already; end it" in story.ran["second serve"].refusal()


def test_serve_ends_when_it_is_told_to(story: Story) -> None:
    """SIGTERM: status 0, no traceback, and no reader's address in anything it said."""
    assert story.status == 0, story.log
    assert "Traceback" not in story.log
    assert [reader for reader in READERS if reader in story.log] == []
