"""A kept mail is shown as far as it can be read, however broken it is."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.errors import NotFound
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox, Part, Reading


def reading(folder: Path, content: bytes) -> Reading:
    mailbox = Mailbox(folder)
    number = mailbox.add("s@example.org", ["r@example.org"], content).number
    return Outbox(mailbox).get(number)


def test_an_edition_is_read(tmp_path: Path) -> None:
    """Subject, addresses, date, both texts and the list of parts come out decoded."""
    message = EmailMessage()
    message["From"] = "Рэдакцыя <desk@example.org>"
    message["To"] = "r@example.org"
    message["Subject"] = "Беларусь: 3–9 чэрвеня"
    message["Date"] = "Mon, 23 Nov 2026 09:00:00 +0100"
    message.set_content("Прывітанне\n")
    message.add_alternative("<p>Прывітанне</p>\n", subtype="html")

    mail = reading(tmp_path, message.as_bytes().replace(b"\n", b"\r\n"))

    assert mail.summary.subject == "Беларусь: 3–9 чэрвеня"
    assert mail.summary.sender == "Рэдакцыя <desk@example.org>"
    assert mail.summary.to == "r@example.org"
    assert mail.summary.date == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert (mail.text, mail.html) == ("Прывітанне\n", "<p>Прывітанне</p>\n")
    assert mail.summary.parts == (Part("text/plain", "utf-8", "", 22), Part("text/html", "utf-8", "", 29))
    assert mail.source.startswith("From: ")


def test_an_attached_text_is_not_the_text(tmp_path: Path) -> None:
    """A file that happens to be text is listed, not shown as the mail."""
    message = EmailMessage()
    message.set_content("the mail")
    message.add_attachment("notes", filename="notes.txt")

    mail = reading(tmp_path, bytes(message))

    assert mail.text == "the mail\n"
    assert [part.filename for part in mail.summary.parts] == ["", "notes.txt"]


HEADERS = [
    (b"Subject: =?utf-8?b?0J/RgNGL0LLRltGC0LDQvdC90LU=?=", "Прывітанне"),
    (b"subject: one\r\n two", "one two"),
    ("Subject: Прывітанне".encode(), "Прывітанне"),
    (b"Subject: \xff\xfe", "\ufffd\ufffd"),
    (b"Subject: =?utf-8?b?abcde?=", "=?utf-8?b?abcde?="),
    (b"Subject: =?x-none?q?abc?=", "=?x-none?q?abc?="),
    (b"Subject: first\r\nSubject: second", "first"),
    (b"X: y", ""),
    (b"", ""),
]


@pytest.mark.parametrize(("header", "subject"), HEADERS)
def test_a_subject_is_read_as_far_as_it_goes(tmp_path: Path, header: bytes, subject: str) -> None:
    """Encoded, folded, raw UTF-8 or broken: there is always one line to show."""
    assert reading(tmp_path, header + b"\r\n\r\nbody").summary.subject == subject


@pytest.mark.parametrize(
    "date", [b"yesterday", b"", b"Mon, 99 Nov 2026", b"Mon, 01 Jan 99999 00:00:00 +9999"]
)
def test_a_date_that_is_none_is_left_out(tmp_path: Path, date: bytes) -> None:
    """A broken Date field is no date, and no error."""
    assert reading(tmp_path, b"Date: " + date + b"\r\n\r\n").summary.date is None


TEXTS = [
    (b"Content-Type: text/plain; charset=windows-1251\r\n\r\n\xcf\xf0", "Пр"),
    (b"Content-Type: text/plain; charset=no-such\r\n\r\nabc \xff", "abc \ufffd"),
    (b"Content-Type: text/plain; charset=base64\r\n\r\nabc", "abc"),
    (b"Content-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800", "?"),
    (b"Content-Transfer-Encoding: base64\r\n\r\nYWJj", "abc"),
    (b"Content-Transfer-Encoding: base64\r\n\r\n!!!", ""),
    (b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno parts", ""),
    (b"Content-Type: multipart/mixed\r\n\r\nno boundary", ""),
    (b"just text without a header", "just text without a header"),
]


PARAMETERS = [
    b"Content-Type: text/plain; charset*0*=a; charset*='b'c",
    b"Content-Type: text/plain; charset*0*=\0''%61",
    b"Content-Disposition: attachment; filename*0*=\0''%61",
    b"Content-Type: text/plain; charset=\xff",
    b"Content-Type: \xff",
]


@pytest.mark.parametrize("header", PARAMETERS)
def test_a_broken_parameter_is_passed_over(tmp_path: Path, header: bytes) -> None:
    """What the standard library stumbles over is left out, and the text is there (found by fuzzing)."""
    assert reading(tmp_path, header + b"\r\n\r\nabc").source.endswith("abc")


@pytest.mark.parametrize(("content", "text"), TEXTS)
def test_a_broken_body_is_shown_as_far_as_it_goes(tmp_path: Path, content: bytes, text: str) -> None:
    """Unknown charsets and broken encodings cost letters, not the page."""
    assert reading(tmp_path, content).text == text


def test_parts_within_parts_without_end(tmp_path: Path) -> None:
    """A mail nested a thousand deep still shows its subject and source."""
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(1_500)
    )

    mail = reading(tmp_path, b"Subject: deep\r\n" + nested)

    assert mail.summary.subject == "deep"
    assert len(mail.source) > 1_500


# fmt: off
_WORDS = st.sampled_from([
    b"\r\n", b"\r\n\r\n", b"\r\n--x\r\n", b"--x--", b"Subject: ", b"From: ", b"Date: ", b"=?utf-8?b?", b"?=",
    b"Content-Type: ", b"multipart/mixed", b"; boundary=x", b"text/html", b"message/rfc822", b"; charset=",
    b"message/delivery-status", b"; charset*=", b"idna", b"Content-Transfer-Encoding: ", b"base64", b"''%",
    b"x-uuencode", b"begin 666 a\r\n", b"Content-Disposition: attachment", b"; filename=", b"; filename*0*=",
    b'"', b" ", b"a", b"\xff", b"\0",
])
# fmt: on


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(content=st.one_of(st.binary(), st.lists(_WORDS, max_size=30).map(b"".join)))
def test_no_mail_breaks_the_page(tmp_path: Path, content: bytes) -> None:
    """Whatever came in, it is listed and opened."""
    mail = reading(tmp_path, content)

    assert mail.summary.size_bytes == len(content)


def test_the_list_is_newest_first(tmp_path: Path) -> None:
    """Summaries come newest first and page by number."""
    mailbox = Mailbox(tmp_path)
    for number in range(3):
        mailbox.add("s@example.org", ["r@example.org"], b"Subject: %d\r\n\r\n" % number)
    outbox = Outbox(mailbox)

    assert outbox.count() == 3
    assert [summary.subject for summary in outbox.newest(2)] == ["2", "1"]
    assert [summary.subject for summary in outbox.newest(2, before=2)] == ["0"]


def test_a_mail_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    """An address with a wrong number is answered, not crashed on."""
    with pytest.raises(NotFound):
        Outbox(Mailbox(tmp_path)).get(7)
