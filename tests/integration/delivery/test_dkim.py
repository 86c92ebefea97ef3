"""Our signatures in another's eyes: dkimpy checks them as a receiver does."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.dkim import Signer
from mailer.delivery.dkim_key import create_dkim_key, load_dkim_key
from mailer.delivery.letterpress import Letterpress, letterhead
from mailer.delivery.signing import Signing
from mailer.domain.commentary import Commentary
from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.issue import Issue, IssueKind, IssueState
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.period import week
from mailer.domain.plan import arrange, plan_for
from mailer.editorial.contents import edition_content
from mailer.editorial.importing import merged
from mailer.editorial.sample import sample_commentaries, sample_newsletter
from mailer.rendering import holes
from mailer.rendering.edition import render_edition
from mailer.rendering.enclosure import enclosure
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.skeleton import Hole, Skeleton
from tests.tools.dkimpy import load_dkimpy

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LINKS = Links("https://news.example.org")
SIGNING = Signing("example.org", "week", generate_private_key(65537, 2048))
VALUES = {
    Hole.TO: b"first.reader@example.net",
    Hole.MESSAGE_ID: b"abcdefghijklmnopqrstuvwx",
    Hole.DATE: b"Mon, 23 Nov 2026 08:00:00 +0000",
    Hole.TOKEN: b"AbC-" * 9,
    Hole.SECRET: b"x_Y" * 14 + b"z",
    Hole.REPLY_TO: b"jan@example.net",
    Hole.ENCLOSED: enclosure(b"From: jan@example.net\n\nHello.\n"),
}
OTHERS = VALUES | {Hole.TO: "другі@example.com".encode(), Hole.TOKEN: b"Z" * 36, Hole.SECRET: b"-" * 43}


@pytest.fixture(scope="module")
def dkim() -> ModuleType:
    return load_dkimpy()


@cache
def edition(language: Language) -> Skeleton:
    """Return the packaged sample issue in one language."""
    newsletter = sample_newsletter()
    files = [file for file in sample_commentaries(week(2026, 47)) if file.period == week(2026, 47)]
    commentaries = [
        merged(Commentary(topic, week(2026, 47)), [file for file in files if file.topic == topic])
        for topic in {file.topic for file in files}
    ]
    grid = arrange(newsletter, week(2026, 47), commentaries)[0]
    issue = Issue(1, newsletter.slug, IssueKind.REGULAR, week(2026, 47), IssueState.DRAFT, NOW)
    content = edition_content(grid, issue, plan_for(grid, language, None), LINKS)
    return edition_skeleton(
        render_edition(content),
        letterhead(newsletter, language, LINKS),
        issue_key="2026-W47",
        date=NOW,
    )


def letter(kind: LetterKind) -> Skeleton:
    return Letterpress(LINKS).skeleton(kind, sample_newsletter(), Language.BELARUSIAN)


def sign(
    skeleton: Skeleton,
    *copies: Mapping[Hole, bytes],
    signing: Signing = SIGNING,
    clock: Callable[[], datetime] = lambda: NOW,
) -> list[bytes]:
    """Return the header for each copy."""

    async def ask() -> list[bytes]:
        signer = Signer(signing, clock=clock)
        try:
            return await asyncio.gather(*(signer.begin(skeleton, values) for values in copies))
        finally:
            signer.close()

    return asyncio.run(ask())


def is_good(dkim: ModuleType, message: bytes, signing: Signing = SIGNING) -> bool:
    """Ask dkimpy, with our record for DNS; any other name is unknown there."""
    records = {f"{signing.record.name}.": signing.record.value.encode()}

    def look_up(name: bytes | str, timeout: int = 5) -> bytes | None:
        return records.get(name.decode() if isinstance(name, bytes) else name)

    return bool(dkim.verify(message, dnsfunc=look_up))


@pytest.mark.parametrize("language", list(Language))
def test_every_copy_of_an_edition_is_signed(dkim: ModuleType, language: Language) -> None:
    """The sample issue in each language, for readers whose values are of different lengths."""
    skeleton = edition(language)

    signed = zip(sign(skeleton, VALUES, OTHERS), (VALUES, OTHERS), strict=True)

    assert [is_good(dkim, header + skeleton.fill(values)) for header, values in signed] == [True, True]


@pytest.mark.parametrize("language", list(Language))
def test_a_mail_of_text_alone_is_signed(dkim: ModuleType, language: Language) -> None:
    """As discreet readers get it, in either transfer encoding."""
    words = "A week." if language is Language.ENGLISH else "Тыдзень у Беларусі."
    mail = RenderedMail(language, "S", "", f"{words}\n\n{LINKS.unsubscribe(holes.TOKEN)}\n")
    head = letterhead(sample_newsletter(), language, LINKS)
    skeleton = edition_skeleton(mail, head, issue_key="2026-W47", date=NOW)

    signed = zip(sign(skeleton, VALUES, OTHERS), (VALUES, OTHERS), strict=True)

    assert [is_good(dkim, header + skeleton.fill(values)) for header, values in signed] == [True, True]


@pytest.mark.parametrize("kind", list(LetterKind))
def test_every_letter_is_signed(dkim: ModuleType, kind: LetterKind) -> None:
    """Also where a secret stands inside base64."""
    skeleton = letter(kind)

    (header,) = sign(skeleton, VALUES)

    assert is_good(dkim, header + skeleton.fill(VALUES))


def test_the_header_says_what_receivers_ask_for() -> None:
    """Folded at 76, relaxed/simple, RSA with SHA-256, its time; no l=, no i=, no x=."""
    (header,) = sign(edition(Language.RUSSIAN), VALUES)

    value = header.decode("ascii").removeprefix("DKIM-Signature: ").replace("\r\n", "")
    tags = dict(tag.strip().split("=", 1) for tag in value.split(";"))
    assert header.endswith(b"\r\n")
    assert [line for line in header.split(b"\r\n") if len(line) > 76 or line != line.rstrip()] == []
    assert list(tags) == ["v", "a", "c", "d", "s", "t", "h", "bh", "b"]
    assert (tags["v"], tags["a"], tags["c"]) == ("1", "rsa-sha256", "relaxed/simple")
    assert (tags["d"], tags["s"], tags["t"]) == ("example.org", "week", "1795420800")


def test_every_header_of_ours_is_signed_and_the_dangerous_ones_once_more() -> None:
    """RFC 6376 §5.4 and §8.15, RFC 8058 §4."""
    skeleton = edition(Language.ENGLISH)
    head = skeleton.fill(VALUES).partition(b"\r\n\r\n")[0].decode("ascii").lower()

    (header,) = sign(skeleton, VALUES)

    signed = re.sub(r"\s", "", header.decode("ascii")).partition(";h=")[2].partition(";")[0].split(":")
    ours = re.findall(r"^([a-z-]+):", head, re.MULTILINE)
    assert set(ours) <= set(signed)
    for name in (
        *("from", "subject", "to", "date", "content-type", "mime-version", "reply-to", "sender"),
        *("list-unsubscribe", "list-unsubscribe-post", "list-id", "feedback-id"),
    ):
        assert signed.count(name) == ours.count(name) + 1, name


@pytest.mark.parametrize(
    "added",
    [
        b"From: Somebody <somebody@example.com>\r\n",
        b"Sender: somebody@example.com\r\n",
        b"Reply-To: somebody@example.com\r\n",
        b"To: somebody@example.com\r\n",
        b"Subject: Something else\r\n",
        b"Date: Tue, 24 Nov 2026 08:00:00 +0000\r\n",
        b"MIME-Version: 1.0\r\n",
        b"Content-Type: text/html\r\n",
        b"List-Unsubscribe: <https://somewhere.example.com/>\r\n",
        b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n",
        b"List-Id: <somebody.example.com>\r\n",
        b"Feedback-ID: a:b:c:somebody\r\n",
    ],
    ids=lambda added: added.partition(b":")[0].decode(),
)
def test_a_header_put_on_top_breaks_the_signature(dkim: ModuleType, added: bytes) -> None:
    """Nobody can show or be sent something else in our name."""
    skeleton = edition(Language.BELARUSIAN)
    (header,) = sign(skeleton, VALUES)

    assert not is_good(dkim, added + header + skeleton.fill(VALUES))


def test_what_relays_add_leaves_it_whole(dkim: ModuleType) -> None:
    """Received and Return-Path on top, blanks side by side in a header, empty lines at the end."""
    skeleton = edition(Language.BELARUSIAN)
    (header,) = sign(skeleton, VALUES)
    message = (header + skeleton.fill(VALUES)).replace(b"MIME-Version: 1.0", b"MIME-Version:   1.0 ")

    assert is_good(dkim, b"Return-Path: <a@example.org>\r\nReceived: here\r\n" + message + b"\r\n\r\n")


@pytest.mark.parametrize("place", ["text", "token", "html", "end", "subject", "to"])
def test_a_changed_byte_breaks_the_signature(dkim: ModuleType, place: str) -> None:
    """Before, in and after what differs per reader."""
    skeleton = letter(LetterKind.WELCOME)
    (header,) = sign(skeleton, VALUES)
    message = bytearray(header + skeleton.fill(VALUES))
    first_part = message.index(b"\r\n\r\n", len(header)) + 100
    at = {
        "text": message.index(b"\r\n\r\n", first_part) + 10,
        "token": message.rindex(b"QWJDLUFiQy1B") + 5,
        "html": message.index(b"text/html") + 200,
        "end": len(message) - 6,
        "subject": message.index(b"Subject: ") + 12,
        "to": message.index(b"To: first") + 5,
    }[place]

    message[at] ^= 1

    assert not is_good(dkim, bytes(message))


def test_a_copy_signed_again_differs_in_its_time_only() -> None:
    """What a resend brings is the same mail: t= and b= change, the rest stays to the byte."""
    skeleton = edition(Language.BELARUSIAN)
    first, same = sign(skeleton, VALUES, VALUES)

    (later,) = sign(skeleton, VALUES, clock=lambda: NOW + timedelta(hours=1))

    shape = re.compile(rb" t=\d+;|(?<= b=).*", re.DOTALL)
    assert first == same
    assert later != first
    assert shape.sub(b"", later) == shape.sub(b"", first)


def test_a_key_that_goes_during_a_run_signs_on(dkim: ModuleType, tmp_path: Path) -> None:
    """The process holds the key whose public half is in DNS; a file that is gone or new changes nothing."""
    path = tmp_path / "dkim.pem"
    create_dkim_key(path)
    signing = Signing("example.org", "week", load_dkim_key(path))
    path.unlink()
    create_dkim_key(path)

    (header,) = sign(letter(LetterKind.CONFIRM), VALUES, signing=signing)

    assert is_good(dkim, header + letter(LetterKind.CONFIRM).fill(VALUES), signing)


def test_skeletons_come_and_go(dkim: ModuleType) -> None:
    """More of them than are remembered, in turn: each copy is signed as what it is."""
    skeletons = [plain(b"Subject: %d\r\n" % i, b"Text %d\r\n" % i) for i in range(70)] * 2

    async def ask() -> list[bytes]:
        signer = Signer(SIGNING, clock=lambda: NOW)
        try:
            return await asyncio.gather(*(signer.begin(each, VALUES) for each in skeletons))
        finally:
            signer.close()

    headers = asyncio.run(ask())

    messages = [header + each.fill(VALUES) for header, each in zip(headers, skeletons, strict=True)]
    assert all(is_good(dkim, message) for message in (*messages[:3], *messages[-3:]))


def plain(headers: bytes, *body: bytes) -> Skeleton:
    """Return a skeleton with a hole in To and one between each two pieces of the body."""
    first = b"\r\n%bFrom: desk@example.org\r\n\r\n%b" % (headers, body[0])
    return Skeleton((b"To: ", first, *body[1:]), (Hole.TO, *(Hole.TOKEN for _ in body[1:])))


BLANKS = st.sampled_from([b" ", b"  ", b"\t", b"\r\n ", b" \r\n\t "])
WORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20).map(str.encode)
HEADER = st.builds(
    lambda name, blank, words: name + b":" + blank + b"".join(words) + b"\r\n",
    st.sampled_from([b"Subject", b"SUBJECT", b"List-Id", b"List-Unsubscribe", b"Reply-To", b"X-Unsigned"]),
    st.sampled_from([b"", b" ", b"\t", b"\r\n  "]),
    st.lists(st.one_of(WORDS, BLANKS), max_size=8).filter(lambda words: any(word.strip() for word in words)),
)
PIECES = st.lists(st.one_of(WORDS, st.sampled_from([b" ", b"\t", b"\r\n", b"\r\n\r\n"])), max_size=12).map(
    b"".join
)


@given(st.lists(HEADER, max_size=6).map(b"".join), st.lists(PIECES, min_size=1, max_size=4), WORDS)
def test_whatever_a_skeleton_holds_is_signed(
    dkim: ModuleType, headers: bytes, pieces: list[bytes], reader: bytes
) -> None:
    """Repeated and folded headers, blanks anywhere, empty lines before, after and without holes."""
    pieces[-1] += b"\r\n"
    skeleton = plain(headers, *pieces)
    values = {Hole.TO: reader, Hole.TOKEN: b"T" * 36}

    (header,) = sign(skeleton, values)

    assert is_good(dkim, header + skeleton.fill(values))
