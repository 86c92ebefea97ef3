"""A job is one attempt to hand over one mail; a delivery and a Letter differ only in their ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from mailer.delivery.copy import Copy
from mailer.domain.delivery import DeliveryState, SkipReason
from mailer.domain.outcome import Blame, Failed, Outcome, Stage
from mailer.storage import Transaction, chunks, deliveries, letters
from mailer.storage.chunks import Chunk, DueCopy
from mailer.storage.letters import Letter

_MOST_DROPS = 3


class Drops(NamedTuple):
    """How often the relay hung up before the body of one mail.

    Attributes:
        times: how often.
        since: how many other bodies the relay had answered when it did so first.
    """

    times: int
    since: int

    def again(self, answered: int) -> Drops:
        """Return the count after one more, when the relay had answered so many other bodies."""
        return Drops(self.times + 1, self.since if self.times else answered)

    def is_its_own(self, answered: int) -> bool:
        """Whether it is this mail that the relay hangs up at: again and again, while it answered others."""
        return self.times >= _MOST_DROPS and answered > self.since


NONE_YET = Drops(0, 0)


class Job(Protocol):
    """One attempt at one mail, with its steps in the ledger; each runs inside a transaction."""

    drops: Drops
    """How often the relay hung up at it."""

    @property
    def attempts(self) -> int:
        """Tries made before this one."""
        ...

    @property
    def may_resend(self) -> bool:
        """Whether the same bytes may go once more when this attempt ends uncertain."""
        ...

    def copy(self) -> Copy:
        """Make the bytes, when their turn has come: claimed work holds no messages in memory."""
        ...

    @property
    def is_void(self) -> bool:
        """Whether it is known already that it may not be sent any more."""
        ...

    def begin(self, tx: Transaction) -> bool:
        """Mark it in flight, before the first byte of the body; False when it may not be sent."""
        ...

    def settle(self, tx: Transaction, outcome: Outcome, now: datetime) -> None:
        """Write down what an attempt that *begin* marked ended in."""
        ...

    def refuse(self, tx: Transaction, outcome: Outcome, now: datetime) -> None:
        """Write down an attempt that ended before its body."""
        ...

    def skip(self, tx: Transaction, reason: SkipReason, now: datetime) -> None:
        """Leave it out."""
        ...


class Settled(NamedTuple):
    """A job with its outcome, not yet written down."""

    job: Job
    outcome: Outcome
    at: datetime
    had_begun: bool

    def write(self, tx: Transaction) -> None:
        """Write it down."""
        if self.had_begun:
            self.job.settle(tx, self.outcome, self.at)
        else:
            self.job.refuse(tx, self.outcome, self.at)


@dataclass(slots=True)
class Lot:
    """A claimed chunk in this process's hands.

    Attributes:
        open_count: jobs that are not done yet; at 0 the chunk is let go.
        is_lost: our epoch is over (pause, cancel, another node): the rest must not be tried.
    """

    chunk: Chunk
    open_count: int
    is_lost: bool = False


@dataclass(slots=True)
class DeliveryJob:
    """One copy of an issue."""

    compose: Callable[[DueCopy], Copy]
    due: DueCopy
    owner: str
    lot: Lot
    holds_unknown: bool
    drops: Drops = NONE_YET

    @property
    def attempts(self) -> int:
        """See Job."""
        return self.due.attempts

    @property
    def may_resend(self) -> bool:
        """See Job: a copy that was uncertain when it was claimed is the resend, there is no second one."""
        return not self.holds_unknown and self.due.state is not DeliveryState.UNKNOWN

    def copy(self) -> Copy:
        """See Job."""
        return self.compose(self.due)

    @property
    def is_void(self) -> bool:
        """See Job."""
        return self.lot.is_lost

    def begin(self, tx: Transaction) -> bool:
        """See Job."""
        return deliveries.begin(tx, self.due, self.owner)

    def settle(self, tx: Transaction, outcome: Outcome, now: datetime) -> None:
        """See Job."""
        deliveries.settle(tx, self.due, outcome, now)

    def refuse(self, tx: Transaction, outcome: Outcome, now: datetime) -> None:
        """See Job."""
        deliveries.refuse(tx, self.due, outcome, now)

    def skip(self, tx: Transaction, reason: SkipReason, now: datetime) -> None:
        """See Job."""
        deliveries.skip(tx, self.due, reason, now)

    def is_held(self, tx: Transaction) -> bool:
        """Tell whether the chunk is still ours."""
        return chunks.is_held(tx, self.due.chunk, self.owner)


@dataclass(slots=True)
class LetterJob:
    """One Letter."""

    compose: Callable[[], Copy]
    letter: Letter
    owner: str
    drops: Drops = NONE_YET

    @property
    def attempts(self) -> int:
        """See Job."""
        return self.letter.attempts

    @property
    def may_resend(self) -> bool:
        """See Job."""
        return self.letter.state is not DeliveryState.UNKNOWN

    def copy(self) -> Copy:
        """See Job."""
        return self.compose()

    @property
    def is_void(self) -> bool:
        """See Job."""
        return False

    def begin(self, tx: Transaction) -> bool:
        """See Job."""
        return letters.begin(tx, self.letter.id, self.owner)

    def settle(self, tx: Transaction, outcome: Outcome, now: datetime) -> None:  # noqa: ARG002 - Job's signature
        """See Job."""
        letters.settle(tx, self.letter.id, self.owner, outcome)

    def refuse(self, tx: Transaction, outcome: Outcome, now: datetime) -> None:  # noqa: ARG002 - Job's signature
        """See Job."""
        letters.refuse(tx, self.letter.id, self.owner, outcome)

    def skip(self, tx: Transaction, reason: SkipReason, now: datetime) -> None:  # noqa: ARG002 - Job's signature
        """See Job."""
        # No server has said anything about its reader.
        letters.settle(tx, self.letter.id, self.owner, Failed(Stage.RCPT, reason.value, Blame.SENDER))
