"""Turns of many connections in one commit: each row answers for itself, and the counters with them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from mailer.domain.delivery import DeliveryState
from mailer.storage import Transaction, chunks, deliveries, turns
from mailer.storage.chunks import DueCopy
from mailer.storage.turns import Taken
from tests.integration.storage.scene import LATER, NODE, NOW, OTHER_NODE, SLUG, Store, claimed, released_to

MANY = 40


@pytest.fixture
def copies(store: Store) -> list[DueCopy]:
    """A claimed chunk of many."""
    store.write(lambda tx: released_to(tx, MANY))
    return store.write(claimed)[1]


def states(store: Store) -> Counter[str]:
    """Return how many copies are where, having seen that the counters say the same."""
    (chunk,) = store.rows("chunk")
    counted = Counter(each["state"] for each in store.rows("delivery"))
    assert {name: chunk[name] for name in DeliveryState if chunk[name]} == counted
    return counted


def begun_together(store: Store, copies: Sequence[DueCopy], owner: str = NODE) -> list[bool]:
    """Begin each from a connection of its own, all in one commit where that is possible."""

    def work(tx: Transaction, items: Sequence[DueCopy]) -> Sequence[bool]:
        return turns.write(tx, (), items, owner)[1]

    async def scene() -> list[bool]:
        return await asyncio.gather(*(store.database.write_together(work, copy) for copy in copies))

    return store.run(scene())


def test_what_was_taken_is_settled_and_what_begins_is_marked(store: Store, copies: list[DueCopy]) -> None:
    """In one transaction, each with its own reply."""
    first, second = copies[:20], copies[20:]
    store.write(lambda tx: turns.write(tx, (), first, NODE))
    taken = [Taken(copy, f"250 2.0.0 Ok {copy.reader_id} “x”", LATER) for copy in first]

    settled, may_go = store.write(lambda tx: turns.write(tx, taken, second, NODE))

    assert all(settled)
    assert all(may_go)
    assert states(store) == {"accepted": 20, "inflight": 20}
    replies = {row["reader_id"]: row["reply"] for row in store.rows("delivery", state=DeliveryState.ACCEPTED)}
    assert replies == {copy.reader_id: f"250 2.0.0 Ok {copy.reader_id} “x”" for copy in first}


def test_one_who_left_keeps_no_other_waiting(store: Store, copies: list[DueCopy]) -> None:
    """Of many that begin together, exactly the one whose reader left does not."""
    leaver = copies[7].reader_id
    store.write(lambda tx: deliveries.skip_reader(tx, leaver, SLUG, NOW))

    assert begun_together(store, copies) == [copy.reader_id != leaver for copy in copies]
    assert states(store) == {"inflight": MANY - 1, "skipped": 1}


def test_after_a_pause_none_begins(store: Store, copies: list[DueCopy]) -> None:
    """Nor does any for another node."""
    assert begun_together(store, copies, OTHER_NODE) == [False] * MANY
    store.write(lambda tx: chunks.raise_epochs(tx, copies[0].chunk.issue_id))

    assert begun_together(store, copies) == [False] * MANY
    assert states(store) == {"queued": MANY}


def test_a_commit_whose_answer_was_lost_is_not_counted_twice(store: Store, copies: list[DueCopy]) -> None:
    """The same turns again: what was begun may go, what was settled stays, some of each being new."""
    first, second = copies[:20], copies[20:]
    begun_together(store, first)

    assert begun_together(store, copies[10:30]) == [True] * 20
    assert states(store) == {"inflight": 30, "queued": 10}

    taken = [Taken(copy, "250 Ok", LATER) for copy in first]
    store.write(lambda tx: turns.write(tx, taken, (), NODE))
    for each in taken:
        assert store.write(lambda tx, one=each: turns.write(tx, (one,), (), NODE)[0]) == [False]  # type: ignore[misc]
    assert states(store) == {"accepted": 20, "inflight": 10, "queued": 10}
    assert len(second) == 20
