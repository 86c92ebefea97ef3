"""What the far side writes back is what real servers write: our own reader understands it."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime

import pytest

from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from mailer.domain.reply_class import Hardness, ReplyClass
from mailer.domain.returned_mail import MailKind
from mailer.outbox.returns import Original, complainer, complaint, complaints_address, failure, holiday

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
PATH = f"{'a' * 44}@returns.example.org"
COPY = Original(
    PATH,
    "reader@example.net",
    b"From: News <news@example.org>\r\nTo: reader@example.net\r\nMessage-ID: <47.aaa@example.org>\r\n"
    b"List-Unsubscribe: <https://news.example.org/u/aaa>\r\nSubject: =?utf-8?b?0KLRi9C00LfQtdC90Yw=?=\r\n"
    b"\r\nThe week.\r\n",
)


@pytest.mark.parametrize(
    ("reply", "status", "reply_class", "verdict"),
    [
        ("550 5.1.1 <{recipient}>: User unknown", "5.1.1", ReplyClass.INVALID, Hardness.HARD),
        ("552 5.2.2 <{recipient}>: Mailbox full", "5.2.2", ReplyClass.MAILBOX, Hardness.SOFT),
        ("550 5.7.1 Listed for poor reputation", "5.7.1", ReplyClass.POLICY, Hardness.SOFT),
        ("550 Sorry", "5.0.0", ReplyClass.UNKNOWN, Hardness.SOFT),
    ],
)
def test_a_failure_says_whose_and_why(
    reply: str, status: str, reply_class: ReplyClass, verdict: Hardness
) -> None:
    """Address, status and words stand where RFC 3464 has them; the copy is known by its header."""
    found = read_report(failure(COPY, reply, AT))

    (notice,) = found.notices
    meaning = judge_notice(notice, found.kind)
    assert (found.kind, notice.recipient, notice.status) == (MailKind.BOUNCE, "reader@example.net", status)
    assert (meaning.reply_class, meaning.verdict) == (reply_class, verdict)
    assert (found.message_id, found.unsubscribe) == ("47.aaa@example.org", "<https://news.example.org/u/aaa>")


def test_a_failure_returns_no_more_than_the_header() -> None:
    """Nobody along the way reads the issue in what comes back of it."""
    assert b"The week." not in failure(COPY, "550 5.1.1 User unknown", AT)


def test_a_complaint_names_our_return_path() -> None:
    """It goes to the address for complaints of our domain; whose copy it was stands in the report."""
    found = read_report(complaint(COPY, AT))

    assert (found.kind, found.feedback_type, found.return_path) == (MailKind.COMPLAINT, "abuse", PATH)
    assert [each.recipient for each in found.notices] == ["reader@example.net"]
    assert complaints_address(COPY) == "abuse@returns.example.org"
    assert complainer(COPY) == "feedback@mx.example.net"


def test_a_holiday_is_an_answering_machine() -> None:
    """In any language, with the header that keeps others from answering it."""
    answer = holiday(COPY, "Я ў адпачынку.\n", AT)

    assert read_report(answer).kind is MailKind.AUTO_REPLY
    parsed = email.message_from_bytes(answer, policy=email.policy.default)
    assert (parsed["To"], parsed["From"]) == (PATH, "reader@example.net")
    assert parsed.get_body().get_content() == "Я ў адпачынку.\r\n"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "mail",
    [failure(COPY, "550 5.1.1 <{recipient}>: No", AT), complaint(COPY, AT), holiday(COPY, "Так\n", AT)],
    ids=["failure", "complaint", "holiday"],
)
def test_a_return_can_travel(mail: bytes) -> None:
    """ASCII, every line ended by CRLF and none too long (RFC 5321 §4.5.3.1.6); a parser finds no defect."""
    lines = mail.split(b"\r\n")

    assert mail.isascii()
    assert max(map(len, lines)) <= 998
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    parts = list(email.message_from_bytes(mail, policy=email.policy.default).walk())
    assert [part.defects for part in parts if part.defects] == []


def test_two_copies_come_back_under_two_names() -> None:
    """The same copy always comes back the same to the byte, another one differently."""
    other = Original(PATH.replace("a", "b", 1), COPY.recipient, COPY.content)

    assert failure(COPY, "550 No", AT) == failure(COPY, "550 No", AT)
    assert COPY.number != other.number
