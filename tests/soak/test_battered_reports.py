"""Reports cut short, run together and mislabelled, and bombs: all are read, in little memory."""

from __future__ import annotations

import random
import re
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Hardness
from mailer.domain.returned_mail import MailKind
from tests.tools.bounces_score import samples_folder

_OWN = Path(__file__).parents[1] / "samples" / "bounces"
_COUNT = 10_000
_MAX_PEAK_MB = 15
_MB = 1_000_000
_CHARSETS = (
    b"utf-8",
    b"koi8-r",
    b"iso-2022-jp",
    b"utf-16",
    b"utf-7",
    b"windows-1251",
    b"big5",
    b"x-none",
    b"",
)
_CHARSET = re.compile(rb"charset=\"?[\w.:-]+\"?", re.IGNORECASE)


def _battered(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Yield *count* messages, each cut, joined with another, or told to be in another charset."""
    chance = random.Random(seed)
    for _ in range(count):
        message, other = chance.choice(seeds), chance.choice(seeds)
        match chance.randrange(5):
            case 0:
                yield message[: chance.randrange(len(message) + 1)]
            case 1:
                yield message[chance.randrange(len(message) + 1) :]
            case 2:
                yield message + other
            case 3:
                yield (
                    message[: chance.randrange(len(message) + 1)] + other[chance.randrange(len(other) + 1) :]
                )
            case _:
                yield _CHARSET.sub(b"charset=" + chance.choice(_CHARSETS), message)


def _nested(depth: int) -> bytes:
    heads = (b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(depth))
    return (
        b"".join(heads) + b"Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; a@example.org\n"
    )


_DAEMON = b"From: MAILER-DAEMON@example.net\nSubject: failure notice\n"
BOMBS: dict[str, Callable[[], bytes]] = {
    "nested": lambda: _nested(1_000),
    "a-million-parts": lambda: b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n\nx\n" * 1_000_000,
    "200-mb": lambda: _DAEMON + b"\n" + b"550 5.1.1 no such user <a@example.org>\n" * 5_000_000,
    "header-of-10-mb": lambda: _DAEMON + b"X-Long: " + b"a" * 10 * _MB + b"\n\nfailed",
    "a-million-fields": lambda: b"X: y\n" * 1_000_000 + _DAEMON + b"\nfailed",
    "a-million-recipients": lambda: (
        b"Content-Type: message/delivery-status\n\n"
        + b"Final-Recipient: rfc822; a@example.org\n\n" * 1_000_000
    ),
    "base64-garbage": lambda: (
        _DAEMON + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + b"=A-" * 2 * _MB
    ),
    "nul": lambda: _DAEMON + b"\n" + b"\0" * 5 * _MB,
    "one-line": lambda: _DAEMON + b"\n" + b"failed: <a@example.org" * 500_000,
    "tags": lambda: _DAEMON + b"Content-Type: text/html\n\n" + b"<style><p" * _MB,
    "entities": lambda: _DAEMON + b"Content-Type: text/html\n\n" + b"&#x1F600;" * _MB,
    "encoded-words": lambda: b"Subject: " + b"=?utf-8?q?a?= " * 500_000 + b"\nFrom: MAILER-DAEMON\n\nfailed",
    "quotes": lambda: _DAEMON + b"\n" + b"> " * 3 * _MB,
}


def test_no_battered_report_makes_the_reader_raise() -> None:
    """10,000 reports cut, joined and mislabelled are read; only bounces are ever judged hard."""
    folders = [_OWN, *([folder / "messages"] if (folder := samples_folder()) else [])]
    seeds = [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.eml"))]

    for raw in _battered(seeds, _COUNT, seed=8):
        mail = read_report(raw)
        verdicts = {judge_notice(notice, mail.kind).verdict for notice in mail.notices}
        assert mail.kind is MailKind.BOUNCE or verdicts <= {Hardness.NONE}
        assert len(mail.notices) <= 100


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory(name: str) -> None:
    """Whatever its size, what is kept of a message while it is read stays below 15 MB."""
    raw = BOMBS[name]()
    tracemalloc.start()

    mail = read_report(raw)
    _, peak = tracemalloc.get_traced_memory()

    tracemalloc.stop()
    print(f"{name}: {len(raw) / _MB:.0f} MB, read as {mail.kind} with {peak / _MB:.1f} MB")  # noqa: T201 - the figures, with -s
    assert peak < _MAX_PEAK_MB * _MB
    assert len(mail.notices) <= 100
