"""From what was met to an Outcome, and from an Outcome to a copy's state."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.delivery import PENDING, SENDABLE, DeliveryState, state_after
from mailer.domain.judgement import Answer, Lost, Waits, blame, outcome_of
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.reply import Reply
from mailer.domain.retry import RetryPolicy

CONNECT, MAIL, RCPT, DATA, BODY, DOT = Stage
RECIPIENT = "reader.7@example.org"
LATER = datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
AGAIN = LATER + timedelta(minutes=1)
WAITS = Waits(LATER, AGAIN)
NOW = LATER - timedelta(minutes=5)


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
        # Refused for good, and yet it passes.
        (Answer(RCPT, Reply(550, "5.4.5 Rate limited")), Deferred(RCPT, "550 5.4.5 Rate limited", LATER)),
        (Answer(DOT, Reply(554, "5.4.6 Loop")), Deferred(DOT, "554 5.4.6 Loop", LATER)),
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


@pytest.mark.parametrize(
    ("stage", "text", "expected"),
    [
        (RCPT, "5.1.1 No such user", Blame.READER),
        (RCPT, "5.1.6 Mailbox has moved", Blame.READER),
        (RCPT, "5.2.1 Mailbox disabled", Blame.READER),
        (RCPT, "5.2.2 Mailbox full", Blame.READER),
        (RCPT, "No such user here", Blame.READER),
        (RCPT, "No", Blame.READER),
        (RCPT, "5.1.7 Bad sender address syntax", Blame.SENDER),
        (RCPT, "5.1.8 Bad sender system", Blame.SENDER),
        (RCPT, "5.3.4 Message too big for system", Blame.SENDER),
        (RCPT, "5.5.1 Bad sequence", Blame.SENDER),
        (RCPT, "5.6.0 Bad content", Blame.SENDER),
        (RCPT, "5.6.7 Needs SMTPUTF8", Blame.SENDER),
        (RCPT, "5.7.1 Blocked by policy", Blame.SENDER),
        (RCPT, "5.7.26 Unauthenticated", Blame.SENDER),
        (RCPT, "5.1.0 Listed by spamhaus.org", Blame.SENDER),
        (MAIL, "5.1.1 No such user", Blame.SENDER),
        (CONNECT, "No", Blame.SENDER),
        (DATA, "5.1.1 No such user", Blame.READER),
        (DOT, "5.1.1 No such user", Blame.READER),
        (DOT, "5.2.2 Mailbox full", Blame.READER),
        (DOT, "No", Blame.SENDER),
        (DOT, "Message refused", Blame.SENDER),
    ],
)
def test_whose_fault_a_refusal_is(stage: Stage, text: str, expected: Blame) -> None:
    """The reader's from RCPT on, where words or codes speak of the mailbox, or a bare RCPT refusal."""
    assert blame(Reply(550, text), stage) is expected


def test_the_waits_of_a_policy() -> None:
    """Its schedule; the resend only where it is allowed."""
    policy = RetryPolicy((300, 900))

    assert Waits(LATER, LATER, NOW, 1800, 0.5) == Waits.by(policy, 1, now=NOW, jitter=0.5, may_resend=True)
    assert Waits.by(policy, 1, now=NOW, jitter=0.5, may_resend=False).resend_at is None


@pytest.mark.parametrize(
    ("code", "text", "minutes"),
    [
        (450, "4.0.0 Later", 5),
        (451, "4.7.1 Greylisted, try again in 600 seconds", 10),
        (451, "4.7.1 Greylisted, try again in 60 seconds", 5),
        (451, "4.7.1 Greylisted, come back in 00:20:00", 20),
        (450, "4.2.1 User is receiving mail too quickly", 60),
        (421, "4.7.28 Unusual rate of mail", 10),
        (421, "4.7.0 [TSS04] Messages temporarily deferred", 120),
        (452, "4.2.2 Mailbox full", 240),
        (550, "5.4.5 Rate limited", 60),
    ],
)
def test_a_delay_lasts_as_long_as_its_kind(code: int, text: str, minutes: int) -> None:
    """At least: greylisting as long as it says, a rate ten minutes, a full mailbox hours."""
    waits = Waits(LATER, None, NOW, RetryPolicy().most_s, jitter=0.0)

    outcome = outcome_of(Answer(RCPT, Reply(code, text)), RECIPIENT, waits)

    assert isinstance(outcome, Deferred)
    assert NOW + timedelta(minutes=minutes) == outcome.retry_at


@given(st.floats(0.01, 10_000), st.floats(0, 20_000), st.floats(0, 1))
def test_no_server_outwaits_the_policy(longest_s: float, asked_s: float, jitter: float) -> None:
    """At most twice its longest wait and a fifth, so that waits of moments stay moments; never earlier."""
    policy = RetryPolicy((longest_s,))
    waits = Waits.by(policy, 1, now=NOW, jitter=jitter, may_resend=False)

    retry_at = waits.at_least(asked_s)

    assert waits.retry_at <= retry_at <= NOW + timedelta(seconds=2.4 * longest_s + 1e-5)
    assert retry_at >= NOW + timedelta(seconds=min(asked_s, 2 * longest_s) - 1e-5)


@given(st.integers(0, 999), st.text(max_size=40), st.sampled_from(Stage))
def test_every_answer_ends_in_an_outcome(code: int, text: str, stage: Stage) -> None:
    """Or lets the conversation go on; before RCPT no refusal is final."""
    outcome = outcome_of(Answer(stage, Reply(code, text)), RECIPIENT, WAITS)

    if isinstance(outcome, Failed):
        assert stage not in (CONNECT, MAIL)
        assert code // 100 == 5


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
