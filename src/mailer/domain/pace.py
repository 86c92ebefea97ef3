"""How fast to hand copies over: what a mail server's "slow down" means for our own pace.

A server rarely says what it allows, and changes it (faults.md row 43). The pace learns it: lower when
the server throttles, higher again little by little while it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ThrottleKind(StrEnum):
    """What the server has too much of."""

    RATE = "rate"
    """Messages in a stretch of time."""
    CONNECTIONS = "connections"
    """Connections at once."""
    MESSAGES = "messages"
    """Messages over one connection."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """A server's word that we are too much for it; it speaks of us, never of a reader.

    Attributes:
        wait_s: how long it asks us to wait, in seconds; None when it does not say.
    """

    kind: ThrottleKind
    wait_s: float | None = None
