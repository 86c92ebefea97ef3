"""The demo's report says what does not hold, and ends the demo with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.cli.demo_readers import REACTIONS, SCRIPT, applicants
from mailer.cli.demo_report import Report, blamed
from mailer.domain.books import Books
from mailer.domain.classifier import classify, parse_reply
from mailer.domain.consequence import Effect
from mailer.domain.language import Language
from mailer.domain.reply_class import Cause, Hardness, ReplyClass
from mailer.domain.returned_mail import MailKind
from mailer.domain.returns import GroupReturns, Returns
from mailer.outbox.script import parse_script
from mailer.storage.consequences import Count

BE = Language.BELARUSIAN
BOOKS = Books(audience=3, accepted=2, failed=1)
RETURNS = Returns(BOOKS, {ReplyClass.POLICY: 1}, {ReplyClass.INVALID: 1}, complaints=1)
GOOD = Report(
    newsletter="belarus-weekly",
    week="2026-W47",
    books={BE: BOOKS},
    returns=[GroupReturns(BE, "other", RETURNS)],
    sent_back_count=2,
    blamed_count=0,
    mail_count=9,
    seconds=1.0,
)


def test_a_report_in_which_all_holds_has_no_fault() -> None:
    """And says so."""
    assert GOOD.fault is None
    assert "Nobody is blamed for what others did." in GOOD.in_words()


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (replace(GOOD, books={BE: replace(BOOKS, accepted=3)}), "the books do not balance"),
        (replace(GOOD, blamed_count=2), "readers blamed for what others did: 2;"),
        (replace(GOOD, sent_back_count=3), "the report tells of 2 mails that came back, and 3 did"),
    ],
)
def test_what_does_not_hold_is_said(report: Report, said: str) -> None:
    """As the sentence that the demo ends with, and in capitals in the report."""
    assert said in str(report.fault)
    assert f"THIS IS WRONG: {report.fault}" in report.in_words()
    assert "Nobody is blamed" not in report.in_words()


@pytest.mark.parametrize(
    ("kind", "cause", "effect", "is_wrong"),
    [
        (MailKind.BOUNCE, Cause.NO_MAILBOX, Effect.SUPPRESSED, False),
        (MailKind.BOUNCE, Cause.FULL, Effect.STRIKE, False),
        (MailKind.BOUNCE, Cause.FULL, Effect.SUPPRESSED, True),
        (MailKind.BOUNCE, Cause.REPUTATION, Effect.NONE, False),
        (MailKind.BOUNCE, Cause.REPUTATION, Effect.STRIKE, True),
        (MailKind.BOUNCE, Cause.REPUTATION, Effect.SUPPRESSED, True),
        (MailKind.BOUNCE, Cause.REPUTATION, Effect.HELD, True),
        (MailKind.BOUNCE, Cause.CONTENT, Effect.STRIKE, True),
        (MailKind.BOUNCE, Cause.NETWORK, Effect.STRIKE, False),
        (MailKind.COMPLAINT, None, Effect.SUPPRESSED, False),
        (MailKind.AUTO_REPLY, None, Effect.NONE, False),
        (MailKind.AUTO_REPLY, None, Effect.SUPPRESSED, True),
    ],
)
def test_whoever_is_given_up_wrongly_is_counted(
    kind: MailKind, cause: Cause | None, effect: Effect, *, is_wrong: bool
) -> None:
    """One issue gives up who has no mailbox and who complains; a refusal of us counts against nobody."""
    reply_class = cause.reply_class if cause else None
    count = Count(BE, "other", kind, reply_class, cause, effect, readers=4)

    assert blamed([count]) == (4 if is_wrong else 0)


def test_the_far_side_says_what_it_means() -> None:
    """Its words are judged as they are meant; the refusal of us hides behind the code of a dead address."""
    gone, full, strict = (classify(parse_reply(each.words), None) for each in REACTIONS[:3])

    assert (gone.reply_class, gone.verdict) == (ReplyClass.INVALID, Hardness.HARD)
    assert (full.reply_class, full.verdict) == (ReplyClass.MAILBOX, Hardness.SOFT)
    assert (strict.reply_class, strict.verdict) == (ReplyClass.POLICY, Hardness.SOFT)
    assert parse_script(SCRIPT, "demo")


@pytest.mark.parametrize("count", [1, 60, 102, 116, 300, 5_000])
def test_no_demo_is_so_bad_that_a_guard_begins(count: int) -> None:
    """However many sign up, fewer than one in twenty are gone, or fewer than five."""
    gone = [each for each in applicants(count) if each.address.startswith(("gone", "vanished"))]

    assert len(gone) < 5 or len(gone) / count < 0.05


def test_every_language_meets_every_fault() -> None:
    """Among the usual 300 readers."""
    kinds = ("gone", "vanished", "full", "@slow.", "@busy.", "@strict.")

    for language in Language:
        theirs = [each.address for each in applicants(300) if each.language is language]
        assert [kind for kind in kinds if not any(kind in address for address in theirs)] == []
