"""A skeleton filled for one reader is the message that was meant for that reader, to the byte."""

from __future__ import annotations

import base64
import email
import email.policy
import subprocess
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.rendering import holes
from mailer.rendering.letterhead import Letterhead, edition_skeleton, letter_skeleton
from mailer.rendering.skeleton import Hole, Skeleton

HEAD = Letterhead(
    newsletter="belarus-weekly",
    title="Тыдзень у Беларусі",
    sender="desk@example.org",
    sender_name="Погляд",
    reply_to="editors@example.org",
    language=Language.BELARUSIAN,
    links=Links("https://example.org", mail_domain="bounces.example.org"),
)
RELEASED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
TOKEN = base64.urlsafe_b64encode(bytes(range(200, 227)))
SECRET = base64.urlsafe_b64encode(bytes(range(200, 232))).rstrip(b"=")
VALUES = {
    Hole.TO: b"first.reader@example.net",
    Hole.MESSAGE_ID: b"abcdefghijklmnopqrstuvwx",
    Hole.DATE: b"Mon, 23 Nov 2026 08:00:00 +0000",
    Hole.TOKEN: TOKEN,
    Hole.RETURN_TOKEN: b"r" * 44,
    Hole.SECRET: SECRET,
}
GAP = "\uf8ff"
"""Where the link goes; a character for private use, which no text is made of."""
UNSUBSCRIBE = f"https://example.org/u/{holes.TOKEN}"
LINES = st.one_of(
    st.text(
        st.characters(exclude_characters="\r\n\t ", exclude_categories=("Cs", "Zs", "Cc", "Co")), max_size=90
    ),
    st.text("абў", max_size=120),
    st.sampled_from(["", ".", "..", "--=_", "a" * 76]),
)
TEXTS = st.lists(LINES, max_size=8).map("\n".join)
OWN_LINE = st.sampled_from(
    [GAP, f"https://example.org/u/{GAP}", f"Адпісацца: https://example.org/be/u/{GAP}", f"<a href={GAP}>"]
)


def read(message: bytes) -> tuple[EmailMessage, list[EmailMessage]]:
    found = email.message_from_bytes(message, _class=EmailMessage, policy=email.policy.default)
    return found, [part for part in found.iter_parts() if isinstance(part, EmailMessage)]


def shown(part: EmailMessage) -> list[str]:
    """Return a part's lines; blanks at their ends are the room that base64 needs before a hole."""
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return [line.strip(" ") for line in content.decode().rstrip("\r\n").split("\r\n")]


def written(text: str) -> list[str]:
    return text.rstrip("\n").split("\n")


@given(TEXTS, OWN_LINE, TEXTS, TEXTS, TEXTS)
@example("", GAP, "", "", "")
@example("ў", GAP, "ўў", "ў", "ў")
def test_a_filled_edition_says_what_was_rendered(
    before: str, line: str, after: str, html_before: str, html_after: str
) -> None:
    """Both parts, wherever the link stands, read as they were rendered, with the reader's own token."""
    text, html = (f"{head}\n{line}\n{tail}." for head, tail in ((before, after), (html_before, html_after)))
    mail = RenderedMail(
        Language.BELARUSIAN, "Тыдзень", html.replace(GAP, holes.TOKEN), text.replace(GAP, holes.TOKEN)
    )

    filled = edition_skeleton(mail, HEAD, issue_key="2026-W47", date=RELEASED).fill(VALUES)

    message, parts = read(filled)
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert shown(parts[0]) == written(text.replace(GAP, TOKEN.decode()))
    assert shown(parts[1]) == written(html.replace(GAP, TOKEN.decode()))
    assert message["List-Unsubscribe"].startswith(f"<https://example.org/u/{TOKEN.decode()}>, <mailto:")
    assert message["To"] == "first.reader@example.net"
    _assert_clean(filled)


@given(TEXTS, OWN_LINE, TEXTS, TEXTS, TEXTS)
@example("", GAP, "", "", "")
@example("ў", GAP, "ўў", "ў", "ў")
@example("ў" * 40, GAP, "’ў" * 40, "ў", "ў")
def test_a_filled_letter_says_what_was_rendered(
    before: str, line: str, after: str, html_before: str, html_after: str
) -> None:
    """The same with a confirm link's 43 letters, which are no multiple of three."""
    text, html = (f"{head}\n{line}\n{tail}." for head, tail in ((before, after), (html_before, html_after)))
    mail = RenderedMail(
        Language.BELARUSIAN, "Пацвердзіце", html.replace(GAP, holes.SECRET), text.replace(GAP, holes.SECRET)
    )

    filled = letter_skeleton(mail, HEAD, LetterKind.CONFIRM).fill(VALUES)

    message, parts = read(filled)
    assert shown(parts[0]) == written(text.replace(GAP, SECRET.decode()))
    assert shown(parts[1]) == written(html.replace(GAP, SECRET.decode()))
    assert message["Date"] == VALUES[Hole.DATE].decode()
    _assert_clean(filled)


def _assert_clean(message: bytes) -> None:
    assert message.endswith(b"\r\n")
    assert b"HOLE" not in message
    assert b"hole-for" not in message
    for line in message.removesuffix(b"\r\n").split(b"\r\n"):
        assert b"\r" not in line
        assert b"\n" not in line
        assert not line.startswith(b".")
        assert len(line) <= 76 or line.startswith((b"List-Unsubscribe: <", b" <mailto:unsubscribe+"))


@given(TEXTS, TEXTS)
def test_a_skeleton_survives_its_storage(text: str, html: str) -> None:
    """Unpacked, it is what was packed, and it fills to the same bytes."""
    mail = RenderedMail(
        Language.ENGLISH, "Week", f"{html}\n{holes.SECRET}\nhtml", f"{text}\n{holes.SECRET}\n“text”"
    )
    skeleton = letter_skeleton(mail, HEAD, LetterKind.CONFIRM)

    again = Skeleton.unpack(skeleton.pack())

    assert again == skeleton
    assert again.fill(VALUES) == skeleton.fill(VALUES)
    assert again.digest == skeleton.digest


def sample() -> RenderedMail:
    return RenderedMail(
        Language.BELARUSIAN,
        "Тыдзень у Беларусі: 16–22 лістапада",
        f"<!doctype html>\n<p>Тыдзень\n<a\nhref=https://example.org/u/{holes.TOKEN}>Адпісацца</a>\n",
        f"Тыдзень у Беларусі.\n\nАдпісацца:\nhttps://example.org/u/{holes.TOKEN}\n",
    )


def test_two_builds_are_identical() -> None:
    """Boundary, Date and digest follow from what is said, so that a copy can be made again to the byte."""
    first, second = (edition_skeleton(sample(), HEAD, issue_key="2026-W47", date=RELEASED) for _ in range(2))

    assert first.pack() == second.pack()
    assert first.fill(VALUES) == second.fill(VALUES)


def test_another_text_has_another_digest_and_boundary() -> None:
    """The digest names the bytes that readers share."""
    other = RenderedMail(Language.BELARUSIAN, "Іншае", sample().html, sample().text)

    packed = {
        edition_skeleton(mail, HEAD, issue_key="2026-W47", date=RELEASED).digest for mail in (sample(), other)
    }

    assert len(packed) == 2


def test_two_readers_share_all_but_their_own_values() -> None:
    """Lines differ only where address, Message-ID and token stand."""
    skeleton = edition_skeleton(sample(), HEAD, issue_key="2026-W47", date=RELEASED)
    theirs = VALUES | {Hole.TO: b"second@example.net", Hole.MESSAGE_ID: b"z" * 24, Hole.TOKEN: b"Z" * 36}

    mine, yours = (skeleton.fill(values).split(b"\r\n") for values in (VALUES, theirs))

    different = [line.partition(b":")[0] for line, other in zip(mine, yours, strict=True) if line != other]
    assert different[:3] == [b"To", b"Message-ID", b"List-Unsubscribe"]
    assert len(different) == 5


def test_maildrop_reads_the_same_parts(reformime: Path) -> None:
    """A mail reader written in C sees multipart/alternative with text/plain first, both in UTF-8."""
    filled = edition_skeleton(sample(), HEAD, issue_key="2026-W47", date=RELEASED).fill(VALUES)

    seen = subprocess.run([reformime, "-i"], input=filled, capture_output=True, check=True).stdout.decode()

    types = [
        line.removeprefix("content-type: ") for line in seen.splitlines() if line.startswith("content-type:")
    ]
    assert types == ["multipart/alternative", "text/plain", "text/html"]
    assert "charset: utf-8" in seen
