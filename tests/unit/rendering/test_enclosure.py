"""Somebody's letter inside a Letter of ours: as it came, and never able to end our own parts."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.rendering.enclosure import MAX_BYTES, enclosing, enclosure, travels
from mailer.rendering.letterhead import Letterhead, letter_skeleton
from mailer.rendering.skeleton import Hole

LETTER = b"From: jan@example.net\r\nSubject: Thanks\r\n\r\nA good issue.\r\n"
HEAD = Letterhead(
    "weekly", "Weekly", "news@example.org", "Weekly", "", Language.ENGLISH, Links("https://news.example.org")
)
MAIL = RenderedMail(Language.ENGLISH, "A letter", "<!doctype html><p>A letter.</p>\n", "A letter.\n")
SKELETON = enclosing(letter_skeleton(MAIL, HEAD, LetterKind.FORWARD))


def whole(letter: bytes) -> bytes:
    return SKELETON.fill(
        {
            Hole.TO: b"editors@example.org",
            Hole.REPLY_TO: b"jan@example.net",
            Hole.DATE: b"Mon, 23 Nov 2026 08:00:00 +0000",
            Hole.MESSAGE_ID: b"0123456789",
            Hole.ENCLOSED: enclosure(letter),
        }
    )


def opened(message: bytes) -> EmailMessage:
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_it_is_opened_as_a_mail() -> None:
    """Our words first, as text and HTML, then the letter; answers go to whoever wrote it."""
    mail = opened(whole(LETTER))
    words, letter = mail.iter_parts()

    assert mail["Reply-To"] == "jan@example.net"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content_type() == "multipart/mixed"
    assert [part.get_content_type() for part in words.iter_parts()] == ["text/plain", "text/html"]
    assert letter.get_content_type() == "message/rfc822"
    assert letter.get_content()["Subject"] == "Thanks"
    assert LETTER in whole(LETTER)


@pytest.mark.parametrize(
    "letter",
    [
        b"Subject: \xd0\x9f\r\n\r\nText.\r\n",
        b"Subject: x\r\n\r\n" + b"long" * 300 + b"\r\n",
        b"Subject: x\r\n\r\n.\r\n",
        b"Subject: x\r\n\r\n\0\r\n",
        b"\r\nno header\r\n",
        b"not a header\r\n",
        b"",
        b"Subject: x\r\n\r\n--=_m" + b"0" * 32 + b"--\r\n",
    ],
)
def test_what_can_t_travel_as_it_is_becomes_a_file(letter: bytes) -> None:
    """RFC 2046 §5.2.1 forbids to encode message/rfc822; mail programs open .eml all the same."""
    _, part = opened(whole(letter)).iter_parts()

    assert not travels(letter)
    assert part.get_content_type() == "application/octet-stream"
    assert part.get_filename() == "letter.eml"
    assert part.get_content() == letter


def test_of_a_long_letter_the_beginning_is_enclosed() -> None:
    """Its name says so."""
    _, part = opened(whole(LETTER + b"x" * 70 + b"\r\n" + b"y" * MAX_BYTES)).iter_parts()

    assert part.get_filename() == "letter-cut-short.eml"
    assert len(part.get_content()) == MAX_BYTES


@given(st.binary(max_size=400))
def test_whatever_it_holds_our_mail_stays_whole(letter: bytes) -> None:
    """ASCII, CRLF, no long line, none that begins with a dot, and two parts."""
    message = whole(letter)

    assert message.isascii()
    assert b"\r" not in message.replace(b"\r\n", b"")
    lines = message.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert not any(line.startswith(b".") for line in lines)
    assert len(list(opened(message).iter_parts())) == 2
