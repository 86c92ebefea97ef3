"""The headers of our mails: who, what, and how to leave."""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage

from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.rendering.letterhead import Letterhead, edition_skeleton, letter_skeleton
from mailer.rendering.skeleton import Hole, Skeleton

HEAD = Letterhead(
    newsletter="belarus-weekly",
    title="Тыдзень",
    sender="desk@example.org",
    sender_name="Погляд",
    reply_to="",
    language=Language.BELARUSIAN,
    links=Links("https://news.example.org", mail_domain="bounces.example.org"),
)
MAIL = RenderedMail(Language.BELARUSIAN, "Тыдзень", "<p>Тыдзень</p>\n", "Тыдзень\n")
RELEASED = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
VALUES = {
    Hole.TO: b"first@example.net",
    Hole.MESSAGE_ID: b"abc",
    Hole.DATE: b"Sun, 22 Nov 2026 09:30:00 +0000",
    Hole.TOKEN: b"T" * 36,
    Hole.RETURN_TOKEN: b"r" * 44,
}


def message(skeleton: Skeleton) -> EmailMessage:
    return email.message_from_bytes(skeleton.fill(VALUES), _class=EmailMessage, policy=email.policy.default)


def edition(head: Letterhead = HEAD) -> EmailMessage:
    return message(edition_skeleton(MAIL, head, issue_key="2026-W47", date=RELEASED))


def unfolded(value: str) -> str:
    return " ".join(value.split())


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
    """RFC 8058 asks for one https URI, before any other, and the exact words of List-Unsubscribe-Post."""
    found = edition()

    assert unfolded(found["List-Unsubscribe"]) == (
        f"<https://news.example.org/u/{'T' * 36}>, "
        f"<mailto:unsubscribe+{'r' * 44}@bounces.example.org?subject=unsubscribe>"
    )
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_no_mailto_is_named_where_no_mail_comes_back() -> None:
    """A program that wrote to an address nobody reads would lose a reader's wish."""
    found = edition(replace(HEAD, links=Links("https://news.example.org")))

    assert found["List-Unsubscribe"] == f"<https://news.example.org/u/{'T' * 36}>"


def test_an_edition_names_its_list_and_what_one_can_do_with_it() -> None:
    """Every List header is there once, in the language of the mail, and List-Id has no encoded-word."""
    found = edition(replace(HEAD, reply_to="editors@example.org"))

    assert found["List-Id"] == "<belarus-weekly.example.org>"
    assert found["List-Subscribe"] == "<https://news.example.org/be/#subscribe>"
    assert found["List-Help"] == "<https://news.example.org/be/>"
    assert found["List-Archive"] == "<https://news.example.org/be/#archive-belarus-weekly>"
    assert found["List-Owner"] == "<mailto:editors@example.org>"
    assert found["List-Post"] == "NO"
    assert found["Precedence"] == "bulk"
    assert found["Auto-Submitted"] is None


def test_a_list_with_a_plain_name_shows_it() -> None:
    """A title in ASCII stands before the identifier, in quotes where it needs them."""
    assert edition(replace(HEAD, title="Weekly, briefly"))["List-Id"] == (
        '"Weekly, briefly" <belarus-weekly.example.org>'
    )


def test_feedback_is_counted_by_issue_newsletter_and_language_but_not_by_reader() -> None:
    """Gmail's Feedback-ID has four fields; the last is the sender's and has 5 to 15 letters."""
    fields = edition()["Feedback-ID"].split(":")
    letter = message(letter_skeleton(MAIL, HEAD, LetterKind.CONFIRM))["Feedback-ID"].split(":")

    assert fields[:3] == ["2026-W47", "belarus-weekly", "be"]
    assert letter[:3] == ["confirm", "belarus-weekly", "be"]
    assert fields[3] == letter[3]
    assert 5 <= len(fields[3]) <= 15


def test_a_letter_is_an_answer_that_names_its_list() -> None:
    """It carries its own date, RFC 3834's mark and whose mail it is, but no way to leave a list."""
    found = message(letter_skeleton(MAIL, HEAD, LetterKind.CONFIRM))

    assert found["Date"] == "Sun, 22 Nov 2026 09:30:00 +0000"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["X-Auto-Response-Suppress"] == "OOF, AutoReply"
    assert [name for name in found if name.startswith("List-")] == ["List-Id", "List-Help", "List-Owner"]


def test_a_welcome_says_how_to_leave_as_an_issue_does() -> None:
    """By one press in the mail program (RFC 8058): it is the first mail of a list."""
    found, issue = message(letter_skeleton(MAIL, HEAD, LetterKind.WELCOME)), edition()

    ways_out = ("List-Unsubscribe", "List-Unsubscribe-Post")
    assert [found[name] for name in ways_out] == [issue[name] for name in ways_out]
    assert issue["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_discreet_mail_names_its_newsletter_in_no_header() -> None:
    """Neither slug nor title, nor a page of its own: the same list and statistics as any other's."""
    other = replace(HEAD, newsletter="sport", title="Sport", language=Language.RUSSIAN)

    found = edition(replace(HEAD, title="Weekly").discreet("Letter"))
    letter = message(letter_skeleton(MAIL, HEAD.discreet("Letter"), LetterKind.GOODBYE))

    said = " ".join(value for each in (found, letter) for value in each.values()).lower()
    assert "weekly" not in said
    assert "goodbye" not in said
    assert found["List-Archive"] is None
    assert found["List-Id"] == letter["List-Id"] == "<news.example.org>"
    assert found["Feedback-ID"] == edition(other.discreet("Letter"))["Feedback-ID"]
    assert found["List-Unsubscribe"] == edition()["List-Unsubscribe"]


def test_answers_go_where_the_newsletter_says() -> None:
    """Reply-To is there only when it is set."""
    assert edition()["Reply-To"] is None
    assert edition(replace(HEAD, reply_to="editors@example.org"))["Reply-To"] == "editors@example.org"


def test_a_sender_without_a_name_is_an_address() -> None:
    """An empty display name leaves the bare address."""
    assert edition(replace(HEAD, sender_name=""))["From"] == "desk@example.org"
