"""The relay as a program of its own: what kill proofs lean on."""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiosmtplib
import pytest

from mailer.outbox.mailbox import Mailbox
from tests.integration.outbox.standing import READER, SENDER

MESSAGE = b"Message-ID: <1@example.org>\r\n\r\nbody\r\n"


@contextmanager
def program(
    folder: Path, *options: str, max_file_bytes: int | None = None
) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """Start ``python -m mailer.outbox``; give its port and process, and end it."""
    limit = resource.RLIM_INFINITY if max_file_bytes is None else max_file_bytes
    process = subprocess.Popen(
        [sys.executable, "-m", "mailer.outbox", "--folder", folder, "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, limit))
        assert process.stdout is not None
        yield int(process.stdout.readline()), process
        process.terminate()


def send(port: int, message: bytes = MESSAGE, recipient: str = READER) -> None:
    asyncio.run(
        aiosmtplib.send(
            message, sender=SENDER, recipients=[recipient], hostname="127.0.0.1", port=port, start_tls=False
        )
    )


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_takes_mail_and_ends_cleanly(tmp_path: Path, stop: signal.Signals) -> None:
    """The first line is the port; SIGTERM and Ctrl-C end it with status 0 and nothing on standard error."""
    with program(tmp_path / "outbox") as (port, process):
        send(port)
        process.send_signal(stop)
        rest, complaints = process.communicate(timeout=10)

    assert (process.returncode, rest, complaints) == (0, "", "")
    assert [mail.content() for mail in Mailbox(tmp_path / "outbox")] == [MESSAGE]


def test_the_log_survives_a_kill(tmp_path: Path) -> None:
    """Each answered copy is a line of the log, also after kill -9, and a second run adds to it."""
    log = tmp_path / "log"

    for recipient in ("a@example.org", "b@example.org"):
        with program(tmp_path / "outbox", "--log", str(log)) as (port, process):
            send(port, recipient=recipient)
            process.kill()

    digest = hashlib.sha256(b"body\r\n").hexdigest()
    assert [json.loads(line) for line in log.read_text().splitlines()] == [
        {"message_id": "<1@example.org>", "recipient": name, "sha256": digest, "accepted": True}
        for name in ("a@example.org", "b@example.org")
    ]


def test_it_plays_a_script(tmp_path: Path) -> None:
    """Rules come from a file."""
    script = tmp_path / "faults"
    script.write_text("# one of these\nrcpt * refuse 550 5.1.1 Nobody\n")

    with (
        program(tmp_path / "outbox", "--script", str(script), "--fsync") as (port, _),
        pytest.raises(aiosmtplib.SMTPRecipientsRefused) as raised,
    ):
        send(port)

    assert raised.value.recipients[0].message == "5.1.1 Nobody"


def test_a_disk_that_takes_no_more_is_answered_452(tmp_path: Path) -> None:
    """What does not fit is not kept and not half-kept; what fits comes through afterwards."""
    with program(tmp_path / "outbox", max_file_bytes=100_000) as (port, _):
        with pytest.raises(aiosmtplib.SMTPDataError) as raised:
            send(port, MESSAGE + b"x" * 200_000 + b"\r\n")
        left_over = list((tmp_path / "outbox").glob("*.part"))
        send(port)

    assert raised.value.code == 452
    assert [mail.content() for mail in Mailbox(tmp_path / "outbox")] == [MESSAGE]
    assert not left_over


BAD_CALLS = [
    (["--script", "{}/none"], 2, "can't be read (No such file or directory)"),
    (["--script", "{}/bad"], 1, "bad, line 1: “x” is no stage"),
    (["--script", "{}/bytes"], 2, "is not UTF-8"),
    (["--log", "{}"], 1, "name another file"),
    (["--host", "192.0.2.1"], 2, "can't listen on 192.0.2.1"),
]


@pytest.mark.parametrize(("options", "status", "message"), BAD_CALLS)
def test_a_bad_call_is_one_sentence(tmp_path: Path, options: list[str], status: int, message: str) -> None:
    """What is wrong is said in one line on standard error, with the status of its kind."""
    (tmp_path / "bad").write_text("x * defer\n")
    (tmp_path / "bytes").write_bytes(b"\xff")
    filled = [option.format(tmp_path) for option in options]

    ended = subprocess.run(
        [sys.executable, "-m", "mailer.outbox", "--folder", tmp_path / "outbox", *filled],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (status, "")
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1
