"""``mailer bounces reply``: one line out for each line in, whatever is in it, and nothing else needed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MAILER = Path(sys.executable).with_name("mailer")


def run(given: bytes, *options: str, folder: Path) -> bytes:
    """Return what the command prints, started in an empty *folder*."""
    done = subprocess.run(
        [MAILER, "bounces", "reply", *options],
        input=given,
        cwd=folder,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == b""
    assert list(folder.iterdir()) == []
    return done.stdout


def judged(given: bytes, folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(given, "--json", folder=folder).splitlines()]


def test_each_line_is_judged_by_itself(tmp_path: Path) -> None:
    """In order, with null for what a line does not name; without settings and without a database."""
    given = b"550 5.1.1 <a@example.org> User unknown\r\n552 Mailbox full\n\nconnection timed out\n250 Ok"

    assert judged(given, tmp_path) == [
        {
            "reply": "550 5.1.1 <a@example.org> User unknown",
            "reply_code": 550,
            "status": "5.1.1",
            "class": "invalid",
            "verdict": "hard",
            "evidence": "text:no-mailbox “user unknown”",
        },
        {
            "reply": "552 Mailbox full",
            "reply_code": 552,
            "status": None,
            "class": "mailbox",
            "verdict": "soft",
            "evidence": "text:full “mailbox full”",
        },
        {
            "reply": "",
            "reply_code": None,
            "status": None,
            "class": "unknown",
            "verdict": "soft",
            "evidence": None,
        },
        {
            "reply": "connection timed out",
            "reply_code": None,
            "status": None,
            "class": "transient",
            "verdict": "soft",
            "evidence": "text:network “timed out”",
        },
        {
            "reply": "250 Ok",
            "reply_code": 250,
            "status": None,
            "class": "unknown",
            "verdict": "none",
            "evidence": "code:250",
        },
    ]


def test_nonsense_is_judged_too(tmp_path: Path) -> None:
    """NUL, broken UTF-8, control characters and lines of megabytes: one line out for each."""
    lines = [
        b"\x00\x01\x02",
        b"\xff\xfe 550",
        b"\x1b[2J",
        b"9" * 3_000_000,
        b" " * 200_000,
        b"550 " + b"." * 200_000,
    ]

    found = judged(b"\n".join(lines), tmp_path)

    assert len(found) == len(lines)
    assert {each["verdict"] for each in found} == {"soft"}
    assert max(len(each["reply"]) for each in found) == 65_536


@pytest.mark.parametrize("given", [b"", b"\n"])
def test_no_line_gives_no_line(given: bytes, tmp_path: Path) -> None:
    """An empty line is a line."""
    assert len(judged(given, tmp_path)) == given.count(b"\n")


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    """Class, verdict, codes, evidence and the reply, without addresses and control characters."""
    printed = run(b"550 5.1.1 <a@example.org>\x1b[2J User unknown\n", folder=tmp_path).decode()

    assert printed == (
        "invalid   hard  550  5.1.1    text:no-mailbox “user unknown”  ← 550 5.1.1 ‹…› [2J User unknown\n"
    )
