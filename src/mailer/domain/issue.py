"""An issue's kinds, states and the moves between them (design §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.domain.language import Language
from mailer.domain.period import Period
from mailer.errors import InvalidMove


class IssueKind(StrEnum):
    """What an issue is for."""

    REGULAR = "regular"
    """The commentaries of one period; unique by newsletter and period."""
    REHEARSAL = "rehearsal"
    """A regular one that was released to the outbox only."""
    SPECIAL = "special"
    """Its own title and text, no grid."""
    CORRECTION = "correction"
    """Names the issue it corrects."""


class IssueState(StrEnum):
    """Where an issue stands."""

    DRAFT = "draft"
    RELEASING = "releasing"
    """Editions and deliveries are being written; nothing is sent yet."""
    RELEASED = "released"
    PAUSED = "paused"
    SENT = "sent"
    """No copy is pending and none awaits a resend."""
    EXPIRED = "expired"
    """The deadline passed before it was released."""
    CANCELLED = "cancelled"


class IssueMove(StrEnum):
    """What can happen to an issue."""

    RELEASE = "release"
    FREEZE_DONE = "freeze done"
    FREEZE_LOST = "freeze lost"
    """The process that wrote the slices died or failed; they are removed."""
    TAKE_BACK = "take back"
    """Back to a draft while every copy is still queued."""
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    FINISH = "finish"
    RETRY = "retry"
    """An operator queues copies again that were refused because of us."""
    EXPIRE = "expire"


MOVES: Mapping[tuple[IssueState, IssueMove], IssueState] = {
    (IssueState.DRAFT, IssueMove.RELEASE): IssueState.RELEASING,
    (IssueState.DRAFT, IssueMove.EXPIRE): IssueState.EXPIRED,
    (IssueState.DRAFT, IssueMove.CANCEL): IssueState.CANCELLED,
    (IssueState.RELEASING, IssueMove.FREEZE_DONE): IssueState.RELEASED,
    (IssueState.RELEASING, IssueMove.FREEZE_LOST): IssueState.DRAFT,
    (IssueState.RELEASED, IssueMove.TAKE_BACK): IssueState.DRAFT,
    (IssueState.RELEASED, IssueMove.PAUSE): IssueState.PAUSED,
    (IssueState.RELEASED, IssueMove.CANCEL): IssueState.CANCELLED,
    (IssueState.RELEASED, IssueMove.FINISH): IssueState.SENT,
    (IssueState.PAUSED, IssueMove.RESUME): IssueState.RELEASED,
    (IssueState.PAUSED, IssueMove.CANCEL): IssueState.CANCELLED,
    (IssueState.SENT, IssueMove.RETRY): IssueState.RELEASED,
    (IssueState.EXPIRED, IssueMove.RELEASE): IssueState.RELEASING,
}
"""Every move that is allowed; any other pair raises InvalidMove."""


def move(state: IssueState, event: IssueMove) -> IssueState:
    """Return the state that follows.

    Raises:
        InvalidMove: *state* does not allow it.
    """
    try:
        return MOVES[state, event]
    except KeyError:
        raise InvalidMove(f"this issue is {state}; “{event}” is not possible now") from None


def states_before(event: IssueMove) -> list[IssueState]:
    """Return the states in which *event* is allowed: what a compare-and-set compares with."""
    return [before for before, allowed in MOVES if allowed is event]


@dataclass(frozen=True, slots=True)
class IssueWords:
    """What an editor says about an issue in one language; empty fields take their defaults.

    Attributes:
        subject: default: heading, dates and the first headline.
        preheader: what a mailbox shows beside the subject; default: the first lead.
        opening_note: Markdown above the grid; default: none.
        closing_notices: Markdown below the commentaries; default: none.
    """

    subject: str = ""
    preheader: str = ""
    opening_note: str = ""
    closing_notices: str = ""


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a newsletter.

    Attributes:
        id: never reused; part of every token of its copies.
        period: None for kinds without a grid.
        words: by language.
        created_at, released_at, deadline_at: aware UTC.
    """

    id: int
    newsletter: str
    kind: IssueKind
    period: Period | None
    state: IssueState
    created_at: datetime
    words: Mapping[Language, IssueWords] = field(default_factory=dict)
    released_at: datetime | None = None
    deadline_at: datetime | None = None

    @property
    def key(self) -> str:
        """Its name within its newsletter: ``2026-W47``; for kinds without a grid their number."""
        return self.period.key if self.period else f"issue-{self.id}"
