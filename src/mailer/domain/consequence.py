"""What follows for a reader from a message that came back, or from a refusal: as pure rules (design §6).

In doubt for the reader: only a clear "no such mailbox", said of this very address in answer to a copy that
we did send, ends a subscription at once. What blames us, the moment or somebody else never does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, StrEnum, auto

from mailer.domain.guard import GuardState
from mailer.domain.reply_class import Cause, Hardness, Meaning, ReplyClass
from mailer.domain.returned_mail import MailKind

UNDO_KEPT = timedelta(days=30)
"""How long a reader who was suppressed for a bounce is kept whole, so that an operator can undo it."""

BELIEVED = timedelta(days=30)
"""How long after a copy went out a bounce of it is believed. Mail servers give up after five days (RFC 5321
§4.5.4.1), some after ten; what comes later was written by somebody who kept the token."""


class Effect(StrEnum):
    """What one message that came back led to."""

    NONE = "none"
    """Nothing: it blames us, the moment or nobody."""
    STRIKE = "strike"
    """It counts; several over weeks suppress."""
    SUPPRESSED = "suppressed"
    HELD = "held"
    """It would suppress, but too many of one provider do at once: a person looks first."""
    PROPOSED = "proposed"
    """Somebody wrote that they want to leave: a person presses."""
    UNSUBSCRIBED = "unsubscribed"


class Proof(Enum):
    """How we know whom a message is about."""

    RETURN_PATH = auto()
    """By the token of the copy's return path, which whoever gets an issue forwarded does not see, or by
    a provider that proved itself."""
    LINK = auto()
    """By the unsubscribe link alone. It stands in every copy that is forwarded, and can only unsubscribe."""


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known when it has to be decided.

    Attributes:
        meaning: of what the server said; None in kinds that quote none.
        proof: how we know the reader.
        feedback_type: of a complaint (RFC 5965 §3.1); None where it names none.
        is_letter: it came back from a Letter, not from an issue.
        is_at_once: the relay refused the copy itself; nobody returned anything.
        names_other: it names an address, and that is not the reader's: the mail was sent on.
        is_too_late: the copy went out longer ago than BELIEVED.
        is_mailed: the reader has a subscription that is active or pending.
        is_proven_since: the reader, or an operator, showed after this copy that the mailbox lives.
        strikes_are_enough: with this one as a strike (domain/strikes.py).
        guard: of the reader's provider group.
    """

    kind: MailKind
    meaning: Meaning | None = None
    proof: Proof = Proof.RETURN_PATH
    feedback_type: str | None = None
    is_letter: bool = False
    is_at_once: bool = False
    names_other: bool = False
    is_too_late: bool = False
    is_mailed: bool = True
    is_proven_since: bool = False
    strikes_are_enough: bool = False
    guard: GuardState = GuardState.NONE


NO_COMPLAINT = frozenset({"not-spam", "virus", "auth-failure", "dmarc"})
"""Reports that say nothing of what the reader wants (RFC 5965 §3.1, RFC 6430, RFC 6591)."""
_WANTS_TO_LEAVE = frozenset({"opt-out", "opt-out-list"})
_UNKNOWN_STRIKES = frozenset({Cause.UNREADABLE, Cause.FILTERED})
_OF_A_DOMAIN = frozenset({Cause.EDGE_BLOCKED, Cause.NO_DOMAIN})
"""Said of everybody in a domain alike: by a directory that is not filled yet (Microsoft's edge), or when a
registry, or our relay's resolver, has a bad day."""

NEVER_KEPT = frozenset({MailKind.SUCCESS, MailKind.RECEIPT, MailKind.STATISTICS})
"""Nothing is written down of these: that somebody got or read a mail is nobody's business."""


def decide(case: Case) -> Effect:
    """Say what follows from one message that came back, or from one refusal."""
    match case.kind:
        case MailKind.BOUNCE:
            return _of_bounce(case)
        case MailKind.COMPLAINT:
            return _of_complaint(case)
        case MailKind.UNSUBSCRIBE:
            return Effect.UNSUBSCRIBED if case.is_mailed else Effect.NONE
        case _:
            return Effect.NONE


def counts_as_strike(case: Case) -> bool:
    """
    Tell whether a bounce counts against the mailbox, though it does not condemn it.

    A full or shut mailbox does, and so does a "no such mailbox" that is not clear enough: said in other
    places than RCPT, or hidden by a directory. A network that failed does when a mail server gave up after
    its days of trying; when our own relay could not be reached, that is no reader's matter. Nor is another
    address: who keeps a copy and sends one on to a dead mailbox reads every issue.
    """
    meaning = case.meaning
    if case.kind is not MailKind.BOUNCE or meaning is None or meaning.verdict is Hardness.NONE:
        return False
    if case.names_other:
        return False
    if meaning.reply_class in (ReplyClass.INVALID, ReplyClass.MAILBOX):
        return True
    if meaning.reply_class is ReplyClass.UNKNOWN:
        return meaning.cause in _UNKNOWN_STRIKES
    return meaning.cause is Cause.NETWORK and not case.is_at_once


def is_clear(case: Case) -> bool:
    """Tell whether a bounce says clearly, and of this address, that there is no such mailbox."""
    meaning = case.meaning
    return (
        case.kind is MailKind.BOUNCE
        and meaning is not None
        and meaning.verdict is Hardness.HARD
        and meaning.cause not in _OF_A_DOMAIN
        and case.proof is Proof.RETURN_PATH
        and not case.names_other
    )


def _of_bounce(case: Case) -> Effect:
    if not case.is_mailed or case.is_proven_since or case.is_too_late or not counts_as_strike(case):
        return Effect.NONE
    if is_clear(case) or (case.strikes_are_enough and not case.is_letter):
        return _guarded(case.guard)
    # Strikes are counted in issues: a Letter that comes back is no issue.
    return Effect.NONE if case.is_letter else Effect.STRIKE


def _guarded(guard: GuardState) -> Effect:
    match guard:
        case GuardState.OPEN:
            return Effect.HELD
        case GuardState.DISMISSED:
            return Effect.NONE
        case _:
            return Effect.SUPPRESSED


def _of_complaint(case: Case) -> Effect:
    if case.feedback_type in NO_COMPLAINT:
        return Effect.NONE
    # Who got it sent on can't speak for the reader, who is told and may undo it.
    is_anothers = case.proof is Proof.LINK or case.names_other
    if is_anothers or case.feedback_type in _WANTS_TO_LEAVE:
        return Effect.UNSUBSCRIBED if case.is_mailed else Effect.NONE
    # Also of who has left: nothing else keeps an old list from bringing them back.
    return Effect.SUPPRESSED
