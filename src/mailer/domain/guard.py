"""The guard: when too many mailboxes of one provider vanish at once, the provider is broken, not they.

Gmail answered "550 5.1.1 no such user" for living mailboxes through two days of December 2020. Whoever
believed it lost every reader there. So a jump holds all suppressions back until a person has looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

_LEAST_HARD = 5
"""Fewer are a handful of people, whatever their share."""
_USUAL_FLOOR = 0.005
"""A list that never loses anybody would be alarmed by its first few."""


class GuardState(Enum):
    """What the guard of a provider group says of one issue."""

    NONE = auto()
    OPEN = auto()
    """Something jumped; a person has to look."""
    RELEASED = auto()
    """A person said that these mailboxes are gone."""
    DISMISSED = auto()
    """A person said that the provider was wrong; what comes later of that issue is not believed either."""


@dataclass(frozen=True, slots=True)
class GuardRule:
    """When the guard opens: settings [returned] guard_share, guard_copies and guard_times.

    Attributes:
        share: of one provider group's copies of an issue.
        copies: of fewer copies nothing is said.
        times: as often as usual.
    """

    share: float = 0.05
    copies: int = 50
    times: float = 5


@dataclass(frozen=True, slots=True)
class Tally:
    """What came back of copies to one provider group.

    Attributes:
        hard_count: readers of whom it said that there is no such mailbox.
        copy_count: copies it answered for.
    """

    hard_count: int
    copy_count: int

    @property
    def share(self) -> float:
        """0.0 where nothing was sent."""
        return self.hard_count / self.copy_count if self.copy_count else 0.0


def must_open(issue: Tally, usual: Tally, rule: GuardRule) -> bool:
    """
    Say whether what one provider group says of an issue is too much to be believed.

    Args:
        issue: of this issue.
        usual: of the issues before it together; an empty one where there are none.
        rule: of the installation.
    """
    if issue.copy_count < rule.copies or issue.hard_count < _LEAST_HARD:
        return False
    if issue.share > rule.share:
        return True
    # Without enough to compare with, the share alone decides.
    has_past = usual.copy_count >= rule.copies
    return has_past and issue.share > rule.times * max(usual.share, _USUAL_FLOOR)
