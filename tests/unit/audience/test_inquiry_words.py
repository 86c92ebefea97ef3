"""What an operator reads of one address."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailer.audience.inquiry import Block, Card, WaitingLetter
from mailer.audience.inquiry_words import in_words
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState, SkipReason
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.outcome import Blame
from mailer.domain.subscription import Standing
from mailer.storage.fates import Fate
from mailer.storage.preferences import Membership, Preferences

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
AT_NINE, AT_TEN = "Mon 23 Nov 2026, 09:00 (UTC)", "Mon 23 Nov 2026, 10:00 (UTC)"
SAID = "The mail provider said"
LATER = NOW + timedelta(hours=1)
EMPTY = Card(None, (), has_address=False, block=None, copies=(), came_back=(), letters=(), asked_at=None,
             next_ask_at=NOW, waits_until=None)  # fmt: skip
FATE = Fate(3, "weekly", "2026-W47", DeliveryState.ACCEPTED, 1, None, "250 OK", None, NOW)


def lines(card: Card) -> dict[str, tuple[str, ...]]:
    return {section.heading: section.lines for section in in_words(card, NOW)}


def test_every_address_has_the_same_headings() -> None:
    """Also one of which nothing is known, and no heading stands alone."""
    full = replace(EMPTY, preferences=Preferences(Language.ENGLISH), copies=(FATE,), asked_at=NOW)

    assert list(lines(EMPTY)) == list(lines(full))
    assert all(lines(EMPTY).values())


@pytest.mark.parametrize(
    ("fate", "said"),
    [
        (
            FATE,
            f"weekly, 2026-W47: taken by the mail provider, {AT_NINE}. {SAID}: 250 OK",
        ),
        (
            replace(FATE, state=DeliveryState.DEFERRED, reply="450 Later", next_at=LATER, settled_at=None),
            f"weekly, 2026-W47: will try again, not before {AT_TEN}. {SAID}: 450 Later",
        ),
        (
            replace(FATE, state=DeliveryState.FAILED, reason=Blame.SENDER.value, reply=None, settled_at=None),
            "weekly, 2026-W47: refused for good (they refused us, not the reader).",
        ),
        (
            replace(
                FATE, period=None, state=DeliveryState.SKIPPED, reason=SkipReason.UNSUBSCRIBED.value,
                reply=None, settled_at=None,
            ),
            "weekly, issue 3: left out (unsubscribed meanwhile).",
        ),
        (
            replace(FATE, state=DeliveryState.UNKNOWN, reply=None, settled_at=None),
            "weekly, 2026-W47: not certain: may have arrived.",
        ),
    ],
)  # fmt: skip
def test_what_happened_to_a_copy(fate: Fate, said: str) -> None:
    """In the words of the desk, with the provider's reply."""
    assert lines(replace(EMPTY, copies=(fate,)))["Last mails"] == (said,)


@pytest.mark.parametrize("state", DeliveryState)
@pytest.mark.parametrize("reason", [*SkipReason, *Blame, "of a later version", None])
def test_every_state_and_reason_has_words(state: DeliveryState, reason: str | None) -> None:
    """None is shown as it is stored."""
    (said,) = lines(replace(EMPTY, copies=(replace(FATE, state=state, reason=reason),)))["Last mails"]

    assert state.value not in ("inflight", "deferred", "skipped", "unknown") or state.value not in said


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("kind", LetterKind)
def test_every_standing_and_letter_has_words(standing: Standing, kind: LetterKind) -> None:
    """Nothing that can be stored keeps the page from being shown."""
    membership = Membership("weekly", standing, "2026-11", None, None, None, None)
    letter = WaitingLetter(kind, NOW, 2, "450 Later")

    said = lines(replace(EMPTY, memberships=(membership,), letters=(letter,)))

    assert said["Newsletters"][0].startswith("weekly: ")
    assert "tried 2 times so far. The mail provider said: 450 Later" in said["Last mails"][0]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        (None, "did not choose"),
        (MissingRule(None), "leave it out"),
        (MissingRule(Language.RUSSIAN), "send it in Russian"),
    ],
)
def test_choices(missing: MissingRule | None, said: str) -> None:
    """Languages, a break and discretion; a break that is over is none."""
    chosen = Preferences(Language.BELARUSIAN, missing, LATER, is_discreet=True)
    over = replace(chosen, paused_until=NOW, is_discreet=False)

    assert lines(replace(EMPTY, preferences=chosen))["Choices"] == (
        "Mailed in Belarusian.",
        f"If a text isn’t translated: {said}.",
        "Takes a break: no issue before Mon 23 Nov 2026, 10:00 (UTC).",
        "Discreet: neutral sender name and subject, text only.",
    )
    assert len(lines(replace(EMPTY, preferences=over))["Choices"]) == 2


def test_times_are_those_of_the_newsletter() -> None:
    """A reader who chose 25 December for a break is told that day, and by which clock."""
    chosen = Preferences(Language.ENGLISH, paused_until=datetime(2026, 12, 24, 23, tzinfo=UTC))

    said = lines(replace(EMPTY, preferences=chosen, copies=(FATE,), zone="Europe/Warsaw"))

    assert "Takes a break: no issue before Fri 25 Dec 2026, 00:00 (Europe/Warsaw)." in said["Choices"]
    assert "Mon 23 Nov 2026, 10:00 (Europe/Warsaw)" in said["Last mails"][0]


def test_quotes_within_quotes_are_others() -> None:
    """A list's name stands in quotes within the consent record's words."""
    channel = "imported from csv, list “Friends”: x"
    membership = Membership("weekly", Standing.PENDING, "2026-11", None, None, channel, None)

    said = lines(replace(EMPTY, memberships=(membership,)))["Newsletters"]

    assert said[0].endswith("Signed up by “imported from csv, list ‘Friends’: x”.")


def test_when_a_mail_to_confirm_may_go() -> None:
    """What waits, what was written, and from when the next one goes."""
    held = replace(EMPTY, asked_at=NOW, next_ask_at=LATER, waits_until=LATER)

    assert lines(held)["Mail to confirm"] == (
        "A sign-up waits, until Mon 23 Nov 2026, 10:00 (UTC), because many came at once.",
        "The last one was written Mon 23 Nov 2026, 09:00 (UTC).",
        "If its owner signs up again, the next one goes from Mon 23 Nov 2026, 10:00 (UTC) on.",
    )
    assert lines(EMPTY)["Mail to confirm"][-1] == "If its owner signs up, the next one goes at once."
    assert "right now" in lines(replace(EMPTY, waits_until=NOW))["Mail to confirm"][0]


def test_no_mail_is_promised_that_does_not_go() -> None:
    """Who asked never to be mailed hears of no sign-up, and who is subscribed is asked nothing."""
    blocked = replace(EMPTY, block=Block(Standing.BLOCKED, "2026-11"))
    gone = replace(EMPTY, block=Block(Standing.BOUNCED, "2026-11"))
    active = Membership("weekly", Standing.ACTIVE, "2026-11", None, None, None, None)

    assert lines(blocked)["Mail to confirm"][-1] == (
        "None goes if somebody signs up; should its owner want it back: mailer reader add --asked-back."
    )
    assert lines(gone)["Mail to confirm"][-1] == "If its owner signs up, the next one goes at once."
    assert lines(replace(EMPTY, memberships=(active,)))["Mail to confirm"][-1] == (
        "If its owner signs up again, they are told that they are subscribed already."
    )
