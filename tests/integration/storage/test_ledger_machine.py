"""Whatever happens in whatever order: the books balance, counters equal rows, nobody is mailed for nothing.

Hypothesis plays two nodes that freeze, claim, send, die and are recovered, while readers leave, an
operator pauses and the deadline passes. After each step the ledger is held against its own rows and
against a model of what was put on the wire; in the end every copy finds its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from mailer.domain.books import Books
from mailer.domain.delivery import DeliveryState, SkipReason
from mailer.domain.issue import IssueMove, IssueState
from mailer.domain.language import Language
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.subscription import Standing
from mailer.storage import Transaction, books, chunks, deliveries, freeze, issues, newsletters, readers
from mailer.storage.chunks import DueCopy
from mailer.storage.database import sqlite_engine
from mailer.storage.tables import attempt, chunk, delivery, metadata
from tests.integration.storage.scene import NODE, NOW, OTHER_NODE, SLUG, add_reader, begin_release, weekly

T = TypeVar("T")
_READERS = 4
_WAIT = timedelta(minutes=5)
owners = st.sampled_from([NODE, OTHER_NODE])
picks = st.integers(0, 99)


@dataclass(frozen=True, slots=True)
class Held:
    """A copy in a node's memory, perhaps long after it lost it."""

    copy: DueCopy
    owner: str


class Ledger(RuleBasedStateMachine):
    """The ledger of one issue, and what a watcher of the wire would have seen."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = sqlite_engine(make_url("sqlite://"), "BEGIN IMMEDIATE")
        self.connection = self.engine.connect()
        self.now = NOW
        self.held: list[Held] = []
        self.begun: list[Held] = []
        self.left: set[int] = set()
        self.torn: Counter[int] = Counter()
        self.has_arrived: set[int] = set()

    @initialize()
    def begin_release(self) -> None:
        """Readers in two languages: few, so that much happens to each."""

        def work(tx: Transaction) -> None:
            metadata.create_all(tx)
            newsletters.save(tx, weekly())
            for number in range(_READERS):
                add_reader(tx, number, language=Language.RUSSIAN if number % 4 else Language.BELARUSIAN)
            self.allotment = begin_release(tx)

        self.do(work)
        self.issue_id = self.allotment.issue_id
        self.after: int | None = 0

    def teardown(self) -> None:
        """Bring the issue to its end: nothing can be stuck."""
        if hasattr(self, "allotment"):
            self.play_out()
        self.connection.close()
        self.engine.dispose()

    def do(self, work: Callable[[Transaction], T]) -> T:
        """Do *work* in a transaction."""
        with self.connection.begin():
            return work(self.connection)

    def state(self) -> IssueState:
        """Return the issue's."""
        return self.do(lambda tx: issues.get(tx, self.issue_id)).state

    def row_state(self, copy: DueCopy) -> DeliveryState:
        """Return a copy's state as it is stored now."""
        key = delivery.c.reader_id == copy.reader_id
        state: DeliveryState = self.do(lambda tx: tx.execute(select(delivery.c.state).where(key)).scalar_one())
        return state

    # What can happen.

    @precondition(lambda self: self.after is not None)
    @rule()
    def freeze_a_slice(self) -> None:
        """Two readers at a time; the last slice flips the issue."""
        self.after = self.do(lambda tx: freeze.write_slice(tx, self.allotment, self.after or 0, limit=2))
        if self.after is None:
            values = {"released_at": self.now, "deadline_at": self.now + timedelta(hours=1)}
            self.do(lambda tx: issues.advance(tx, self.issue_id, IssueMove.FREEZE_DONE, **values))

    @rule(owner=owners)
    def claim(self, owner: str) -> None:
        """Only released issues, only what nobody holds."""
        owned = {row.owner for row in self.do(lambda tx: tx.execute(select(chunk.c.owner)).all())}
        found = self.do(lambda tx: chunks.claim(tx, owner, self.now))
        if found is not None:
            assert self.state() is IssueState.RELEASED
            assert None in owned
            self.held += [Held(copy, owner) for copy in found[1]]

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def begin(self, pick: int) -> None:
        """A body goes on the wire only if nothing speaks against it."""
        self.put_on_the_wire(self.recent(pick))

    def recent(self, pick: int) -> Held:
        """Return one of the copies in memory: the more often, the later it was claimed."""
        return self.held[-1 - pick % min(len(self.held), 2 * _READERS)]

    def put_on_the_wire(self, held: Held) -> None:
        """Begin a copy, and see that nothing spoke against it."""
        was_in_flight = self.row_state(held.copy) is DeliveryState.INFLIGHT
        if not self.do(lambda tx: deliveries.begin(tx, held.copy, held.owner)) or was_in_flight:
            return
        reader_id = held.copy.reader_id
        assert reader_id not in self.left, "a body went to a reader who had left"
        assert reader_id not in self.has_arrived, "a body went to a reader who had it"
        assert self.torn[reader_id] <= 1, "an uncertain copy was resent twice"
        self.begun.append(held)

    @precondition(lambda self: self.begun)
    @rule(pick=picks, kind=st.sampled_from([Accepted, Deferred, Failed, Unknown]))
    def settle(self, pick: int, kind: type[Outcome]) -> None:
        """Also by a node that was taken for dead; nobody settles the same try twice."""
        self.write_down(self.begun.pop(pick % len(self.begun)), kind)

    def write_down(self, held: Held, kind: type[Outcome]) -> None:
        """Settle a copy: exactly when its try is still open."""
        outcome = self.outcome(kind, held.copy, Stage.DOT)
        is_open = self.is_in_flight(held)
        written = self.do(lambda tx: deliveries.settle(tx, held.copy, outcome, self.now))
        assert written is is_open
        assert not self.do(lambda tx: deliveries.settle(tx, held.copy, outcome, self.now))
        if written and isinstance(outcome, Accepted):
            self.has_arrived.add(held.copy.reader_id)
        if written and isinstance(outcome, Unknown):
            self.torn[held.copy.reader_id] += 1

    @rule(
        owner=owners, kinds=st.lists(st.sampled_from([Accepted, Deferred, Failed, Unknown, None]), max_size=3)
    )
    def send(self, owner: str, kinds: list[type[Outcome] | None]) -> None:
        """Claim a chunk and try its first copies; None leaves a body on the wire."""
        known = len(self.held)
        self.claim(owner)
        for held, kind in zip(self.held[known:], kinds, strict=False):
            open_before = len(self.begun)
            self.put_on_the_wire(held)
            if kind is not None and len(self.begun) > open_before:
                self.write_down(self.begun.pop(), kind)

    @precondition(lambda self: self.held)
    @rule(pick=picks, kind=st.sampled_from([Deferred, Failed]))
    def refuse(self, pick: int, kind: type[Outcome]) -> None:
        """Before any byte of the body."""
        copy = self.recent(pick).copy
        outcome = self.outcome(kind, copy, Stage.RCPT)
        self.do(lambda tx: deliveries.refuse(tx, copy, outcome, self.now))

    @precondition(lambda self: self.held)
    @rule(pick=picks)
    def skip(self, pick: int) -> None:
        """The address can't be put on this wire."""
        copy = self.recent(pick).copy
        self.do(lambda tx: deliveries.skip(tx, copy, SkipReason.UNSENDABLE, self.now))

    @rule(reader_id=st.integers(1, _READERS))
    def leave(self, reader_id: int) -> None:
        """By the link of this issue's copy, more than once."""

        def work(tx: Transaction) -> None:
            readers.set_standing(tx, reader_id, SLUG, Standing.UNSUBSCRIBED)
            deliveries.skip_reader(tx, reader_id, SLUG, self.now)
            deliveries.note_unsubscribe(tx, self.issue_id, reader_id)

        self.do(work)
        self.left.add(reader_id)

    @rule(owner=owners)
    def die(self, owner: str) -> None:
        """A node dies, or is taken for dead, and another puts right what it held."""

        def work(tx: Transaction) -> None:
            for found, _ in chunks.owned_by(tx, [owner]):
                deliveries.recover(tx, found.id, self.now, resend_at=self.now + _WAIT)
                chunks.let_go(tx, found.id, owner, self.now)

        before = {held.copy.reader_id for held in self.begun if self.is_in_flight(held)}
        self.do(work)
        now_unknown = {held.copy.reader_id for held in self.begun if not self.is_in_flight(held)}
        self.torn.update(before & now_unknown)

    @rule(owner=owners)
    def give_back(self, owner: str) -> None:
        """Chunks of which nothing is in flight, as a sender that stops does."""
        busy = {held.copy.chunk.id for held in self.begun if self.is_in_flight(held)}

        def work(tx: Transaction) -> None:
            for found, _ in chunks.owned_by(tx, [owner]):
                if found.id not in busy:
                    chunks.let_go(tx, found.id, owner, self.now)

        self.do(work)

    @rule()
    def wait(self) -> None:
        """Until retries and resends are due."""
        self.now += 2 * _WAIT

    @rule()
    def pause_or_resume(self) -> None:
        """The epochs are raised, so that it takes effect before the next body."""
        event = {IssueState.RELEASED: IssueMove.PAUSE, IssueState.PAUSED: IssueMove.RESUME}.get(self.state())

        def work(tx: Transaction) -> None:
            if event is not None:
                issues.advance(tx, self.issue_id, event)
                chunks.raise_epochs(tx, self.issue_id)

        self.do(work)

    @precondition(lambda self: self.after is None)
    @rule(deadline=st.booleans())
    def close(self, deadline: bool) -> None:  # noqa: FBT001 - a strategy
        """What waits is ended; what is in flight settles."""
        if self.state() is IssueState.SENT:
            return

        def work(tx: Transaction) -> None:
            if not deadline and issues.get(tx, self.issue_id).state is not IssueState.CANCELLED:
                issues.advance(tx, self.issue_id, IssueMove.CANCEL)
            deliveries.close_waiting(tx, self.issue_id, self.now, deadline=deadline)

        self.do(work)

    @rule()
    def finish(self) -> None:
        """An issue is sent only when no copy is pending."""
        self.do(issues.finish_done)
        if self.state() is IssueState.SENT:
            assert self.books().pending == 0

    # What must hold.

    @invariant()
    def counters_equal_rows(self) -> None:
        """Chunk by chunk and state by state."""
        if not hasattr(self, "after"):
            return

        def look(tx: Transaction) -> tuple[Counter[tuple[int, str]], Counter[tuple[int, str]]]:
            counted = Counter(
                {
                    (row["id"], name): row[name]
                    for row in tx.execute(select(chunk)).mappings()
                    for name in [*DeliveryState, "size"]
                    if row[name]
                }
            )
            by_state = select(delivery.c.chunk_id, delivery.c.state, func.count()).group_by(
                delivery.c.chunk_id, delivery.c.state
            )
            rows: Counter[tuple[int, str]] = Counter()
            for chunk_id, state, count in tx.execute(by_state):
                rows[chunk_id, state] += count
                rows[chunk_id, "size"] += count
            return counted, rows

        counted, rows = self.do(look)
        assert counted == rows

    @invariant()
    def books_balance(self) -> None:
        """And equal what is counted from the copies and their attempts."""
        if not hasattr(self, "after"):
            return
        counted = self.do(lambda tx: books.by_language(tx, self.issue_id))
        proven = self.do(lambda tx: books.proven(tx, self.issue_id))
        assert all(line.balance for line in counted.values())
        assert {at: replace(line, deferred_attempts=0) for at, line in counted.items()} == {
            at: replace(line, deferred_attempts=0) for at, line in proven.items()
        }
        deferred = attempt.c.outcome == DeliveryState.DEFERRED
        tries = self.do(lambda tx: tx.execute(select(func.count()).where(deferred)).scalar_one())
        assert self.books().deferred_attempts == tries

    def books(self) -> Books:
        """Return those of the whole issue."""
        return sum(self.do(lambda tx: books.by_language(tx, self.issue_id)).values(), Books())

    def is_in_flight(self, held: Held) -> bool:
        """Tell whether the try that *held* began is still open."""
        key = delivery.c.reader_id == held.copy.reader_id
        row = self.do(lambda tx: tx.execute(select(delivery.c.state, delivery.c.attempts).where(key)).one())
        return (row.state, row.attempts) == (DeliveryState.INFLIGHT, held.copy.attempts + 1)

    def outcome(self, kind: type[Outcome], copy: DueCopy, stage: Stage) -> Outcome:
        """Return what a try ended in, dated as the sender dates it."""
        later: datetime = self.now + _WAIT
        if kind is Accepted:
            return Accepted(stage, "250")
        if kind is Deferred:
            return Deferred(stage, "450", later)
        if kind is Failed:
            return Failed(stage, "550", Blame.READER)
        # As the sender asks: an uncertain copy is resent once.
        return Unknown(stage, "reset", None if copy.state is DeliveryState.UNKNOWN else later)

    def play_out(self) -> None:
        """Let all nodes die and one send what is left."""
        while self.after is not None:
            self.freeze_a_slice()
        self.die(NODE)
        self.die(OTHER_NODE)
        if self.state() is IssueState.PAUSED:
            self.pause_or_resume()
        self.now += timedelta(days=1)
        while (found := self.do(lambda tx: chunks.claim(tx, NODE, self.now))) is not None:
            for copy in found[1]:
                held = Held(copy, NODE)
                self.put_on_the_wire(held)
                self.write_down(held, Accepted)
            self.give_back(NODE)
        self.finish()
        end = self.books()
        assert end.balance
        assert (end.pending, end.audience) == (0, end.accepted + end.failed + end.skipped + end.unknown)
        assert self.state() in (IssueState.SENT, IssueState.CANCELLED)


TestLedger = Ledger.TestCase
TestLedger.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
