"""Whatever happens in whatever order: the books balance, counters equal rows, nobody is mailed for nothing.

Hypothesis plays two nodes that freeze, claim, send, die and are recovered, while readers leave, an
operator pauses and the deadline passes. After each step the ledger is held against its own rows and
against a model of what was put on the wire; in the end every copy finds its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, text
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
from mailer.storage.tables import metadata
from tests.integration.storage import scene
from tests.integration.storage.scene import NODE, NOW, OTHER_NODE, SLUG, add_reader, begin_release, weekly

T = TypeVar("T")
_READERS = 3
_WAIT = timedelta(minutes=5)
_DEADLINE = timedelta(hours=1)
owners = st.sampled_from([NODE, OTHER_NODE])
picks = st.integers(0, 99)


@dataclass(frozen=True, slots=True)
class Held:
    """A copy in a node's memory, perhaps long after it lost it."""

    copy: DueCopy
    owner: str


@cache
def _connection() -> Connection:
    """Return a connection to a database in memory, kept for all plays: so is what was compiled for it."""
    connection = sqlite_engine(make_url("sqlite://"), "BEGIN IMMEDIATE").connect()
    with connection.begin():
        metadata.create_all(connection)
    return connection


class Ledger(RuleBasedStateMachine):
    """The ledger of one issue, and what a watcher of the wire would have seen."""

    def __init__(self) -> None:
        super().__init__()
        self.connection = _connection()
        self.now = NOW
        self.held: list[Held] = []
        self.begun: list[Held] = []
        self.left: set[int] = set()
        self.torn: Counter[int] = Counter()
        self.has_arrived: set[int] = set()

    @initialize(is_frozen=st.sampled_from([True, True, True, False]))
    def begin_release(self, is_frozen: bool) -> None:  # noqa: FBT001 - a strategy
        """Three readers in two languages: few, so that much happens to each."""

        def work(tx: Transaction) -> None:
            for table in reversed(metadata.sorted_tables):
                tx.execute(table.delete())
            tx.execute(text("DELETE FROM sqlite_sequence"))
            newsletters.save(tx, weekly())
            for number in range(_READERS):
                add_reader(tx, number, language=Language.RUSSIAN if number else Language.ENGLISH)
            self.allotment = begin_release(tx)

        self.do(work)
        self.issue_id = self.allotment.issue_id
        self.after: int | None = 0
        while is_frozen and self.after is not None:
            self.freeze_a_slice(limit=_READERS)

    def teardown(self) -> None:
        """Bring the issue to its end: nothing can be stuck."""
        if hasattr(self, "allotment"):
            self.play_out()

    def do(self, work: Callable[[Transaction], T]) -> T:
        """Do *work* in a transaction."""
        with self.connection.begin():
            return work(self.connection)

    def state(self) -> IssueState:
        """Return the issue's."""
        return IssueState(self.look("SELECT state FROM issue")[0][0])

    # What can happen.

    @precondition(lambda self: self.after is not None)
    @rule(limit=st.just(1))
    def freeze_a_slice(self, limit: int) -> None:
        """Some readers at a time; the last slice flips the issue."""
        self.after = self.do(lambda tx: freeze.write_slice(tx, self.allotment, self.after or 0, limit=limit))
        if self.after is None:
            values = {"released_at": self.now, "deadline_at": NOW + _DEADLINE}
            self.do(lambda tx: issues.advance(tx, self.issue_id, IssueMove.FREEZE_DONE, **values))

    @rule(owner=owners)
    def claim(self, owner: str) -> None:
        """Only released issues, only what nobody holds."""
        owners_before = self.look("SELECT owner FROM chunk")
        found = self.do(lambda tx: scene.claim(tx, owner, self.now))
        if found is not None:
            assert self.state() is IssueState.RELEASED
            assert (None,) in owners_before
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
        was_in_flight = self.is_in_flight(held)
        if not self.do(lambda tx: deliveries.begin(tx, held.copy, held.owner)) or was_in_flight:
            return
        reader_id = held.copy.reader_id
        assert reader_id not in self.left, "a body went to a reader who had left"
        assert reader_id not in self.has_arrived, "a body went to a reader who had it"
        assert self.torn[reader_id] <= deliveries.MOST_DEATHS, "an uncertain copy was resent without end"
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

    @rule(reader_id=st.just(1))
    def leave(self, reader_id: int) -> None:
        """By the link of this issue's copy; pressed again it changes nothing. The other two stay."""

        def work(tx: Transaction) -> None:
            if reader_id not in self.left:
                readers.set_standing(tx, reader_id, SLUG, Standing.UNSUBSCRIBED)
                deliveries.skip_reader(tx, reader_id, SLUG, self.now)
            deliveries.note_unsubscribe(tx, self.issue_id, reader_id)

        self.do(work)
        self.left.add(reader_id)

    @rule(owner=owners, kind=st.sampled_from([Accepted, Deferred, Failed, Unknown]))
    def leave_in_flight(self, owner: str, kind: type[Outcome]) -> None:
        """A reader leaves while bodies are on the wire, and then the answers come."""
        open_before = len(self.begun)
        self.send(owner, [None, None, None])
        self.leave(1)
        for held in self.begun[open_before:]:
            self.write_down(held, kind)
        del self.begun[open_before:]

    @precondition(lambda self: self.after is None)
    @rule(owner=owners)
    def crash(self, owner: str) -> None:
        """A node dies with bodies on the wire; time passes until they are resent."""
        self.send(owner, [None, None, None])
        self.die(owner)
        self.wait()

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

    @precondition(lambda self: self.after is None and self.now > NOW + _DEADLINE)
    @rule()
    def pass_the_deadline(self) -> None:
        """What waits is ended; what is in flight settles, and is ended by the next round."""
        self.do(lambda tx: deliveries.close_waiting(tx, self.issue_id, self.now, deadline=True))

    @rule(really=st.integers(0, 7))
    def cancel(self, really: int) -> None:
        """Seldom, for not much can happen after it."""

        def work(tx: Transaction) -> None:
            issues.advance(tx, self.issue_id, IssueMove.CANCEL)
            deliveries.close_waiting(tx, self.issue_id, self.now, deadline=False)

        if really == 0 and self.state() in (IssueState.RELEASED, IssueState.PAUSED):
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
        counters = ", ".join(DeliveryState)
        counted = {
            (chunk_id, name): count
            for chunk_id, *counts in self.look(f"SELECT id, {counters}, size FROM chunk")
            for name, count in zip([*DeliveryState, "size"], counts, strict=True)
            if count
        }
        rows: Counter[tuple[int, str]] = Counter()
        for chunk_id, state in self.look("SELECT chunk_id, state FROM delivery"):
            rows.update([(chunk_id, state), (chunk_id, "size")])
        assert counted == rows

    @invariant()
    def books_balance(self) -> None:
        """And equal what is counted from the copies and their attempts."""
        if not hasattr(self, "after"):
            return
        counted, proven = self.do(
            lambda tx: (books.by_language(tx, self.issue_id), books.proven(tx, self.issue_id))
        )
        assert all(line.balance for line in counted.values())
        assert {at: replace(line, deferred_attempts=0) for at, line in counted.items()} == {
            at: replace(line, deferred_attempts=0) for at, line in proven.items()
        }
        (tries,) = self.look("SELECT count(*) FROM attempt WHERE outcome = 'deferred'")[0]
        assert sum(line.deferred_attempts for line in counted.values()) == tries

    def books(self) -> Books:
        """Return those of the whole issue."""
        return sum(self.do(lambda tx: books.by_language(tx, self.issue_id)).values(), Books())

    def look(self, statement: str, *values: int) -> Sequence[Sequence[Any]]:
        """Return rows, as SQL so that looking costs little."""
        return self.do(lambda tx: tx.exec_driver_sql(statement, values).all())

    def is_in_flight(self, held: Held) -> bool:
        """Tell whether the try that *held* began is still open."""
        key = held.copy.reader_id
        ((state, attempts),) = self.look("SELECT state, attempts FROM delivery WHERE reader_id = ?", key)
        return (state, attempts) == (DeliveryState.INFLIGHT, held.copy.attempts + 1)

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
            self.freeze_a_slice(limit=1)
        self.die(NODE)
        self.die(OTHER_NODE)
        if self.state() is IssueState.PAUSED:
            self.pause_or_resume()
        self.now += timedelta(days=1)
        while (found := self.do(lambda tx: scene.claim(tx, NODE, self.now))) is not None:
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
TestLedger.settings = settings(max_examples=45, stateful_step_count=30, deadline=None)
