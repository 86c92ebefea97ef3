"""A copy's states, and the move each outcome makes (design §1, §4)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mailer.domain.outcome import Accepted, Deferred, Failed, Outcome, Unknown


class DeliveryState(StrEnum):
    """Where one edition to one reader stands."""

    # Enum's own hash is a Python function; these are looked up several times for every copy.
    __hash__ = str.__hash__

    QUEUED = "queued"
    INFLIGHT = "inflight"
    """Its body may be on the wire; written down before the first byte of it."""
    ACCEPTED = "accepted"
    """The mail provider took it."""
    DEFERRED = "deferred"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Left out: unsubscribed meanwhile, nothing in the reader's language, deadline, cancelled."""
    UNKNOWN = "unknown"
    """Not certain: may have arrived."""


PENDING = frozenset({DeliveryState.QUEUED, DeliveryState.INFLIGHT, DeliveryState.DEFERRED})
"""States in which a copy still waits for its end."""

SENDABLE = frozenset({DeliveryState.QUEUED, DeliveryState.DEFERRED, DeliveryState.UNKNOWN})
"""States from which a copy can go in flight: the last two only when due."""


class SkipReason(StrEnum):
    """Why a copy was left out."""

    UNSUBSCRIBED = "unsubscribed"
    EMPTY = "empty"
    """The reader's choices leave nothing to send."""
    UNSENDABLE = "unsendable"
    """What is stored is no address that can be put on a wire, or does not open."""
    SCRIPT = "script"
    """This outgoing mail server can't take addresses in that script (RFC 6531); another one may, and
    nothing is said about the reader."""
    DEADLINE = "deadline"
    CANCELLED = "cancelled"


_AFTER: Mapping[type[Outcome], DeliveryState] = {
    Accepted: DeliveryState.ACCEPTED,
    Deferred: DeliveryState.DEFERRED,
    Failed: DeliveryState.FAILED,
    Unknown: DeliveryState.UNKNOWN,
}


def state_after(outcome: Outcome, before: DeliveryState) -> DeliveryState:
    """Return the state in which *outcome* leaves a copy that was *before* when it was claimed.

    A copy that may have arrived once stays uncertain whatever its resend met, unless it is
    accepted: "refused" would be a claim about the first copy that nobody can make.
    """
    after = _AFTER[type(outcome)]
    if before is DeliveryState.UNKNOWN and after is not DeliveryState.ACCEPTED:
        return DeliveryState.UNKNOWN
    return after
