"""What follows for a reader from a message that came back, or from a refusal: as pure rules (design §6)."""

from __future__ import annotations

from enum import StrEnum


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
