"""The packaged sample issue, as bytes: what other programs read, and that nothing around it changes it."""

from __future__ import annotations

import email
import email.message
import email.policy
import os
import re
import subprocess
from pathlib import Path

import pytest

from mailer.domain.language import Language
from mailer.domain.period import parse_period
from mailer.editorial.sample import sample_commentaries
from tests.acceptance.commandline import MAILER, CommandLine

_LATEST = parse_period("2026-W47")
_MESSAGE = ("issue", "preview", "--sample", "--format", "message", "--language")
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")
_NOTE = re.compile(r"\[\d+\]")


def message(mailer: CommandLine, language: str) -> bytes:
    """Return the sample issue's bytes, printed in a folder that is no installation."""
    ran = mailer(*_MESSAGE, language, folder=Path("/"))
    assert (ran.status, ran.err) == (0, "")
    return ran.out


def parsed(content: bytes) -> email.message.EmailMessage:
    found = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(found, email.message.EmailMessage)
    return found


def words(text: str) -> str:
    """Return the words of a text and nothing between them: how lines break is the part's own affair."""
    return " ".join(re.findall(r"[^\W_]+", text)).casefold()


@pytest.mark.parametrize("language", Language)
def test_python_reads_two_parts_the_text_first(mailer: CommandLine, language: Language) -> None:
    """The standard library finds multipart/alternative with text/plain before text/html, and no defect."""
    found = parsed(message(mailer, language))

    parts = list(found.iter_parts())
    assert found.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [defect for part in (found, *parts) for defect in part.defects] == []


@pytest.mark.parametrize("language", Language)
def test_reformime_reads_two_parts_the_text_first(
    mailer: CommandLine, reformime: Path, language: Language
) -> None:
    """So does maildrop's reader, which knows no Python."""
    content = message(mailer, language)

    listed = subprocess.run([reformime, "-i"], input=content, capture_output=True, check=True).stdout.decode()

    types = [line.split()[1] for line in listed.splitlines() if line.startswith("content-type:")]
    assert types == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize("language", Language)
def test_the_text_part_holds_every_commentary_in_full(mailer: CommandLine, language: Language) -> None:
    """Every word of every headline, lead and paragraph stands in it, in its order."""
    plain = parsed(message(mailer, language)).get_body(("plain",))
    assert plain is not None
    said = words(_NOTE.sub("", plain.get_content()))

    texts = [
        file.text
        for file in sample_commentaries(_LATEST)
        if file.period == _LATEST and file.language == language
    ]

    assert len(texts) == 5
    for text in texts:
        for part in (text.headline, text.lead, text.author, *text.body.split("\n\n")):
            assert words(_LINK.sub(r"\1", part)) in said


def test_every_run_prints_the_same_bytes(mailer: CommandLine, tmp_path: Path) -> None:
    """Neither time zone nor locale, home, hash seed or folder has a say in them."""
    around = [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo", "LC_ALL": "C"},
        {
            "PYTHONHASHSEED": "2",
            "TZ": "America/New_York",
            "LANG": "ru_RU.KOI8-R",
            "PYTHONIOENCODING": "ascii",
        },
    ]
    runs = [
        subprocess.Popen(
            [MAILER, *_MESSAGE, "be"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", "")} | each,
            stdout=subprocess.PIPE,
        )
        for each in around
    ]

    printed = {run.communicate(timeout=60)[0] for run in runs}

    assert printed == {message(mailer, "be")}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("format_", ["text", "html"])
def test_the_parts_alone_hold_no_stand_in(mailer: CommandLine, format_: str) -> None:
    """What is shown is what a reader gets: links that lead somewhere."""
    ran = mailer("issue", "preview", "--sample", "--format", format_, "--language", "en")

    assert ran.status == 0
    assert b"HOLE" not in ran.out
    assert re.search(rb"https://news\.example\.org/u/[\w-]{36}", ran.out)


def test_the_copy_is_addressed_to_whom_one_names(mailer: CommandLine) -> None:
    """--reader stands in To, and nothing else changes with it."""
    one, other = (
        mailer(*_MESSAGE, "en", "--reader", reader).out for reader in ("ada@example.org", "bob@example.org")
    )

    assert parsed(one)["To"] == "ada@example.org"
    assert one.replace(b"ada@example.org", b"bob@example.org") == other


@pytest.mark.parametrize(
    "reader",
    [
        "",
        "nobody",
        "a@example.org, b@example.org",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org\nBcc: b@example.org",
        "Ada <a@example.org>",
        "a@example.org\0",
        "a b@example.org",
        '"a b"@example.org',
        "a@[127.0.0.1]",
        "<a@example.org>",
        "a@example.org>",
        "a" * 400 + "@example.org",
    ],
)
def test_a_reader_who_is_no_single_address_is_refused(mailer: CommandLine, reader: str) -> None:
    """Nothing of it is repeated, so nothing of it reaches a log."""
    if "\0" in reader:
        reader = reader.replace("\0", "\x01")  # no program can be given a zero byte

    said = mailer(*_MESSAGE, "en", "--reader", reader).refusal()

    assert said in (
        "--reader: this is not an e-mail address; write one, as reader@example.org",
        "--reader: the address is too long; write one, as reader@example.org",
    )
