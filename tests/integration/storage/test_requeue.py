"""Requeue: who was refused because of us is tried once more, nobody else, and the books balance."""

from __future__ import annotations

import asyncio

import pytest

from mailer.domain.delivery import DeliveryState
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.subscription import Standing
from mailer.storage import Transaction, books, chunks, deliveries, readers, requeue
from mailer.storage.requeue import Requeued
from tests.integration.storage.scene import BE, LATER, NODE, NOW, SLUG, Store, claimed, released_to

REFUSED = Failed(Stage.DOT, "550 5.7.26 unauthenticated", Blame.SENDER)
GONE = Failed(Stage.RCPT, "550 5.1.1 no such user", Blame.READER)
HELD = Unknown(Stage.DOT, "the connection was closed", None)
ENDS: tuple[Outcome, ...] = (
    REFUSED,
    GONE,
    HELD,
    Accepted(Stage.DOT, "250"),
    Deferred(Stage.RCPT, "451", LATER),
    REFUSED,
)


@pytest.fixture
def issue_id(store: Store) -> int:
    """An issue whose six copies ended in every way; its chunk is free."""

    def work(tx: Transaction) -> int:
        issue_id = released_to(tx, len(ENDS))
        chunk, copies = claimed(tx)
        for copy, outcome in zip(copies, ENDS, strict=True):
            assert deliveries.begin(tx, copy, NODE)
            assert deliveries.settle(tx, copy, outcome, NOW)
        chunks.let_go(tx, chunk.id, NODE, NOW)
        return issue_id

    return store.write(work)


def states(store: Store) -> list[DeliveryState]:
    return [row["state"] for row in store.rows("delivery")]


def requeued(store: Store, issue_id: int, *, uncertain: bool = False) -> Requeued | None:
    (chunk_id,) = store.read(lambda tx: requeue.concerned(tx, issue_id))
    found = store.write(lambda tx: requeue.requeue(tx, chunk_id, LATER, uncertain=uncertain))
    counted, proven = store.read(lambda tx: (books.by_language(tx, issue_id), books.proven(tx, issue_id)))
    assert all(line.balance for line in counted.values())
    assert counted[BE].pending == proven[BE].pending
    return found


def test_copies_refused_because_of_us_wait_again(store: Store, issue_id: int) -> None:
    """They are due at once; those refused because of their reader stay refused."""
    before = states(store)

    found = requeued(store, issue_id)

    queued = DeliveryState.QUEUED
    assert found == Requeued(2, 0)
    assert states(store) == [queued, *before[1:-1], queued]
    assert store.rows("chunk")[0]["next_at"] == LATER


def test_a_second_try_is_the_second_try(store: Store, issue_id: int) -> None:
    """It is claimed, begun and settled under its own number, beside the first one's evidence."""
    requeued(store, issue_id)

    def again(tx: Transaction) -> None:
        _, copies = claimed(tx, now=LATER)
        for copy in copies:
            if copy.state is DeliveryState.QUEUED:
                assert deliveries.begin(tx, copy, NODE)
                assert deliveries.settle(tx, copy, REFUSED, LATER)

    store.write(again)

    first = store.rows("delivery")[0]["reader_id"]
    assert [row["number"] for row in store.rows("attempt", reader_id=first)] == [1, 2]


def test_uncertain_copies_go_again_only_when_asked_for(store: Store, issue_id: int) -> None:
    """They stay uncertain until they are accepted, and are due."""
    assert store.read(lambda tx: requeue.count(tx, issue_id)) == Requeued(2, 1)

    found = requeued(store, issue_id, uncertain=True)

    assert found == Requeued(2, 1)
    held = store.rows("delivery")[2]
    assert (held["state"], held["next_at"]) == (DeliveryState.UNKNOWN, LATER)


def test_nothing_goes_again_to_a_reader_who_left(store: Store, issue_id: int) -> None:
    """Neither what was refused nor what is uncertain."""
    everybody = [row["reader_id"] for row in store.rows("delivery")]

    def leave(tx: Transaction) -> None:
        for reader_id in everybody:
            readers.set_standing(tx, reader_id, SLUG, Standing.UNSUBSCRIBED, changed_month="2026-11")

    store.write(leave)

    assert store.read(lambda tx: requeue.count(tx, issue_id)) == Requeued()
    assert requeued(store, issue_id, uncertain=True) == Requeued()


def test_a_chunk_in_a_senders_hands_is_left_to_it(store: Store, issue_id: int) -> None:
    """Who sends it would not see what is queued behind its back."""
    store.write(lambda tx: claimed(tx, now=LATER))

    assert requeued(store, issue_id) is None
    assert states(store).count(DeliveryState.FAILED) == 3


def test_two_who_ask_at_once_queue_a_copy_once(store: Store, other_store: Store, issue_id: int) -> None:
    """The counters say so."""
    (chunk_id,) = store.read(lambda tx: requeue.concerned(tx, issue_id))

    async def scene() -> list[Requeued | None]:
        return await asyncio.gather(
            *(
                each.database.write(lambda tx: requeue.requeue(tx, chunk_id, LATER, uncertain=False))
                for each in (store, other_store)
            )
        )

    found = store.run(scene())

    assert sorted(each.refused for each in found if each) == [0, 2]
    assert store.rows("chunk")[0]["queued"] == 2
