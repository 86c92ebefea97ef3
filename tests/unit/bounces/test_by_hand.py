"""People whose addresses look like a mail system's, or who pass on a report, are heard as people."""

from __future__ import annotations

import pytest

from mailer.bounces.reading import read_report
from mailer.domain.returned_mail import MailKind

# Who writes, about what, and what; none of it is a report.
BY_HAND = [
    ("Jan <postmaster@example.net>", "Re: Weekly", "Thanks, a great issue!\n\nJan"),
    ("postmaster@example.net", "A question", "Hello, who writes your texts?"),
    ("smtp@example.net", "Re: Weekly", "Thank you."),
    ("Mail Service <hello@example.net>", "Our new address", "We have moved to Main Street 5."),
    ("postmaster@example.net", "Re: Weekly", "Ann gets: 550 5.1.1 <ann@example.org> user unknown. Why?"),
]
REPORT_INSIDE = """\
From: Jan <jan@example.net>
Subject: Fwd: Undelivered
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=B

--B
Content-Type: text/plain

What is this?

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 user unknown

--B--
"""


def written(sender: str, subject: str, text: str, *, first: str = "") -> bytes:
    return f"{first}From: {sender}\nSubject: {subject}\n\n{text}\n".encode()


@pytest.mark.parametrize(("sender", "subject", "text"), BY_HAND)
def test_who_has_a_mail_systems_name_may_write(sender: str, subject: str, text: str) -> None:
    """postmaster@ is somebody's mailbox too: an answer, or what speaks of no failure, is theirs."""
    assert read_report(written(sender, subject, text)).kind is MailKind.HUMAN


def test_who_has_a_mail_systems_name_may_leave() -> None:
    """Their wish is no bounce."""
    mail = read_report(written("postmaster@example.net", "Unsubscribe", "Please unsubscribe me"))

    assert mail.kind is MailKind.UNSUBSCRIBE


@pytest.mark.parametrize("first", ["Return-Path: <>\n", "Auto-Submitted: auto-replied\n"])
def test_what_says_that_a_machine_wrote_it_is_a_bounce(first: str) -> None:
    """The same words, sent as reports are sent."""
    mail = read_report(written(*BY_HAND[-1], first=first))

    assert mail.kind is MailKind.BOUNCE


def test_a_report_that_somebody_passes_on_is_a_letter() -> None:
    """Parts of a report in a mail that is none: whoever forwards it asks what it means."""
    assert read_report(REPORT_INSIDE.encode()).kind is MailKind.HUMAN
