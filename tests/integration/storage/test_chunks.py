"""Chunks: nobody else gets what is claimed, and what is given back is due when its next copy is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from functools import partial

import pytest

from mailer.domain.delivery import DeliveryState
from mailer.domain.issue import IssueMove, IssueState
from mailer.domain.outcome import Accepted, Deferred, Stage, Unknown
from mailer.storage import Transaction, chunks, deliveries, freeze, issues, newsletters, readers
from mailer.storage.chunks import Chunk, DueCopy
from mailer.storage.tables import issue
from tests.integration.storage import scene
from tests.integration.storage.scene import (
    EN,
    LATER,
    NODE,
    NOW,
    OTHER_NODE,
    RU,
    Store,
    add_reader,
    begin_release,
    claimed,
    released_to,
    weekly,
)

MOMENT = timedelta(milliseconds=1)


def claim(store: Store, owner: str = NODE, now: datetime = NOW) -> tuple[Chunk, list[DueCopy]] | None:
    return store.write(lambda tx: scene.claim(tx, owner, now))


def let_go(store: Store, chunk: Chunk, owner: str = NODE, now: datetime = NOW) -> datetime | None:
    """Give a chunk back; return when it is due again."""
    store.write(lambda tx: chunks.let_go(tx, chunk.id, owner, now))
    due: datetime | None = store.rows("chunk", id=chunk.id)[0]["next_at"]
    return due


def test_a_claim_brings_the_copies_that_are_due(store: Store) -> None:
    """By reader, with what is needed to send them; the chunk is owned under a new epoch."""
    issue_id = store.write(lambda tx: released_to(tx, 3))

    chunk, copies = store.write(claimed)

    stored = {row["id"]: row for row in store.rows("reader")}
    assert copies == [
        DueCopy(chunk, number, DeliveryState.QUEUED, 0, row["public_id"], row["sealed_address"])
        for number, row in sorted(stored.items())
    ]
    row = store.rows("chunk")[0]
    assert chunk == Chunk(row["id"], issue_id, row["edition_id"], 1, row["provider_group"])
    assert (row["owner"], row["epoch"]) == (NODE, 1)


def test_what_is_claimed_is_not_claimed_again(store: Store) -> None:
    """Until it is given back; each claim raises the epoch."""
    store.write(lambda tx: released_to(tx, 1))
    chunk, _ = store.write(claimed)

    assert claim(store, OTHER_NODE) is None
    let_go(store, chunk)
    again = claim(store, OTHER_NODE)

    assert again is not None
    assert (again[0].id, again[0].epoch) == (chunk.id, chunk.epoch + 1)


def test_two_claimers_never_get_the_same_copy(store: Store, other_store: Store) -> None:
    """Many at once, from two processes, until nothing is left."""

    def many_chunks(tx: Transaction) -> None:
        newsletters.save(tx, weekly())
        for number in range(40):
            add_reader(tx, number, group=f"group {number}")
        allotment = begin_release(tx)
        freeze.write_slice(tx, allotment, 0)
        issues.advance(tx, allotment.issue_id, IssueMove.FREEZE_DONE)

    store.write(many_chunks)

    async def take_all(number: int) -> list[int]:
        database = (store.database, other_store.database)[number % 2]
        taken = []
        while found := await database.write(lambda tx: scene.claim(tx, f"node-{number}", NOW)):
            taken += [copy.reader_id for copy in found[1]]
        return taken

    async def play() -> list[list[int]]:
        return await asyncio.gather(*(take_all(number) for number in range(6)))

    taken = [reader_id for one in store.run(play()) for reader_id in one]

    assert sorted(taken) == [row["id"] for row in store.rows("reader")]


@pytest.mark.parametrize("state", sorted(set(IssueState) - {IssueState.RELEASED}))
def test_only_released_issues_are_sent(store: Store, state: IssueState) -> None:
    """Not one that is still being frozen, nor a paused or cancelled one."""
    issue_id = store.write(lambda tx: released_to(tx, 1))
    store.write(partial(set_state, issue_id=issue_id, state=state))

    assert claim(store) is None
    store.write(lambda tx: set_state(tx, issue_id, IssueState.RELEASED))
    assert claim(store) is not None


def test_what_is_not_due_is_not_claimed(store: Store) -> None:
    """A chunk is due from its next_at on."""
    store.write(lambda tx: released_to(tx, 1))

    assert claim(store, now=NOW - MOMENT) is None
    assert claim(store, now=NOW) is not None


def test_a_finished_chunk_is_not_claimed(store: Store) -> None:
    """Once all of it is settled it is never due again."""
    store.write(lambda tx: released_to(tx, 1))
    chunk, (copy,) = store.write(claimed)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    store.write(lambda tx: deliveries.settle(tx, copy, Accepted(Stage.DOT, "250 Ok"), NOW))

    assert let_go(store, chunk) is None
    assert claim(store, now=NOW + timedelta(days=365)) is None


def test_the_chunk_that_waits_longest_goes_first(store: Store) -> None:
    """By next_at, so that retries of one issue do not starve another."""
    store.write(two_languages)
    (first, _), (second, _) = store.write(claimed), store.write(claimed)

    let_go(store, second, now=NOW)
    let_go(store, first, now=LATER)

    assert store.write(lambda tx: claimed(tx, now=LATER))[0].id == second.id


def test_a_chunk_given_back_untouched_is_due_at_once(store: Store) -> None:
    """Copies not tried are still queued."""
    store.write(lambda tx: released_to(tx, 2))
    chunk, _ = store.write(claimed)

    assert let_go(store, chunk, now=LATER) == LATER
    assert len(store.write(lambda tx: claimed(tx, OTHER_NODE, LATER))[1]) == 2


def test_a_chunk_is_due_when_its_first_copy_is(store: Store) -> None:
    """The earliest of a retry and a resend; a copy that waits for an operator does not count."""
    store.write(lambda tx: released_to(tx, 3))
    chunk, (one, two, three) = store.write(claimed)
    retry_at, resend_at = NOW + timedelta(minutes=7), NOW + timedelta(minutes=3)

    store.write(lambda tx: deliveries.refuse(tx, one, Deferred(Stage.RCPT, "450", retry_at), NOW))
    for copy, due in ((two, resend_at), (three, None)):
        store.write(partial(deliveries.begin, copy=copy, owner=NODE))
        torn = Unknown(Stage.DOT, "reset", due)
        store.write(partial(deliveries.settle, copy=copy, outcome=torn, now=NOW))

    assert let_go(store, chunk) == resend_at
    assert [copy.reader_id for copy in store.write(lambda tx: claimed(tx, now=resend_at))[1]] == [
        two.reader_id
    ]
    assert let_go(store, chunk) == resend_at
    found = store.write(lambda tx: claimed(tx, now=retry_at))[1]
    assert [(copy.reader_id, copy.state, copy.attempts) for copy in found] == [
        (one.reader_id, DeliveryState.DEFERRED, 1),
        (two.reader_id, DeliveryState.UNKNOWN, 1),
    ]


def test_a_chunk_of_which_all_is_held_is_finished(store: Store) -> None:
    """A copy that is not certain and not to be resent is not pending."""
    store.write(lambda tx: released_to(tx, 1))
    chunk, (copy,) = store.write(claimed)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    store.write(lambda tx: deliveries.settle(tx, copy, Unknown(Stage.DOT, "reset", None), NOW))

    assert let_go(store, chunk) is None


def test_only_the_owner_gives_a_chunk_back(store: Store) -> None:
    """A node that was taken for dead frees nothing that another has claimed."""
    store.write(lambda tx: released_to(tx, 1))
    chunk, _ = store.write(claimed)

    let_go(store, chunk, OTHER_NODE)

    assert store.rows("chunk")[0]["owner"] == NODE
    assert store.read(lambda tx: chunks.owned_by(tx, [NODE, OTHER_NODE])) == [(chunk, NODE)]


def test_a_raised_epoch_takes_the_chunk_away(store: Store) -> None:
    """As pause and cancel do; the owner sees it before the next body."""
    issue_id = store.write(lambda tx: released_to(tx, 1))
    chunk, (copy,) = store.write(claimed)
    assert store.read(lambda tx: chunks.is_held(tx, chunk, NODE))
    assert not store.read(lambda tx: chunks.is_held(tx, chunk, OTHER_NODE))

    store.write(lambda tx: chunks.raise_epochs(tx, issue_id))

    assert not store.read(lambda tx: chunks.is_held(tx, chunk, NODE))
    assert not store.write(lambda tx: deliveries.begin(tx, copy, NODE))


def test_a_reader_who_is_gone_is_shown_without_address(store: Store) -> None:
    """The worker leaves the copy out."""
    store.write(lambda tx: released_to(tx, 2))
    forgotten, erased = (row["id"] for row in store.rows("reader"))
    store.write(lambda tx: readers.forget_address(tx, forgotten))
    store.write(lambda tx: readers.end_subscription(tx, erased, "weekly"))

    _, copies = store.write(claimed)

    assert [copy.sealed_address for copy in copies] == [None, None]
    assert [copy.public_id is None for copy in copies] == [False, True]


def two_languages(tx: Transaction) -> None:
    newsletters.save(tx, weekly())
    for number, language in enumerate((RU, EN)):
        add_reader(tx, number, language=language)
    allotment = begin_release(tx)
    freeze.write_slice(tx, allotment, 0)
    issues.advance(tx, allotment.issue_id, IssueMove.FREEZE_DONE)


def set_state(tx: Transaction, issue_id: int, state: IssueState) -> None:
    tx.execute(issue.update().where(issue.c.id == issue_id).values(state=state))
