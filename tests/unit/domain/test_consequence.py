"""What follows for a reader: a table of what came back, and the few things that end a subscription."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from mailer.domain.consequence import Case, Effect, Proof, counts_as_strike, decide, is_clear
from mailer.domain.guard import GuardState
from mailer.domain.reply_class import Cause, Hardness, Meaning, ReplyClass
from mailer.domain.returned_mail import MailKind

HARD = Meaning(Cause.NO_MAILBOX, Hardness.HARD, "text:no-mailbox")
FULL = Meaning(Cause.FULL, Hardness.SOFT, "text:full")


def soft(cause: Cause) -> Meaning:
    return Meaning(cause, Hardness.SOFT, f"text:{cause}")


def bounce(meaning: Meaning, **values: object) -> Case:
    return replace(Case(MailKind.BOUNCE, meaning), **values)  # type: ignore[arg-type]


STRIKES = {
    *(cause for cause in Cause if cause.reply_class in (ReplyClass.INVALID, ReplyClass.MAILBOX)),
    Cause.NETWORK,
    Cause.UNREADABLE,
    Cause.FILTERED,
}


@pytest.mark.parametrize("cause", Cause)
def test_what_a_soft_bounce_counts_as(cause: Cause) -> None:
    """A strike for what is about the mailbox, or may be; nothing for what blames us or the moment."""
    expected = Effect.STRIKE if cause in STRIKES else Effect.NONE

    assert decide(bounce(soft(cause))) is expected


@pytest.mark.parametrize("cause", Cause)
def test_enough_strikes_end_it_only_where_a_strike_counts(cause: Cause) -> None:
    """A policy bounce never is the one that ends a subscription, whatever came before it."""
    expected = Effect.SUPPRESSED if cause in STRIKES else Effect.NONE

    assert decide(bounce(soft(cause), strikes_are_enough=True)) is expected


@pytest.mark.parametrize("cause", [Cause.EDGE_BLOCKED, Cause.NO_DOMAIN])
def test_what_is_said_of_a_whole_domain_is_no_clear_word(cause: Cause) -> None:
    """Hard by its words, but a strike: directories that are not filled, and names that go out for a day."""
    meaning = Meaning(cause, Hardness.HARD, f"text:{cause}")

    assert decide(bounce(meaning)) is Effect.STRIKE
    assert decide(bounce(meaning, strikes_are_enough=True)) is Effect.SUPPRESSED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({}, Effect.SUPPRESSED, id="a clear word"),
        pytest.param({"is_at_once": True}, Effect.SUPPRESSED, id="said while it was handed over"),
        pytest.param({"is_letter": True}, Effect.SUPPRESSED, id="of a Letter"),
        pytest.param({"names_other": True}, Effect.NONE, id="of another address: forwarded"),
        pytest.param({"names_other": True, "strikes_are_enough": True}, Effect.NONE, id="of another, again"),
        pytest.param({"names_other": True, "is_letter": True}, Effect.NONE, id="of another, from a Letter"),
        pytest.param({"proof": Proof.LINK}, Effect.STRIKE, id="by who may have got it forwarded"),
        pytest.param({"is_proven_since": True}, Effect.NONE, id="confirmed since"),
        pytest.param({"is_too_late": True}, Effect.NONE, id="of a copy that no server still has"),
        pytest.param({"is_mailed": False}, Effect.NONE, id="not mailed any more"),
        pytest.param({"guard": GuardState.OPEN}, Effect.HELD, id="guarded"),
        pytest.param({"guard": GuardState.DISMISSED}, Effect.NONE, id="not believed by a person"),
        pytest.param({"guard": GuardState.RELEASED}, Effect.SUPPRESSED, id="believed by a person"),
        pytest.param({"kind": MailKind.DELAY}, Effect.NONE, id="not final"),
    ],
)
def test_a_clear_no_such_mailbox(change: dict[str, object], expected: Effect) -> None:
    """It suppresses at once, unless something speaks for the reader."""
    assert decide(bounce(HARD, **change)) is expected


@pytest.mark.parametrize(
    ("guard", "expected"),
    [
        (GuardState.NONE, Effect.SUPPRESSED),
        (GuardState.OPEN, Effect.HELD),
        (GuardState.DISMISSED, Effect.NONE),
        (GuardState.RELEASED, Effect.SUPPRESSED),
    ],
)
def test_strikes_are_guarded_too(guard: GuardState, expected: Effect) -> None:
    """A provider that errs about mailboxes may err about full ones."""
    assert decide(bounce(FULL, strikes_are_enough=True, guard=guard)) is expected


def test_a_letter_that_comes_back_is_no_strike() -> None:
    """Strikes are counted in issues."""
    assert decide(bounce(FULL, is_letter=True, strikes_are_enough=True)) is Effect.NONE


def test_our_own_relay_out_of_reach_is_nobodys_strike() -> None:
    """Only a mail server that gave up after days of trying says something of the mailbox's side."""
    case = bounce(soft(Cause.NETWORK))

    assert decide(case) is Effect.STRIKE
    assert decide(replace(case, is_at_once=True)) is Effect.NONE


@pytest.mark.parametrize(
    ("feedback", "proof", "is_mailed", "expected"),
    [
        (None, Proof.RETURN_PATH, True, Effect.SUPPRESSED),
        ("abuse", Proof.RETURN_PATH, True, Effect.SUPPRESSED),
        ("fraud", Proof.RETURN_PATH, True, Effect.SUPPRESSED),
        ("other", Proof.RETURN_PATH, True, Effect.SUPPRESSED),
        ("abuse", Proof.RETURN_PATH, False, Effect.SUPPRESSED),
        ("abuse", Proof.LINK, True, Effect.UNSUBSCRIBED),
        ("abuse", Proof.LINK, False, Effect.NONE),
        ("opt-out", Proof.RETURN_PATH, True, Effect.UNSUBSCRIBED),
        ("not-spam", Proof.RETURN_PATH, True, Effect.NONE),
        ("virus", Proof.RETURN_PATH, True, Effect.NONE),
        ("auth-failure", Proof.RETURN_PATH, True, Effect.NONE),
    ],
)
def test_complaints(feedback: str | None, proof: Proof, *, is_mailed: bool, expected: Effect) -> None:
    """At once; but by an unsubscribe link, which is in every forwarded copy, one can only unsubscribe."""
    case = Case(MailKind.COMPLAINT, None, proof, feedback, is_mailed=is_mailed)

    assert decide(case) is expected


@pytest.mark.parametrize(
    "kind", sorted(set(MailKind) - {MailKind.BOUNCE, MailKind.COMPLAINT, MailKind.UNSUBSCRIBE})
)
def test_other_kinds_lead_to_nothing(kind: MailKind) -> None:
    """Holidays, delays, receipts and people, whatever words are quoted in them and however many strikes."""
    for meaning, guard in product((None, HARD, FULL), GuardState):
        assert decide(Case(kind, meaning, strikes_are_enough=True, guard=guard)) is Effect.NONE


def test_an_unsubscribe_by_mail() -> None:
    """Ends the subscription, once."""
    assert decide(Case(MailKind.UNSUBSCRIBE)) is Effect.UNSUBSCRIBED
    assert decide(Case(MailKind.UNSUBSCRIBE, is_mailed=False)) is Effect.NONE


def test_nobody_is_suppressed_without_a_reason() -> None:
    """Over every case there is: a clear word, enough strikes or a complaint, and nothing else."""
    meanings = [Meaning(cause, verdict, "") for cause, verdict in product(Cause, Hardness)]
    flags = ("is_letter", "is_at_once", "names_other", "is_mailed", "is_proven_since", "strikes_are_enough")
    for kind, meaning, proof, values in product(
        (MailKind.BOUNCE, MailKind.DELAY, MailKind.AUTO_REPLY, MailKind.CHALLENGE),
        meanings,
        Proof,
        product((False, True), repeat=len(flags)),
    ):
        case = Case(kind, meaning, proof, **dict(zip(flags, values, strict=True)))  # type: ignore[arg-type]
        if decide(case) is Effect.SUPPRESSED:
            assert case.kind is MailKind.BOUNCE
            assert case.is_mailed
            assert not case.is_proven_since
            assert is_clear(case) or (case.strikes_are_enough and counts_as_strike(case))
            assert meaning.reply_class not in (ReplyClass.POLICY, ReplyClass.MESSAGE) or is_clear(case)
