"""``mailer bench send``: the figures are those of an issue that was really sent, and nothing is left behind.

How fast it goes is asserted nowhere.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailer.cli.bench_machine import file_system, is_in_memory
from mailer.outbox.mailbox import Mailbox
from tests.acceptance.commandline import MAILER, ROOT, CommandLine

FIGURES = {
    "readers",
    "connections",
    "size",
    "dkim",
    "database",
    "file_system",
    "fdatasync_per_s",
    "seed_s",
    "freeze_s",
    "longest_lock_ms",
    "send_s",
    "messages_per_s",
    "rate_first_tenth",
    "rate_last_tenth",
    "cpu_us_per_message",
    "peak_rss_mb",
    "commits",
    "accepted",
    "failed",
    "deferred",
    "unknown",
    "books_balance",
    "database_bytes_per_delivery",
}
SCRIPT = """\
rcpt reader1@* refuse 550 5.1.1 No such user here
rcpt reader2@* defer 1 451 4.7.1 Greylisted, come back in a second
"""


@dataclass(frozen=True, slots=True)
class Outbox:
    """The built-in relay, in a process of its own."""

    mailbox: Mailbox
    port: int

    @property
    def option(self) -> tuple[str, str]:
        """How the command line is told of it."""
        return "--relay", f"127.0.0.1:{self.port}"


@contextmanager
def running_outbox(folder: Path, script: str = "") -> Iterator[Outbox]:
    """Run the built-in relay until the block ends."""
    (folder / "script").write_text(script, "utf-8")
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "mailer.outbox",
        "--folder",
        folder / "kept",
        "--script",
        folder / "script",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        assert relay.stdout is not None
        try:
            yield Outbox(Mailbox(folder / "kept"), int(relay.stdout.readline()))
        finally:
            relay.terminate()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """A relay that takes everything."""
    with running_outbox(tmp_path) as relay:
        yield relay


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty folder that is not in memory, as the one for temporary files may be."""
    folder = Path(tempfile.mkdtemp(dir=ROOT if is_in_memory(file_system(tmp_path)) else tmp_path))
    yield folder
    shutil.rmtree(folder)


def test_it_sends_an_issue_and_says_what_that_took(mailer: CommandLine, outbox: Outbox, disk: Path) -> None:
    """Every reader has one copy, the books balance, and the folder is gone."""
    ran = mailer("bench", "send", *outbox.option, "--readers", "200", "--size", "2000", "--json", folder=disk)

    assert ran.status == 0, ran
    assert ran.json.keys() == FIGURES
    assert (ran.json["accepted"], ran.json["books_balance"]) == (200, True)
    assert len({recipient for mail in outbox.mailbox for recipient in mail.recipients}) == 200
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize("size", [2_000, 40_000])
def test_a_message_has_the_size_that_was_asked_for(
    mailer: CommandLine, outbox: Outbox, disk: Path, size: int
) -> None:
    """Within 1 %, with all headers, on the wire."""
    mailer("bench", "send", *outbox.option, "--readers", "20", "--size", str(size), folder=disk)

    sizes = [len(mail.content()) for mail in outbox.mailbox]
    assert len(sizes) == 20
    assert all(abs(each - size) <= size / 100 for each in sizes), sizes


def test_what_the_relay_refuses_and_puts_off_is_counted(
    mailer: CommandLine, tmp_path: Path, disk: Path
) -> None:
    """A copy that was put off is tried again within the measurement."""
    with running_outbox(tmp_path, SCRIPT) as outbox:
        ran = mailer(
            "bench", "send", *outbox.option, "--readers", "50", "--size", "2000", "--json", folder=disk
        )

    figures = ran.json
    assert (figures["accepted"], figures["failed"], figures["deferred"]) == (49, 1, 0)
    assert figures["books_balance"] is True


def test_every_copy_is_signed_where_that_is_asked(mailer: CommandLine, outbox: Outbox, disk: Path) -> None:
    """By a key of its own, which is gone with the folder."""
    call = ("bench", "send", *outbox.option, "--readers", "20", "--size", "2000", "--dkim", "--json")
    ran = mailer(*call, folder=disk)

    assert (ran.json["accepted"], ran.json["dkim"]) == (20, True)
    assert all(mail.content().startswith(b"DKIM-Signature: ") for mail in outbox.mailbox)
    assert list(disk.iterdir()) == []


def test_a_person_gets_a_table(mailer: CommandLine, outbox: Outbox, disk: Path) -> None:
    """One figure a line; what goes on is on standard error."""
    ran = mailer("bench", "send", *outbox.option, "--readers", "20", "--size", "2000", folder=disk)

    assert [line.split()[0] for line in ran.out.decode().splitlines() if "accepted" in line] == ["accepted"]
    assert "freeze: 0 of 20" in ran.err


def test_a_database_that_was_lent_is_empty_again(
    mailer: CommandLine, outbox: Outbox, disk: Path, new_postgres_database: Callable[..., str]
) -> None:
    """So that the same one can be lent twice."""
    call = ("bench", "send", *outbox.option, "--readers", "50", "--size", "2000", "--json")
    url = new_postgres_database()

    both = [mailer(*call, "--database", url, folder=disk) for _ in range(2)]

    assert [(ran.json["database"], ran.json["accepted"]) for ran in both] == [("postgresql", 50)] * 2


def test_a_database_in_use_is_refused(
    mailer: CommandLine, outbox: Outbox, disk: Path, new_postgres_database: Callable[..., str]
) -> None:
    """Nothing is changed in it: it may hold somebody's readers."""
    url = new_postgres_database()
    assert (
        mailer("db", "upgrade", environment={"MAILER_DATABASE__URL": url}, folder=made_settings(disk)).status
        == 0
    )

    ran = mailer("bench", "send", *outbox.option, "--database", url, "--json", folder=disk)

    assert "name an empty database" in ran.refusal()
    assert mailer("db", "upgrade", environment={"MAILER_DATABASE__URL": url}, folder=disk).status == 0


def test_a_relay_that_is_not_there_is_one_sentence(mailer: CommandLine, disk: Path) -> None:
    """Said before a single reader is made."""
    ran = mailer("bench", "send", "--relay", "127.0.0.1:1", "--readers", "1000000", folder=disk)

    assert "no mail server takes us at 127.0.0.1, port 1; start it, or correct --relay" in ran.refusal()
    assert ran.status == 1
    assert list(disk.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--relay", "127.0.0.1"), "is not HOST:PORT"),
        (("--relay", "127.0.0.1:0"), "is not HOST:PORT"),
        (("--relay", "a b:25"), "is not the name of a server"),
        (("--relay", "127.0.0.1:1", "--readers", "0"), "at least 1"),
        (("--relay", "127.0.0.1:1", "--connections", "201"), "at most 200"),
        (("--relay", "127.0.0.1:1", "--database", "sqlite:///x.db"), "write postgresql+asyncpg://"),
        ((), "--relay"),
    ],
)
def test_a_wrong_option_is_one_sentence(
    mailer: CommandLine, disk: Path, options: tuple[str, ...], said: str
) -> None:
    """It says what to write; nothing is made."""
    ran = mailer("bench", "send", *options, folder=disk)

    assert said in ran.refusal()
    assert ran.status == 2
    assert list(disk.iterdir()) == []


def test_a_size_that_no_message_has_is_refused(mailer: CommandLine, outbox: Outbox, disk: Path) -> None:
    """The sentence says what is possible."""
    ran = mailer("bench", "send", *outbox.option, "--size", "500", "--readers", "5", folder=disk)

    assert "--size: a message has " in ran.refusal()
    assert ran.status == 2
    assert list(disk.iterdir()) == []


def test_memory_is_no_disk(mailer: CommandLine) -> None:
    """A figure from there would say nothing about what is durable."""
    memory = Path("/dev/shm")
    if not is_in_memory(file_system(memory)):
        pytest.skip("no file system in memory here")

    ran = mailer("bench", "send", "--relay", "127.0.0.1:1", folder=memory)

    assert "go to a folder on a disk" in ran.refusal()
    assert ran.status == 2


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_whoever_interrupts_it_finds_nothing_left(outbox: Outbox, disk: Path, name: signal.Signals) -> None:
    """In the midst of sending."""
    command: list[str | Path] = [
        MAILER,
        "bench",
        "send",
        *outbox.option,
        "--readers",
        "10000",
        "--size",
        "2000",
    ]
    with subprocess.Popen(command, cwd=disk, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        while not running.stderr.readline().startswith("send:"):
            assert running.poll() is None
        running.send_signal(name)
        status = running.wait(30)

    assert status == 130
    assert list(disk.iterdir()) == []


def test_it_carries_none_of_the_pages_libraries() -> None:
    """Its memory is a sender's."""
    looked = "import json, sys; import mailer.cli.bench; print(json.dumps(sorted(sys.modules)))"

    loaded = json.loads(subprocess.run([sys.executable, "-c", looked], stdout=-1, check=True).stdout)

    assert "mailer.delivery.sender" in loaded
    assert not {"mailer.web", "fastapi", "jinja2", "premailer", "aiosmtpd", "alembic"} & {*loaded}


def made_settings(folder: Path) -> Path:
    """Put a mailer.toml into *folder*, and return it."""
    (folder / "mailer.toml").write_text("", "utf-8")
    return folder
