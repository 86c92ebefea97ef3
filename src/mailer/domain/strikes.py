"""Strikes: when a mailbox that is full or shut again and again is given up (design §6).

Read from a reader's copies in the order in which they went out, never in the order in which news of them
came in: so a report that comes late, twice or before another one leads to the same end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

SETTLED_AFTER = timedelta(hours=72)
"""A copy that has not come back so long after the provider took it counts as having arrived."""


class Fate(Enum):
    """What is known of one copy."""

    STRIKE = auto()
    """It came back in a way that counts against the mailbox."""
    TAKEN = auto()
    """The provider took it and nothing came back."""
    NEITHER = auto()
    """It came back because of us, or nobody knows."""


@dataclass(frozen=True, slots=True)
class CopyFate:
    """One copy of a reader's.

    Attributes:
        at: when the provider took it or refused it, aware UTC.
    """

    at: datetime
    fate: Fate


@dataclass(frozen=True, slots=True)
class StrikeRule:
    """How patient we are: settings [returned] strikes and strike_days.

    Attributes:
        least: copies of so many issues must have come back …
        over: … the last one so long after the first.
    """

    least: int = 3
    over: timedelta = timedelta(days=21)


def are_enough(
    copies: Sequence[CopyFate], rule: StrikeRule, *, now: datetime, proven_at: datetime | None = None
) -> bool:
    """
    Say whether a mailbox is to be given up.

    Args:
        copies: one for each issue, in any order.
        rule: of the installation.
        now: aware UTC.
        proven_at: when the reader last showed that the mailbox lives (by confirming), or an operator said
            so; older strikes count no more.

    A copy that arrived after a strike ends the series: three strikes in a year of good issues are a full
    mailbox that somebody empties.
    """
    first: datetime | None = None
    last = None
    count = 0
    for copy in sorted(copies, key=lambda each: each.at):
        if proven_at is not None and copy.at < proven_at:
            continue
        if copy.fate is Fate.STRIKE:
            first = first or copy.at
            last, count = copy.at, count + 1
        elif copy.fate is Fate.TAKEN and now - copy.at >= SETTLED_AFTER:
            first, count = None, 0
    return first is not None and last is not None and count >= rule.least and last - first >= rule.over
