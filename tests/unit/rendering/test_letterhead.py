"""The headers of our mails: who, what, and how to leave."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

from mailer.domain.content import RenderedMail
from mailer.domain.language import Language
from mailer.rendering import holes
from mailer.rendering.letterhead import Letterhead, edition_skeleton, letter_skeleton
from mailer.rendering.skeleton import Hole, Skeleton

HEAD = Letterhead(
    newsletter="belarus-weekly",
    title="Тыдзень",
    sender="desk@example.org",
    sender_name="Погляд",
    reply_to="",
    language=Language.BELARUSIAN,
)
MAIL = RenderedMail(Language.BELARUSIAN, "Тыдзень", "<p>Тыдзень</p>\n", "Тыдзень\n")
UNSUBSCRIBE = f"https://example.org/u/{holes.TOKEN}"
RELEASED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
VALUES = {
    Hole.TO: b"first@example.net",
    Hole.MESSAGE_ID: b"abc",
    Hole.DATE: b"Sun, 22 Nov 2026 09:30:00 +0000",
    Hole.TOKEN: b"T" * 36,
}


def message(skeleton: Skeleton) -> EmailMessage:
    return email.message_from_bytes(skeleton.fill(VALUES), _class=EmailMessage, policy=email.policy.default)


def edition(head: Letterhead = HEAD) -> EmailMessage:
    return message(edition_skeleton(MAIL, head, unsubscribe_url=UNSUBSCRIBE, date=RELEASED))


def test_an_edition_says_whom_it_is_from_and_when_it_was_released() -> None:
    """From, To, Subject, Date and Message-ID are there once each, in the newsletter's own name."""
    found = edition()

    assert found["From"] == "Погляд <desk@example.org>"
    assert found["To"] == "first@example.net"
    assert found["Subject"] == "Тыдзень"
    assert found["Date"].datetime == RELEASED
    assert found["Message-ID"] == "<abc@example.org>"
    assert found["Content-Language"] == "be"
    assert len(set(found.keys())) == len(found.keys())


def test_an_edition_can_be_left_with_one_click() -> None:
    """RFC 8058 asks for one https URI and the exact words of List-Unsubscribe-Post."""
    found = edition()

    assert found["List-Unsubscribe"] == f"<https://example.org/u/{'T' * 36}>"
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert found["List-Id"].endswith("<belarus-weekly.example.org>")
    assert found["Auto-Submitted"] is None


def test_a_letter_is_an_answer_and_no_list_mail() -> None:
    """It carries its own date and RFC 3834's mark, and nothing of a list."""
    found = message(letter_skeleton(MAIL, HEAD))

    assert found["Date"] == "Sun, 22 Nov 2026 09:30:00 +0000"
    assert found["Auto-Submitted"] == "auto-generated"
    assert not [name for name in found if name.startswith("List-")]


def test_answers_go_where_the_newsletter_says() -> None:
    """Reply-To is there only when it is set."""
    assert edition()["Reply-To"] is None
    assert edition(replace(HEAD, reply_to="editors@example.org"))["Reply-To"] == "editors@example.org"


def test_a_sender_without_a_name_is_an_address() -> None:
    """An empty display name leaves the bare address."""
    assert edition(replace(HEAD, sender_name=""))["From"] == "desk@example.org"
