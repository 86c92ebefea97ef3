"""From what was met to an Outcome, and from an Outcome to a copy's state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from mailer.domain.delivery import PENDING, SENDABLE, DeliveryState, state_after
from mailer.domain.judgement import Answer, Lost, Waits, outcome_of
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.reply import Reply

CONNECT, MAIL, RCPT, DATA, BODY, DOT = Stage
RECIPIENT = "reader.7@example.org"
LATER = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
AGAIN = LATER + timedelta(minutes=1)
WAITS = Waits(LATER, AGAIN)


@pytest.mark.parametrize(
    ("met", "expected"),
    [
        (Answer(MAIL, Reply(250, "Ok")), None),
        (Answer(RCPT, Reply(250, "Ok")), None),
        (Answer(DATA, Reply(354, "Go on")), None),
        (Answer(DOT, Reply(250, "2.0.0 Queued")), Accepted(DOT, "250 2.0.0 Queued")),
        (Answer(RCPT, Reply(450, "4.2.0 Later")), Deferred(RCPT, "450 4.2.0 Later", LATER)),
        (Answer(MAIL, Reply(550, "5.7.1 No")), Deferred(MAIL, "550 5.7.1 No", LATER)),
        (
            Answer(RCPT, Reply(550, "5.1.1 <reader.7@example.org> unknown")),
            Failed(RCPT, "550 5.1.1 ‹…› unknown", Blame.READER),
        ),
        (Answer(RCPT, Reply(554, "5.7.1 Policy")), Failed(RCPT, "554 5.7.1 Policy", Blame.SENDER)),
        (Answer(DOT, Reply(552, "Too big")), Failed(DOT, "552 Too big", Blame.SENDER)),
        # An answer to the dot that is not positive: the relay has not taken it.
        (Answer(DOT, Reply(451, "Later")), Deferred(DOT, "451 Later", LATER)),
        (Lost(CONNECT, "refused"), Deferred(CONNECT, "refused", LATER)),
        (Lost(DATA, "timeout"), Deferred(DATA, "timeout", LATER)),
        (Lost(BODY, "reset"), Deferred(BODY, "reset", LATER)),
        # RFC 1047: only after the final dot can the copy exist.
        (Lost(DOT, "timeout"), Unknown(DOT, "timeout", AGAIN)),
    ],
)
def test_what_was_met_ends_in_an_outcome(met: Answer | Lost, expected: Outcome | None) -> None:
    """With the stage and the masked reply that prove it; None while the conversation goes on."""
    assert outcome_of(met, RECIPIENT, WAITS) == expected


def test_what_is_held_is_not_resent() -> None:
    """Without a time for the resend it waits for an operator."""
    assert outcome_of(Lost(DOT, "reset"), RECIPIENT, Waits(LATER, None)) == Unknown(DOT, "reset", None)


@pytest.mark.parametrize("stage", Stage)
def test_only_a_lost_dot_may_have_arrived(stage: Stage) -> None:
    """At any earlier stage the relay has not got the whole message."""
    assert Lost(stage, "").may_have_arrived is (stage is DOT)


OUTCOMES: dict[Outcome, DeliveryState] = {
    Accepted(DOT, ""): DeliveryState.ACCEPTED,
    Deferred(RCPT, "", LATER): DeliveryState.DEFERRED,
    Failed(RCPT, "", Blame.READER): DeliveryState.FAILED,
    Unknown(DOT, "", None): DeliveryState.UNKNOWN,
}


@pytest.mark.parametrize(("outcome", "before"), list(product(OUTCOMES, sorted(SENDABLE))))
def test_the_state_after_an_outcome(outcome: Outcome, before: DeliveryState) -> None:
    """A copy that may have arrived once stays uncertain until it is accepted."""
    is_taken = isinstance(outcome, Accepted)
    stays = before is DeliveryState.UNKNOWN and not is_taken

    assert state_after(outcome, before) is (DeliveryState.UNKNOWN if stays else OUTCOMES[outcome])


def test_what_waits_is_pending() -> None:
    """Unknown may be sent once more, but the books do not call it pending."""
    assert {DeliveryState.QUEUED, DeliveryState.INFLIGHT, DeliveryState.DEFERRED} == PENDING
    assert {DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN} == SENDABLE
