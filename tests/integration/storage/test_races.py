"""Two processes meet at the same rows: whoever comes second sees what the first has done.

On SQLite the second waits to begin; on PostgreSQL it waits at the row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from mailer.domain.delivery import DeliveryState
from mailer.domain.issue import IssueMove
from mailer.domain.outcome import Accepted, Deferred, Stage
from mailer.domain.subscription import Standing
from mailer.errors import InvalidMove
from mailer.storage import Transaction, books, deliveries, freeze, issues, newsletters, readers
from mailer.storage.chunks import DueCopy
from tests.integration.storage import scene
from tests.integration.storage.meeting import meet
from tests.integration.storage.scene import (
    LATER,
    NODE,
    NOW,
    PERIOD,
    SLUG,
    Store,
    add_reader,
    add_readers,
    begin_release,
    claimed,
    release,
    released_to,
    weekly,
)

ACCEPT = Accepted(Stage.DOT, "250 Ok")
DEFER = Deferred(Stage.DOT, "450 Later", LATER)


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    """Where the second of two transactions waits."""
    with ThreadPoolExecutor(1) as opened:
        yield opened


def leave(reader_id: int) -> Callable[[Transaction], None]:
    def work(tx: Transaction) -> None:
        readers.set_standing(tx, reader_id, SLUG, Standing.UNSUBSCRIBED)
        deliveries.skip_reader(tx, reader_id, SLUG, NOW)

    return work


def one_copy(store: Store) -> DueCopy:
    store.write(lambda tx: released_to(tx, 1))
    return store.write(claimed)[1][0]


def balanced_state(store: Store) -> DeliveryState:
    (copy,) = store.rows("delivery")
    (chunk,) = store.rows("chunk")
    assert {name: chunk[name] for name in DeliveryState if chunk[name]} == Counter([copy["state"]])
    state: DeliveryState = copy["state"]
    return state


def test_who_leaves_while_a_body_begins(store: Store, other_store: Store, thread: ThreadPoolExecutor) -> None:
    """The copy is in flight: it was not left out, and is not said to be."""
    copy = one_copy(store)

    meet(
        (other_store, partial(deliveries.begin, copy=copy, owner=NODE)),
        (store, leave(copy.reader_id)),
        thread,
    )

    assert balanced_state(store) is DeliveryState.INFLIGHT


def test_a_body_that_begins_while_its_reader_leaves(
    store: Store, other_store: Store, thread: ThreadPoolExecutor
) -> None:
    """It may not: no body starts after the unsubscribe has been committed."""
    copy = one_copy(store)

    begun = meet(
        (other_store, leave(copy.reader_id)),
        (store, partial(deliveries.begin, copy=copy, owner=NODE)),
        thread,
    )

    assert not begun
    assert balanced_state(store) is DeliveryState.SKIPPED


@pytest.mark.parametrize("leaves_first", [True, False], ids=["left first", "settled first"])
def test_who_leaves_while_a_refusal_is_settled(
    store: Store,
    other_store: Store,
    thread: ThreadPoolExecutor,
    leaves_first: bool,  # noqa: FBT001 - a table
) -> None:
    """Whoever is first, there is no second try."""
    copy = one_copy(store)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    settle = (other_store, partial(deliveries.settle, copy=copy, outcome=DEFER, now=NOW))
    left = (store, leave(copy.reader_id))

    if leaves_first:
        meet(left, settle, thread)
    else:
        meet(settle, left, thread)

    assert balanced_state(store) is DeliveryState.SKIPPED


def test_a_node_taken_for_dead_settles_while_it_is_recovered(
    store: Store, other_store: Store, thread: ThreadPoolExecutor
) -> None:
    """It was alive and came first: the copy stays accepted."""
    copy = one_copy(store)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))

    torn = meet(
        (other_store, partial(deliveries.settle, copy=copy, outcome=ACCEPT, now=NOW)),
        (store, partial(deliveries.recover, chunk_id=copy.chunk.id, now=NOW, resend_at=LATER)),
        thread,
    )

    assert torn == 0
    assert balanced_state(store) is DeliveryState.ACCEPTED


def test_a_refusal_is_settled_while_the_deadline_passes(
    store: Store, other_store: Store, thread: ThreadPoolExecutor
) -> None:
    """Rows and counters agree; what came too late is ended by the next round."""
    copy = one_copy(store)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    close = partial(deliveries.close_waiting, issue_id=copy.chunk.issue_id, now=LATER, deadline=True)

    meet((other_store, partial(deliveries.settle, copy=copy, outcome=DEFER, now=NOW)), (store, close), thread)
    store.write(close)

    assert balanced_state(store) is DeliveryState.FAILED


@pytest.mark.parametrize("leaves_first", [True, False], ids=["left first", "frozen first"])
def test_who_leaves_while_the_audience_is_frozen(
    store: Store,
    other_store: Store,
    thread: ThreadPoolExecutor,
    leaves_first: bool,  # noqa: FBT001 - a table
) -> None:
    """Nobody falls between: whoever is first, no copy waits for a reader who has left."""
    store.write(lambda tx: newsletters.save(tx, weekly()))
    leaver, _ = store.write(lambda tx: add_readers(tx, 2))
    allotment = store.write(begin_release)
    freezing = (other_store, partial(freeze.write_slice, allotment=allotment, after_reader_id=0))
    leaving = (store, leave(leaver))

    if leaves_first:
        meet(leaving, freezing, thread)
    else:
        meet(freezing, leaving, thread)

    waiting = [row["reader_id"] for row in store.rows("delivery", state=DeliveryState.QUEUED)]
    assert waiting == [leaver + 1]
    counted = store.read(lambda tx: books.by_language(tx, allotment.issue_id))
    assert counted == store.read(lambda tx: books.proven(tx, allotment.issue_id))


def test_two_nodes_claim_the_only_chunk(store: Store, other_store: Store, thread: ThreadPoolExecutor) -> None:
    """The second goes without."""
    store.write(lambda tx: released_to(tx, 1))

    second = meet(
        (other_store, lambda tx: scene.claim(tx, NODE, NOW)),
        (store, lambda tx: scene.claim(tx, "node-b", NOW)),
        thread,
    )

    assert second is None


def test_two_nodes_claim_one_chunk_each(store: Store, other_store: Store, thread: ThreadPoolExecutor) -> None:
    """The second does not wait for the first and then go without."""

    def two_chunks(tx: Transaction) -> None:
        newsletters.save(tx, weekly())
        for number, group in enumerate(("gmail", "other")):
            add_reader(tx, number, group=group)
        release(tx)

    store.write(two_chunks)

    second = meet(
        (other_store, lambda tx: scene.claim(tx, NODE, NOW)),
        (store, lambda tx: scene.claim(tx, "node-b", NOW)),
        thread,
    )

    assert second is not None
    assert {row["owner"] for row in store.rows("chunk")} == {NODE, "node-b"}


def test_two_processes_release_at_the_same_moment(
    store: Store, other_store: Store, thread: ThreadPoolExecutor
) -> None:
    """The second is told, and the release stays the first one's."""
    store.write(lambda tx: newsletters.save(tx, weekly()))
    issue_id = store.write(lambda tx: issues.build(tx, SLUG, PERIOD, words={}, now=NOW)).id
    begin = partial(issues.advance, issue_id=issue_id, event=IssueMove.RELEASE)

    with pytest.raises(InvalidMove):
        meet(
            (other_store, partial(begin, releasing_node=NODE)),
            (store, partial(begin, releasing_node="node-b")),
            thread,
        )

    assert store.read(issues.releasing) == [(issue_id, NODE)]


def test_two_processes_build_at_the_same_moment(
    store: Store, other_store: Store, thread: ThreadPoolExecutor
) -> None:
    """There is one issue, and both have it."""
    store.write(lambda tx: newsletters.save(tx, weekly()))
    build = partial(issues.build, newsletter_slug=SLUG, period=PERIOD, words={}, now=NOW)

    built = meet((other_store, build), (store, build), thread)

    assert [row["id"] for row in store.rows("issue")] == [built.id]
