"""The demo: the whole cycle in one command, with a report that adds up and nothing left lying about."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from mailer.cli.demo_readers import applicants
from mailer.domain.language import Language
from mailer.domain.reply_class import ReplyClass
from tests.acceptance.commandline import MAILER, CommandLine

FIGURES = (
    "audience",
    "accepted",
    "failed",
    "skipped",
    "unknown",
    "pending",
    "deferred_attempts",
    "unsubscribed",
)
RETURNED = (
    "came_back_later",
    "came_back_by_class",
    "refused_by_class",
    "complaints",
    "auto_replies",
    "suppressed",
    "held",
)
_READERS = 300


def start(*arguments: str | Path, temporary: Path) -> subprocess.Popen[str]:
    """Start a demo whose temporary folder, if it needs one, lies in *temporary*."""
    # The database of a real installation, should one be named, is none of the demo's.
    environment = {"TMPDIR": str(temporary), "MAILER_DATABASE__URL": "sqlite:////nowhere/real.db"}
    return subprocess.Popen(
        [MAILER, "demo", *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@dataclass(frozen=True, slots=True)
class Ended:
    """A demo that came to its end.

    Attributes:
        folder: the one it was asked to keep.
        left: what it left in the folder for temporary files.
    """

    status: int
    out: str
    err: str
    folder: Path
    left: list[Path]

    @property
    def report(self) -> dict[str, Any]:
        """Return the object it printed, with --json."""
        report = json.loads(self.out)
        assert isinstance(report, dict)
        return report


def end(demo: subprocess.Popen[str], temporary: Path, folder: Path = Path("/nowhere")) -> Ended:
    """Wait for a demo's end."""
    out, err = demo.communicate(timeout=120)
    return Ended(demo.returncode, out, err, folder, list(temporary.iterdir()))


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Ended]:
    """Demos that end with their report, by their number of readers; they run beside each other.

    The usual one, with a folder to look into afterwards; one with three readers, for a script; and two for
    people, with forty-two readers and with one.
    """
    temporary = {count: tmp_path_factory.mktemp("tmp") for count in (_READERS, 42, 3, 1)}
    folder = tmp_path_factory.mktemp("kept") / "demo"
    options = {_READERS: ["--json", "--keep", str(folder)], 42: [], 3: ["--json"], 1: []}
    started = {
        count: start("--readers", str(count), "--once", *more, temporary=temporary[count])
        for count, more in options.items()
    }
    return {count: end(demo, temporary[count], folder) for count, demo in started.items()}


@pytest.fixture(scope="module")
def kept(demos: dict[int, Ended]) -> Ended:
    """The usual demo."""
    return demos[_READERS]


def test_the_report_is_one_object_and_nothing_else(kept: Ended) -> None:
    """Status 0, one line on standard output, bars on standard error, exactly the keys that scripts know."""
    assert kept.status == 0, kept.err
    assert kept.out.count("\n") == 1
    assert list(kept.report) == [
        *("newsletter", "week"),
        *(*FIGURES, "books_balance", "languages"),
        *(*RETURNED, "groups", "sent_back", "blamed_wrongly"),
        "seconds",
    ]
    named = ("language", "group", "audience", "accepted", "failed", *RETURNED, "unsubscribed")
    assert [list(each) for each in kept.report["groups"]] == [list(named)] * 3
    assert list(kept.report["came_back_by_class"]) == list(ReplyClass)
    assert kept.report["newsletter"] == "belarus-weekly"
    assert re.fullmatch(r"\d{4}-W\d{2}", kept.report["week"])
    assert kept.report["seconds"] > 0
    assert {language: list(each) for language, each in kept.report["languages"].items()} == {
        language.value: list(FIGURES) for language in Language
    }
    assert "Sign up" in kept.err
    assert "Traceback" not in kept.err


def test_every_copy_is_accounted_for(kept: Ended) -> None:
    """In each language, audience is the sum of the ends; the languages together are the whole."""
    languages = kept.report["languages"].values()

    for each in (kept.report, *languages):
        ends = ("accepted", "failed", "skipped", "unknown", "pending")
        assert each["audience"] == sum(each[name] for name in ends)
    for figure in FIGURES:
        assert kept.report[figure] == sum(each[figure] for each in languages)
    assert kept.report["books_balance"] is True


def test_the_demo_shows_what_can_go_wrong(kept: Ended) -> None:
    """All 300 readers are reached or refused; some mails were put off and tried again, some readers left."""
    report = kept.report

    assert (report["audience"], report["pending"], report["unknown"]) == (_READERS, 0, 0)
    assert report["deferred_attempts"] >= 2
    assert report["failed"] >= 1
    assert report["unsubscribed"] >= 1
    assert report["accepted"] > 280


def test_what_comes_back_stands_in_the_report(kept: Ended) -> None:
    """Of each language some come back later, by class; one reader complains, one is on holiday."""
    report = kept.report

    assert report["came_back_by_class"] == {
        "invalid": 3,
        "mailbox": 12,
        "transient": 0,
        "policy": 12,
        "message": 0,
        "unknown": 0,
    }
    assert (report["complaints"], report["auto_replies"]) == (1, 1)
    assert report["sent_back"] == report["came_back_later"] + 2 == 29
    assert report["refused_by_class"]["invalid"] == report["failed"] == 7
    for each in report["groups"]:
        assert each["came_back_by_class"]["invalid"] == 1
        assert each["came_back_by_class"]["mailbox"] >= 1
        assert each["came_back_by_class"]["policy"] >= 1


def test_nobody_is_blamed_for_what_others_did(kept: Ended) -> None:
    """Who has no mailbox is given up, and nobody else is: twelve refusals of us change nothing."""
    report = kept.report

    assert (report["blamed_wrongly"], report["held"]) == (0, 0)
    assert report["suppressed"] == report["came_back_by_class"]["invalid"] + report["failed"]


def test_the_groups_together_are_the_whole(kept: Ended) -> None:
    """What stands per language and provider adds up to what stands above, and to the books."""
    report = kept.report

    for figure in ("audience", "accepted", "failed", "came_back_later", "complaints", "auto_replies"):
        assert report[figure] == sum(each[figure] for each in report["groups"])
        for language, books in report["languages"].items():
            parts = [each for each in report["groups"] if each["language"] == language]
            assert figure not in books or books[figure] == sum(each[figure] for each in parts)


def test_the_kept_folder_tells_the_same(kept: Ended, mailer: CommandLine) -> None:
    """“mailer issue stats” has the report's figures, and “mailer books” proves them copy by copy."""
    stats = mailer("issue", "stats", "--json", folder=kept.folder).json
    books = mailer("books", "--json", folder=kept.folder).json

    for name in (*FIGURES, "books_balance", "languages", *RETURNED, "groups"):
        assert stats[name] == kept.report[name], name
    assert books["books_balance"] is True


def _forms(name: bytes) -> Iterator[bytes]:
    """Yield how the local part of an address may stand in a file."""
    text = name.decode()
    yield from (name, name.upper(), name.hex().encode(), name.hex().upper().encode())
    yield from (text.encode("utf-16-le"), text.encode("utf-16-be"), text.encode("utf-32-le"))
    yield b"".join(b"=%02X" % letter for letter in name)
    yield b"".join(b"%%%02X" % letter for letter in name)
    yield base64.b32encode(name)[:-8]
    for before in range(3):
        # The letters around decide the first and last of these; those between are the address's own.
        encoded = base64.b64encode(bytes(before) + name + bytes(2))
        yield encoded[4 if before else 0 : (before + len(name)) // 3 * 4]
    yield name[::-1]


def test_no_address_lies_outside_the_outbox(kept: Ended) -> None:
    """Not in plain, nor in capitals, base64, quoted-printable, hex or UTF-16; in the outbox all 300 are."""
    names = [applicant.address.partition("@")[0].encode() for applicant in applicants(_READERS)]
    outside, outbox = bytearray(), bytearray()
    for path in (path for path in kept.folder.rglob("*") if path.is_file()):
        (outbox if "outbox" in path.parts else outside).extend(path.read_bytes())

    assert len(set(names)) == _READERS
    assert [form for name in names for form in _forms(name) if form in outside] == []
    assert [name for name in names if name not in outbox] == []
    assert len(outside) > 100_000


def test_nothing_is_left_behind(demos: dict[int, Ended]) -> None:
    """The folder for temporary files is as empty as before."""
    assert [demo.left for demo in demos.values()] == [[], [], [], []]


def test_three_readers_meet_a_slow_and_a_busy_provider(demos: dict[int, Ended]) -> None:
    """A small demo is no different: languages without readers stand in the report with zeros."""
    report = demos[3].report

    assert (demos[3].status, report["audience"], report["accepted"], report["pending"]) == (0, 3, 3, 0)
    assert report["deferred_attempts"] >= 2
    assert list(report["languages"]) == ["be", "ru", "en"]
    assert set(report["languages"]["en"].values()) == {0}


def test_one_reader_is_reached(demos: dict[int, Ended]) -> None:
    """The report for people names the week, the figures in plain words, and that all is accounted for."""
    assert demos[1].status == 0
    assert "every copy accounted for" in demos[1].out
    assert re.search(r"^be +1 +1 +0 +0 +0 +0 ", demos[1].out, re.MULTILINE)
    assert "The books balance." in demos[1].out
    assert "came back" not in demos[1].out


def test_people_read_what_came_back(demos: dict[int, Ended]) -> None:
    """A line per language and provider, the classes in plain words, and whom nobody blames."""
    said = demos[42].out

    assert demos[42].status == 0
    assert re.search(r"^ru  smaller providers +12 +\d+ +\d+ +\d+ +1 +0 +\d+$", said, re.MULTILINE), said
    assert re.search(
        r"^of those taken, came back later: .*they refused us, not the reader \d", said, re.MULTILINE
    )
    assert "Nobody is blamed for what others did." in said


@dataclass(frozen=True, slots=True)
class Standing:
    """A demo that stays up until it is told to end.

    Attributes:
        said: where the pages are, as it told people.
        temporary: the folder it works in lies here.
    """

    process: subprocess.Popen[str]
    report: dict[str, Any]
    said: str
    temporary: Path

    def after(self, label: str) -> str:
        """Return what stands behind *label* in what it said."""
        found = re.search(rf"{label}:? +(\S+)", self.said)
        assert found, self.said
        return found[1].rstrip(",")


def _until(stream: IO[str], last: str) -> str:
    said = ""
    while last not in said:
        line = stream.readline()
        assert line, said
        said += line
    return said


@pytest.fixture
def standing(tmp_path: Path) -> Iterator[Standing]:
    """A demo without --once, on a machine where port 8080 is somebody's."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(("127.0.0.1", 8080))
        taken.listen()
    except OSError:
        pass  # it is somebody's indeed
    with taken:
        process = start("--readers", "5", "--json", temporary=temporary)
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            report = json.loads(process.stdout.readline())
            yield Standing(process, report, _until(process.stderr, "Ctrl-C"), temporary)
        finally:
            process.kill()
            process.communicate()


def test_pages_and_kept_mails_stay_up_until_ctrl_c(standing: Standing) -> None:
    """Beside the port that is taken; the password that was printed opens the kept mails, and no other."""
    site, mails = standing.after("The site"), standing.after("The kept mails")
    name, password = standing.after("name"), standing.after("password")

    with httpx.Client(base_url=site, headers={"Origin": site.rstrip("/")}, follow_redirects=True) as browser:
        front = browser.get("/be/")
        strangers = browser.get(mails).text
    with httpx.Client(base_url=site, headers={"Origin": site.rstrip("/")}, follow_redirects=True) as browser:
        browser.post("/desk/login", data={"name": name, "password": password})
        opened = browser.get(mails).text
        returned = browser.get(standing.after("What came back"))
    with httpx.Client(base_url=site, headers={"Origin": site.rstrip("/")}, follow_redirects=True) as browser:
        browser.post("/desk/login", data={"name": name, "password": "guess"})
        guessers = browser.get(mails).text
    standing.process.send_signal(signal.SIGINT)
    out, err = standing.process.communicate(timeout=30)

    assert standing.report["audience"] == 5
    assert ":8080/" not in site
    assert f"ssh -L {httpx.URL(site).port}:127.0.0.1:" in standing.said
    assert front.status_code == 200
    assert "reader00" not in strangers + guessers
    assert "reader00" in opened
    assert (returned.status_code, returned.url.path) == (200, "/desk/returned")
    assert (standing.process.returncode, out) == (0, "")
    assert "Traceback" not in err
    assert list(standing.temporary.iterdir()) == []


def _wait_for_mail(demo: subprocess.Popen[str], temporary: Path) -> None:
    while not list(temporary.glob("*/data/outbox/*/*.mail")):
        assert demo.poll() is None
        time.sleep(0.05)


def test_a_demo_can_be_ended_while_it_plays(tmp_path: Path) -> None:
    """In the middle of sign-up, sending or whatever it is at: status 0, no traceback, nothing left."""
    demo = start("--readers", "2000", temporary=tmp_path)
    _wait_for_mail(demo, tmp_path)
    demo.send_signal(signal.SIGTERM)

    ended = end(demo, tmp_path)

    assert (ended.status, ended.out, ended.left) == (0, "", [])
    assert "Traceback" not in ended.err


def test_a_demo_that_owes_a_report_says_that_it_gives_none(tmp_path: Path) -> None:
    """With --once a script waits for the report: an interrupted run must not look like a good one."""
    demo = start("--readers", "2000", "--once", "--json", temporary=tmp_path)
    _wait_for_mail(demo, tmp_path)
    demo.send_signal(signal.SIGINT)

    ended = end(demo, tmp_path)

    assert (ended.status, ended.out, ended.left) == (130, "", [])
    assert "Traceback" not in ended.err


def test_a_folder_with_something_in_it_is_not_worked_in(mailer: CommandLine, tmp_path: Path) -> None:
    """It stays as it is."""
    (tmp_path / "thesis.txt").write_text("Mine.")

    said = mailer("demo", "--once", "--keep", tmp_path).refusal()

    assert said == f"--keep: {tmp_path} is not an empty folder; name a new one"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
