"""The ledger: every step of a copy is a compare-and-set, and the chunk counts along with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from mailer.domain.delivery import DeliveryState, SkipReason, state_after
from mailer.domain.issue import IssueMove
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.subscription import Standing
from mailer.storage import Transaction, books, chunks, deliveries, fates, issues, newsletters, readers
from mailer.storage.chunks import DueCopy
from mailer.storage.fates import Fate
from mailer.storage.tables import chunk as chunk_table
from mailer.storage.tables import delivery, issue
from tests.integration.storage import scene
from tests.integration.storage.scene import (
    LATER,
    NODE,
    NOW,
    OTHER_NODE,
    SLUG,
    Store,
    claimed,
    released_to,
    weekly,
)

QUEUED, INFLIGHT, ACCEPTED, DEFERRED, FAILED, SKIPPED, UNKNOWN = DeliveryState
ACCEPT = Accepted(Stage.DOT, "250 Ok")
DEFER = Deferred(Stage.RCPT, "450 Later", LATER)
FAIL = Failed(Stage.RCPT, "550 Gone", Blame.READER)
TEAR = Unknown(Stage.DOT, "reset", LATER)
HOLD = Unknown(Stage.DOT, "reset", None)
OUTCOMES = (ACCEPT, DEFER, FAIL, TEAR, HOLD)
BEFORE = (QUEUED, DEFERRED, UNKNOWN)


def due_copies(store: Store, state: DeliveryState, count: int = 1) -> list[DueCopy]:
    """Return the copies of a new issue, in one chunk, claimed when they were *state*."""

    def work(tx: Transaction) -> list[DueCopy]:
        released_to(tx, count)
        chunk, copies = claimed(tx)
        if state is QUEUED:
            return copies
        for copy in copies:
            if state is DEFERRED:
                deliveries.refuse(tx, copy, DEFER, NOW)
            else:
                deliveries.begin(tx, copy, NODE)
                deliveries.settle(tx, copy, TEAR, NOW)
        chunks.let_go(tx, chunk.id, NODE, NOW)
        return claimed(tx, now=LATER)[1]

    return store.write(work)


def due_copy(store: Store, state: DeliveryState) -> DueCopy:
    """Return the only copy of a new issue, claimed when it was *state*."""
    (copy,) = due_copies(store, state)
    return copy


def each_outcome(store: Store, before: DeliveryState) -> list[tuple[DueCopy, Outcome]]:
    """Return a copy that was *before* for every outcome."""
    return list(zip(due_copies(store, before, len(OUTCOMES)), OUTCOMES, strict=True))


def attempt(tx: Transaction, copy: DueCopy, outcome: Outcome) -> bool:
    """Begin a copy and settle it."""
    return deliveries.begin(tx, copy, NODE) and deliveries.settle(tx, copy, outcome, LATER)


def row(store: Store, copy: DueCopy) -> Mapping[str, Any]:
    (found,) = store.rows("delivery", reader_id=copy.reader_id)
    return found


def state_of(store: Store, copy: DueCopy) -> DeliveryState:
    """Return a copy's state, having seen that rows and counters agree on all of them."""
    (chunk,) = store.rows("chunk")
    counted = Counter(each["state"] for each in store.rows("delivery"))
    assert {name: chunk[name] for name in DeliveryState if chunk[name]} == counted
    state: DeliveryState = row(store, copy)["state"]
    return state


@pytest.mark.parametrize("before", BEFORE)
def test_begin_marks_a_copy_in_flight(store: Store, before: DeliveryState) -> None:
    """Before the first byte of its body, whatever it was; the try is counted."""
    copy = due_copy(store, before)

    assert store.write(lambda tx: deliveries.begin(tx, copy, NODE))

    assert state_of(store, copy) is INFLIGHT
    assert (row(store, copy)["attempts"], row(store, copy)["next_at"]) == (copy.attempts + 1, None)


@pytest.mark.parametrize("before", BEFORE)
def test_begin_repeated_by_its_owner_changes_nothing(store: Store, before: DeliveryState) -> None:
    """The answer to the commit may have been lost; nobody else may begin it."""
    copy = due_copy(store, before)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    begun = store.contents()

    assert store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    assert not store.write(lambda tx: deliveries.begin(tx, copy, OTHER_NODE))
    assert store.contents() == begun


@pytest.mark.parametrize("before", BEFORE)
def test_begin_is_fenced(store: Store, before: DeliveryState) -> None:
    """Not under another owner, an older epoch or an older count of tries, nor after a pause."""
    copy = due_copy(store, before)
    older = copy._replace(chunk=replace(copy.chunk, epoch=copy.chunk.epoch - 1))

    assert not store.write(lambda tx: deliveries.begin(tx, copy, OTHER_NODE))
    assert not store.write(lambda tx: deliveries.begin(tx, older, NODE))
    assert not store.write(lambda tx: deliveries.begin(tx, copy._replace(attempts=copy.attempts + 1), NODE))
    store.write(lambda tx: chunks.raise_epochs(tx, copy.chunk.issue_id))
    assert not store.write(lambda tx: deliveries.begin(tx, copy, NODE))

    assert state_of(store, copy) is before


@pytest.mark.parametrize("before", BEFORE)
def test_settle_writes_what_an_attempt_ended_in(store: Store, before: DeliveryState) -> None:
    """For every outcome: state, reply, when it is due again, and evidence unless it was accepted."""
    for copy, outcome in each_outcome(store, before):
        assert store.write(partial(attempt, copy=copy, outcome=outcome))

        check_written(store, copy, outcome)


@pytest.mark.parametrize("before", BEFORE)
def test_refuse_writes_an_attempt_without_a_body(store: Store, before: DeliveryState) -> None:
    """The same, though the copy was never in flight."""
    for copy, outcome in each_outcome(store, before):
        assert store.write(partial(deliveries.refuse, copy=copy, outcome=outcome, now=LATER))

        check_written(store, copy, outcome)


def check_written(store: Store, copy: DueCopy, outcome: Outcome) -> None:
    assert state_of(store, copy) is state_after(outcome, copy.state)
    found, number = row(store, copy), copy.attempts + 1
    due = {DEFER: DEFER.retry_at, TEAR: TEAR.resend_at}.get(outcome)
    assert (found["attempts"], found["reply"], found["next_at"]) == (number, outcome.reply, due)
    assert found["settled_at"] == (None if outcome is DEFER else LATER)
    assert found["reason"] == ("reader" if outcome is FAIL else None)
    evidence = store.rows("attempt", reader_id=copy.reader_id, number=number)
    expected = {DEFER: DEFERRED, FAIL: FAILED, TEAR: UNKNOWN, HOLD: UNKNOWN}.get(outcome)
    assert [(each["outcome"], each["stage"], each["reply"]) for each in evidence] == (
        [(expected, outcome.stage, outcome.reply)] if expected else []
    )


@pytest.mark.parametrize("before", BEFORE)
def test_an_outcome_is_written_once(store: Store, before: DeliveryState) -> None:
    """Neither settled again nor refused after it was settled."""
    for copy, outcome in each_outcome(store, before):
        store.write(partial(attempt, copy=copy, outcome=outcome))
        settled = store.contents()

        assert not store.write(partial(settle_or_refuse_again, copy=copy))

        assert store.contents() == settled


def settle_or_refuse_again(tx: Transaction, copy: DueCopy) -> bool:
    ways = (deliveries.settle, deliveries.refuse)
    written = [write(tx, copy, outcome, LATER) for outcome in OUTCOMES for write in ways]
    return any(written)


@pytest.mark.parametrize("before", BEFORE)
def test_what_was_not_begun_is_not_settled(store: Store, before: DeliveryState) -> None:
    """An outcome needs an attempt."""
    copy = due_copy(store, before)

    assert not store.write(lambda tx: deliveries.settle(tx, copy, ACCEPT, LATER))
    assert state_of(store, copy) is before


@pytest.mark.parametrize("before", BEFORE)
def test_a_copy_in_flight_of_a_dead_node_becomes_unknown(store: Store, before: DeliveryState) -> None:
    """It may have arrived; it is resent once, and what its sender says later counts no more."""
    copy = due_copy(store, before)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))

    torn = store.write(lambda tx: deliveries.recover(tx, copy.chunk.id, NOW, resend_at=LATER))

    assert torn == 1
    assert state_of(store, copy) is UNKNOWN
    assert row(store, copy)["next_at"] == LATER
    evidence = store.rows("attempt")[-1]
    assert (evidence["number"], evidence["outcome"], evidence["stage"]) == (
        copy.attempts + 1,
        UNKNOWN,
        Stage.DOT,
    )
    recovered = store.contents()
    assert not store.write(lambda tx: settle_or_refuse_again(tx, copy))
    assert not store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    assert store.contents() == recovered


def test_recovering_leaves_what_was_not_in_flight(store: Store) -> None:
    """Queued copies are provably unsent; recovering again finds nothing."""
    store.write(lambda tx: released_to(tx, 3))
    chunk, (one, two, _) = store.write(claimed)
    store.write(lambda tx: deliveries.begin(tx, one, NODE))
    store.write(lambda tx: deliveries.refuse(tx, two, DEFER, NOW))

    counts = [
        store.write(lambda tx: deliveries.recover(tx, chunk.id, NOW, resend_at=LATER)) for _ in range(2)
    ]

    assert counts == [1, 0]
    assert [each["state"] for each in store.rows("delivery")] == [UNKNOWN, DEFERRED, QUEUED]


def test_what_a_resend_ends_in_after_its_node_died_is_refused(store: Store) -> None:
    """The first sender wakes up when another has the copy in flight: its outcome is not of this try."""
    copy = due_copy(store, QUEUED)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    store.write(lambda tx: deliveries.recover(tx, copy.chunk.id, NOW, resend_at=LATER))
    store.write(lambda tx: chunks.let_go(tx, copy.chunk.id, NODE, NOW))
    _, (again,) = store.write(lambda tx: claimed(tx, OTHER_NODE, LATER))
    store.write(lambda tx: deliveries.begin(tx, again, OTHER_NODE))

    assert not store.write(lambda tx: deliveries.settle(tx, copy, ACCEPT, LATER))
    assert store.write(lambda tx: deliveries.settle(tx, again, FAIL, LATER))

    assert state_of(store, copy) is UNKNOWN


def test_a_copy_torn_by_one_death_after_another_is_resent_so_often_and_no_more(store: Store) -> None:
    """A resend that another crash tore goes once more; a copy that kills its sender does not go for ever."""
    now = LATER
    due_copy(store, QUEUED)
    (number,) = [row["id"] for row in store.rows("chunk")]
    store.write(lambda tx: chunks.let_go(tx, number, NODE, now))

    deaths = 0
    while (found := store.write(lambda tx: scene.claim(tx, NODE, now))) is not None:  # noqa: B023 - called at once
        _, (copy,) = found
        store.write(lambda tx: deliveries.begin(tx, copy, NODE))  # noqa: B023 - called at once
        now += timedelta(minutes=5)
        store.write(lambda tx: deliveries.recover(tx, number, now, resend_at=now))  # noqa: B023 - called at once
        store.write(lambda tx: chunks.let_go(tx, number, NODE, now))  # noqa: B023 - called at once
        deaths += 1

    assert deaths == deliveries.MOST_DEATHS + 1
    assert [row["state"] for row in store.rows("delivery")] == [UNKNOWN]


@pytest.mark.parametrize(("before", "after"), [(QUEUED, SKIPPED), (DEFERRED, SKIPPED), (UNKNOWN, UNKNOWN)])
def test_who_leaves_gets_no_further_copy(store: Store, before: DeliveryState, after: DeliveryState) -> None:
    """What waits is left out at once; what may have arrived stays uncertain and is not resent."""
    copy = due_copy(store, before)

    skipped = leave(store, copy.reader_id)

    assert skipped == (after is SKIPPED)
    assert state_of(store, copy) is after
    assert row(store, copy)["next_at"] is None
    assert not store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    assert not store.write(lambda tx: deliveries.refuse(tx, copy, DEFER, NOW))
    assert row(store, copy)["next_at"] is None


@pytest.mark.parametrize("before", BEFORE)
def test_who_leaves_while_a_copy_is_in_flight_gets_no_second_try(store: Store, before: DeliveryState) -> None:
    """What the attempt ended in is written; it is not tried again, though the address may still be known."""
    for copy, outcome in each_outcome(store, before):
        store.write(partial(deliveries.begin, copy=copy, owner=NODE))

        assert leave(store, copy.reader_id) == 0
        assert store.write(partial(deliveries.settle, copy=copy, outcome=outcome, now=LATER))

        check_ended(store, copy, outcome, SkipReason.UNSUBSCRIBED)


def test_a_torn_copy_is_not_resent_to_somebody_who_left(store: Store) -> None:
    """Left while it was in flight, and then its node died."""
    copy = due_copy(store, QUEUED)
    store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    leave(store, copy.reader_id)

    store.write(lambda tx: deliveries.recover(tx, copy.chunk.id, NOW, resend_at=LATER))

    assert state_of(store, copy) is UNKNOWN
    assert row(store, copy)["next_at"] is None


def check_ended(store: Store, copy: DueCopy, outcome: Outcome, reason: SkipReason) -> None:
    """See that an outcome was written and leads to no further try."""
    after = state_after(outcome, copy.state)
    assert state_of(store, copy) is (SKIPPED if after is DEFERRED else after)
    assert row(store, copy)["next_at"] is None
    if after is DEFERRED:
        assert row(store, copy)["reason"] == reason
        assert store.rows("chunk")[0]["deferred_attempts"] >= 1


def test_leaving_one_newsletter_keeps_the_copies_of_another(store: Store) -> None:
    """A reader may have several."""
    copy = due_copy(store, QUEUED)
    store.write(lambda tx: newsletters.save(tx, weekly("other")))

    assert store.write(lambda tx: deliveries.skip_reader(tx, copy.reader_id, "other", NOW)) == 0
    assert state_of(store, copy) is QUEUED


def test_copies_of_several_issues_are_left_out_together(store: Store) -> None:
    """Two weeks can be under way at once."""
    copy = due_copy(store, QUEUED)

    def release_another(tx: Transaction) -> None:
        number = copy.chunk.issue_id
        values = dict(tx.execute(issue.select().where(issue.c.id == number)).mappings().one())
        tx.execute(issue.insert().values(values | {"id": number + 1, "period": "2026-W48"}))
        for table in (delivery, chunk_table):
            stored = dict(tx.execute(table.select().where(table.c.issue_id == number)).mappings().one())
            changed = {"issue_id": number + 1, "id": 2, "chunk_id": 2}
            tx.execute(
                table.insert().values(stored | {name: changed[name] for name in changed if name in stored})
            )

    store.write(release_another)

    assert leave(store, copy.reader_id) == 2
    assert [each["state"] for each in store.rows("delivery")] == [SKIPPED, SKIPPED]
    assert [(each["queued"], each["skipped"]) for each in store.rows("chunk")] == [(0, 1), (0, 1)]


def leave(store: Store, reader_id: int) -> int:
    """End a subscription as the audience room does, in one transaction."""

    def work(tx: Transaction) -> int:
        readers.set_standing(tx, reader_id, SLUG, Standing.UNSUBSCRIBED)
        return deliveries.skip_reader(tx, reader_id, SLUG, NOW)

    return store.write(work)


def test_an_unsubscribe_is_noted_once(store: Store) -> None:
    """By the link of this copy, however often it is pressed."""
    copy = due_copy(store, QUEUED)
    issue_id = copy.chunk.issue_id

    for _ in range(3):
        store.write(lambda tx: deliveries.note_unsubscribe(tx, issue_id, copy.reader_id))
    store.write(lambda tx: deliveries.note_unsubscribe(tx, issue_id, copy.reader_id + 1))
    store.write(lambda tx: deliveries.note_unsubscribe(tx, issue_id + 1, copy.reader_id))

    assert row(store, copy)["unsubscribed"] is True
    assert [each["unsubscribed"] for each in store.rows("chunk")] == [1]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [(QUEUED, SKIPPED, "deadline"), (DEFERRED, FAILED, "deadline"), (UNKNOWN, UNKNOWN, None)],
)
def test_the_deadline_ends_what_waits(
    store: Store, before: DeliveryState, after: DeliveryState, reason: str | None
) -> None:
    """Queued copies were left out, deferred ones refused until the deadline, uncertain ones stay so."""
    copy = due_copy(store, before)

    store.write(lambda tx: deliveries.close_waiting(tx, copy.chunk.issue_id, LATER, deadline=True))

    check_closed(store, copy, after, reason)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [(QUEUED, SKIPPED, "cancelled"), (DEFERRED, SKIPPED, "cancelled"), (UNKNOWN, UNKNOWN, None)],
)
def test_cancelling_leaves_out_what_waits(
    store: Store, before: DeliveryState, after: DeliveryState, reason: str | None
) -> None:
    """Nobody is said to have refused it."""
    copy = due_copy(store, before)

    store.write(lambda tx: deliveries.close_waiting(tx, copy.chunk.issue_id, LATER, deadline=False))

    check_closed(store, copy, after, reason)


def check_closed(store: Store, copy: DueCopy, after: DeliveryState, reason: str | None) -> None:
    assert state_of(store, copy) is after
    assert (row(store, copy)["reason"], row(store, copy)["next_at"]) == (reason, None)
    assert not store.write(lambda tx: deliveries.begin(tx, copy, NODE))
    assert not store.write(lambda tx: deliveries.refuse(tx, copy, DEFER, LATER))
    store.write(lambda tx: chunks.let_go(tx, copy.chunk.id, NODE, LATER))
    assert store.rows("chunk")[0]["next_at"] is None


@pytest.mark.parametrize("before", BEFORE)
def test_what_is_in_flight_when_an_issue_is_cancelled_settles(store: Store, before: DeliveryState) -> None:
    """Its outcome is a fact; there is no further try."""
    flying = each_outcome(store, before)

    def cancel(tx: Transaction) -> None:
        issue_id = flying[0][0].chunk.issue_id
        for copy, _ in flying:
            deliveries.begin(tx, copy, NODE)
        issues.advance(tx, issue_id, IssueMove.CANCEL)
        deliveries.close_waiting(tx, issue_id, LATER, deadline=False)

    store.write(cancel)

    for copy, outcome in flying:
        assert state_of(store, copy) is INFLIGHT
        assert store.write(partial(deliveries.settle, copy=copy, outcome=outcome, now=LATER))
        check_ended(store, copy, outcome, SkipReason.CANCELLED)


@pytest.mark.parametrize("before", BEFORE)
def test_a_claimed_copy_can_be_left_out(store: Store, before: DeliveryState) -> None:
    """Unless it may have arrived: then it stays uncertain and is not sent again."""
    copy = due_copy(store, before)

    for _ in range(2):
        store.write(lambda tx: deliveries.skip(tx, copy, SkipReason.UNSENDABLE, LATER))

    after = UNKNOWN if before is UNKNOWN else SKIPPED
    assert state_of(store, copy) is after
    assert (row(store, copy)["reason"], row(store, copy)["next_at"]) == (
        None if before is UNKNOWN else "unsendable",
        None,
    )


def test_the_fate_of_a_readers_copies(store: Store) -> None:
    """For the operator who looks a reader up."""
    copy = due_copy(store, DEFERRED)
    store.write(lambda tx: attempt(tx, copy, FAIL))

    found = store.read(lambda tx: fates.of_reader(tx, copy.reader_id, 5))

    expected = Fate(copy.chunk.issue_id, SLUG, "2026-W47", FAILED, 2, "reader", "550 Gone", None, LATER)
    assert found == [expected]
    assert store.read(lambda tx: fates.of_reader(tx, copy.reader_id + 1, 5)) == []


def test_the_books_of_an_issue_without_copies_are_empty(store: Store) -> None:
    """There is nothing to account for."""
    issue_id = store.write(lambda tx: released_to(tx, 0))

    assert store.read(lambda tx: books.by_language(tx, issue_id)) == {}
    assert store.read(lambda tx: books.proven(tx, issue_id)) == {}
