"""Whatever is said, in whatever script: the message says it, to two parsers that share no code.

The second is written in Rust; where it and Python's agree, a mail program has a fair chance.
"""

from __future__ import annotations

import email
import email.policy
import html as entities
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.header import decode_header, make_header

from fast_mail_parser import PyMail, parse_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.domain.commentary import Text, TextState
from mailer.domain.content import Block, EditionContent, LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.period import week
from mailer.domain.trend import Trend
from mailer.rendering import holes
from mailer.rendering.edition import render_edition
from mailer.rendering.letterhead import Letterhead, edition_skeleton, letter_skeleton
from mailer.rendering.skeleton import Hole

LINKS = Links("https://news.example.org", mail_domain="bounces.example.org")
RELEASED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
VALUES = {
    Hole.TO: b"first.reader@example.net",
    Hole.MESSAGE_ID: b"abcdefghijklmnopqrstuvwx",
    Hole.DATE: b"Mon, 23 Nov 2026 08:00:00 +0000",
    Hole.TOKEN: b"T" * 36,
    Hole.RETURN_TOKEN: b"r" * 44,
    Hole.SECRET: b"S" * 43,
}
MIME = ["Content-Language", "MIME-Version", "Content-Type"]
OF_AN_EDITION = [
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Help"),
    *("List-Owner", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Subscribe", "List-Archive"),
    *("List-Post", "Feedback-ID", "Precedence", *MIME),
]
OF_A_LETTER = [
    *("From", "Reply-To", "To", "Subject", "Date", "Message-ID", "List-Id", "List-Help"),
    *("List-Owner", "Feedback-ID", "Auto-Submitted", "X-Auto-Response-Suppress", *MIME),
]
# Letters of any script, marks and signs; controls and breaks are refused where a file is read.
CHARACTERS = st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
SAMPLES = st.sampled_from(
    [
        "Тыдзень, «Погляд» і “ўсё”",
        'Белсат, "Вясна": \\ (рэдакцыя) <desk@example.org>',
        "=?utf-8?b?YQ==?= ?= =?",
        "مينسك",
        "白俄罗斯 📰 周刊",
        "ᏣᎳᎩ éêë ﬁ",
        "Re: x",
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "{{ content }} {% raw %} &amp; <b>",
        "." * 70,
        "a" * 300,
    ]
)
WORDS = st.one_of(st.text(CHARACTERS, max_size=150), SAMPLES).map(lambda text: " ".join(text.split()))
NAMES = WORDS.map(lambda text: text or "Тыдзень")
BODY_LINES = st.one_of(
    st.text(CHARACTERS, max_size=100),
    st.sampled_from(["", ".", "..", ".hidden", "From here", "--=_", "a" * 998, "b" * 2_000]),
)
BODIES = st.lists(BODY_LINES, max_size=12).map("\n".join)


def letterhead(sender_name: str) -> Letterhead:
    return Letterhead(
        newsletter="belarus-weekly",
        title="Тыдзень",
        sender="desk@example.org",
        sender_name=sender_name,
        reply_to="editors@example.org",
        language=Language.BELARUSIAN,
        links=LINKS,
    )


def assert_well_formed(message: bytes) -> None:
    """No bare CR or LF, no line too long, none that begins with a dot, no encoded-word over 75 letters."""
    assert message.endswith(b"\r\n")
    lines = message.removesuffix(b"\r\n").split(b"\r\n")
    assert not [line for line in lines if b"\r" in line or b"\n" in line]
    assert max(map(len, lines)) <= 998
    assert not [line for line in lines if line.startswith(b".")]
    head, _, body = message.partition(b"\r\n\r\n")
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?[bq]\?[^?]*\?=", head))
    lists = [line for line in head.replace(b"\r\n ", b" ").split(b"\r\n") if line.startswith(b"List-")]
    assert not [line for line in lists if b"=?" in line]


def assert_says(message: bytes, mail: RenderedMail, sender_name: str, names: list[str]) -> None:
    """Both parsers find the headers, the sender's name, the subject and both parts."""
    first = email.message_from_bytes(message, policy=email.policy.compat32)
    second = parse_email(message)
    assert first.keys() == names
    assert sorted(second.headers) == sorted(names)
    assert all(len(values) == 1 for values in second.headers.values())
    assert as_one_line(decoded(str(first["Subject"]))) == as_one_line(mail.subject)
    assert as_one_line(second.subject) == as_one_line(mail.subject)
    assert first["From"].endswith("<desk@example.org>")
    phrase = str(first["From"]).removesuffix("<desk@example.org>").strip()
    assert (unquoted(phrase) if phrase.startswith('"') else decoded(phrase)) == sender_name
    assert_parts(first, second, mail)


def assert_parts(first: email.message.Message, second: PyMail, mail: RenderedMail) -> None:
    _, plain, markup = first.walk()
    for part, others, rendered in (
        (plain, second.text_plain, mail.text),
        (markup, second.text_html, mail.html),
    ):
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        assert lines_of(content.decode()) == lines_of(filled(rendered))
        assert [lines_of(other) for other in others] == [lines_of(filled(rendered))]


def decoded(value: str) -> str:
    return str(make_header(decode_header("".join(value.splitlines()))))


def as_one_line(text: str) -> str:
    # A parser may show a fold in the subject as one blank or as several.
    return " ".join(text.split())


def unquoted(phrase: str) -> str:
    """Read a quoted string (RFC 5322 §3.2.4)."""
    return re.sub(r"\\(.)", r"\1", phrase[1:-1])


def filled(rendered: str) -> str:
    return rendered.replace(holes.TOKEN, "T" * 36).replace(holes.SECRET, "S" * 43)


def lines_of(text: str) -> list[str]:
    """Return lines without blanks at their ends: the room that base64 needs before a hole."""
    return [line.rstrip(" ") for line in re.split("\r\n|\n", text.rstrip("\r\n"))]


@given(WORDS, NAMES, BODIES, BODIES)
@example("Тыдзень, «Погляд»", 'Погляд, "рэдакцыя"', ".\n..\n.a", "<p>.</p>\n.")
@example("Thu, 01 Jan 1970 00:00:00 +0000", "Т", "", "")
def test_an_edition_says_what_was_rendered(subject: str, name: str, text: str, html: str) -> None:
    """Any subject, sender's name and body: both parsers read them, with exactly our headers, once each."""
    link = f"\nhttps://news.example.org/u/{holes.TOKEN}\n"
    mail = RenderedMail(Language.BELARUSIAN, subject, f"{html}\n<a\nhref={link}>", f"{text}\n{link}")
    skeleton = edition_skeleton(mail, letterhead(name), issue_key="2026-W47", date=RELEASED)

    message = skeleton.fill(VALUES)

    assert_well_formed(message)
    assert_says(message, mail, name, OF_AN_EDITION)
    assert edition_skeleton(mail, letterhead(name), issue_key="2026-W47", date=RELEASED) == skeleton


@given(WORDS, NAMES, BODIES)
def test_a_letter_says_what_was_rendered(subject: str, name: str, text: str) -> None:
    """The same for a Letter, whose headers are no list's."""
    link = f"\nhttps://news.example.org/be/confirm/{holes.SECRET}\n"
    mail = RenderedMail(Language.BELARUSIAN, subject, f"<p>\n<a\nhref={link}></p>", f"{text}\n{link}")

    message = letter_skeleton(mail, letterhead(name), LetterKind.CONFIRM).fill(VALUES)

    assert_well_formed(message)
    assert_says(message, mail, name, OF_A_LETTER)


@settings(max_examples=30)
@given(WORDS, NAMES, WORDS, WORDS, BODIES)
@example("", "{{ content.title }}", "<script>alert(1)</script>", "", ".\n\n..")
def test_whatever_editors_write_arrives(
    subject: str, title: str, headline: str, lead: str, body: str
) -> None:
    """Through templates, inliner and encoder: the words of an editor are there, and twice the same bytes."""
    text = Text(Language.BELARUSIAN, TextState.READY, headline, body, lead)
    content = EditionContent(
        language=Language.BELARUSIAN,
        title=title,
        heading="Тыдзень",
        period=week(2026, 47),
        subject=subject,
        preheader="",
        opening_note="",
        blocks=(Block("russia", "Расія", Trend.UNCHANGED, text),),
        web_url="https://news.example.org/be/belarus-weekly/2026-W47",
        subscribe_url="https://news.example.org/be/",
        unsubscribe_url=LINKS.unsubscribe(holes.TOKEN),
    )
    head = replace(letterhead(title), title=title)

    mails = [render_edition(content) for _ in range(2)]
    skeletons = [edition_skeleton(mail, head, issue_key="2026-W47", date=RELEASED) for mail in mails]

    message = skeletons[0].fill(VALUES)
    assert message == skeletons[1].fill(VALUES)
    assert_well_formed(message)
    assert_says(message, mails[0], title, OF_AN_EDITION)
    if subject:
        assert letters(mails[0].subject) == letters(subject)
    read = parse_email(message)
    assert letters(headline) in letters(entities.unescape(re.sub("<[^>]*>", "", read.text_html[0])))
    assert letters(headline) in letters(read.text_plain[0])


def letters(text: str) -> str:
    """Return what no typesetter changes: letters and digits."""
    return "".join(character for character in text if character.isalnum())
