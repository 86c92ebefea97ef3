"""What came back of an issue, beside its books: figures per language and provider group.

A copy that a provider took and returned later stays "taken" in the books: the provider did take it, and the
books say at every moment where a copy stands. What came back later is said beside them, of those copies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from mailer.domain.books import Books
from mailer.domain.language import Language
from mailer.domain.reply_class import ReplyClass

_NEAR, _OVER = 0.001, 0.003
"""Gmail's and Yahoo's bounds: stay below 0.1 %, never reach 0.3 % (Email sender guidelines, 2024)."""
LEAST_COPIES = 1_000
"""Of fewer no share of complaints is told."""
_LEAST_COMPLAINTS = 2
"""One person is no share of anything."""
FEW = 10
"""Fewer people than these are never shown as a number on a screen (design §5)."""


@dataclass(frozen=True, slots=True)
class Returns:
    """What came back of some copies; each reader counts once in each figure.

    Attributes:
        books: of the same copies.
        came_back: of copies that were taken, by class: returned later.
        refused: of copies that were refused for good while we handed them over, by class.
        complaints: readers who pressed "this is spam".
        auto_replies: answering machines, of people on holiday mostly.
        suppressed: readers given up for a bounce, and still so.
        held: readers of whom a person decides.
    """

    books: Books = field(default_factory=Books)
    came_back: Mapping[ReplyClass, int] = field(default_factory=dict)
    refused: Mapping[ReplyClass, int] = field(default_factory=dict)
    complaints: int = 0
    auto_replies: int = 0
    suppressed: int = 0
    held: int = 0

    @property
    def came_back_later(self) -> int:
        """How many copies were taken and came back."""
        return sum(self.came_back.values())

    @property
    def has_any(self) -> bool:
        """Whether anything came back, or was refused."""
        return bool(
            self.came_back_later or sum(self.refused.values()) or self.complaints or self.auto_replies
        )

    def __add__(self, other: Returns) -> Returns:
        return Returns(
            self.books + other.books,
            Counter(self.came_back) + Counter(other.came_back),
            Counter(self.refused) + Counter(other.refused),
            self.complaints + other.complaints,
            self.auto_replies + other.auto_replies,
            self.suppressed + other.suppressed,
            self.held + other.held,
        )


@dataclass(frozen=True, slots=True)
class GroupReturns:
    """What came back from readers of one language at one provider.

    Attributes:
        language: the edition's.
        group: provider group.
    """

    language: Language
    group: str
    returns: Returns


class ComplaintLevel(Enum):
    """How the share of complaints stands to what large providers bear."""

    LOW = auto()
    NEAR = auto()
    """Above 0.1 %: Gmail and Yahoo ask senders to stay below."""
    OVER = auto()
    """Above 0.3 %: they refuse our mail or call it spam."""


def in_all(lines: Iterable[GroupReturns]) -> Returns:
    """Return the sum of *lines*."""
    return sum((each.returns for each in lines), Returns())


def complaint_level(complaints: int, taken: int) -> ComplaintLevel:
    """
    Say whether too many of those who got an issue call it spam.

    Args:
        complaints: readers who did.
        taken: copies that providers took.

    Of fewer than 1,000 copies, and of a single complaint, nothing is said. Gmail counts for itself and sends
    nobody complaints, so the share that we see is the lowest it can be.
    """
    if taken < LEAST_COPIES or complaints < _LEAST_COMPLAINTS:
        return ComplaintLevel.LOW
    share = complaints / taken
    if share > _OVER:
        return ComplaintLevel.OVER
    return ComplaintLevel.NEAR if share > _NEAR else ComplaintLevel.LOW
