"""Issues: one regular one per period whoever builds it, and every move is made by one process only."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from itertools import product

import pytest

from mailer.domain.delivery import SkipReason
from mailer.domain.issue import MOVES, Issue, IssueKind, IssueMove, IssueState, IssueWords
from mailer.errors import InvalidMove, NotFound
from mailer.storage import Transaction, chunks, deliveries, issues, newsletters
from mailer.storage.tables import issue as table
from tests.integration.storage.scene import (
    BE,
    EN,
    LATER,
    NODE,
    NOW,
    PERIOD,
    SLUG,
    Store,
    claimed,
    released_to,
    weekly,
)


@pytest.fixture(autouse=True)
def newsletter(store: Store) -> None:
    """The newsletter they belong to."""
    store.write(lambda tx: newsletters.save(tx, weekly()))


def built(tx: Transaction, **words: dict[str, str]) -> Issue:
    said = {{"be": BE, "en": EN}[tag]: written for tag, written in words.items()}
    return issues.build(tx, SLUG, PERIOD, words=said, now=NOW)


def in_state(store: Store, state: IssueState) -> int:
    issue = store.write(built)
    store.write(lambda tx: tx.execute(table.update().values(state=state)).rowcount)
    return issue.id


def test_a_built_issue_is_a_draft(store: Store) -> None:
    """With its period, its words and the time it was built."""
    said = {"subject": "Тэма", "preheader": "Анонс", "opening_note": "Уступ"}

    issue = store.write(lambda tx: built(tx, be=said))

    words = {BE: IssueWords("Тэма", "Анонс", "Уступ")}
    assert issue == Issue(issue.id, SLUG, IssueKind.REGULAR, PERIOD, IssueState.DRAFT, NOW, words)
    assert store.read(lambda tx: issues.get(tx, issue.id)) == issue


def test_building_again_puts_in_what_changed(store: Store) -> None:
    """The same number; words in other languages stay."""
    first = store.write(lambda tx: built(tx, be={"subject": "Тэма"}))

    second = store.write(lambda tx: built(tx, en={"subject": "Subject"}))

    assert (second.id, second.words) == (first.id, {BE: IssueWords("Тэма"), EN: IssueWords("Subject")})


def test_what_is_not_named_stays_as_it_was_said(store: Store) -> None:
    """A notice put in later leaves the subject alone; an empty one takes it away."""
    store.write(lambda tx: built(tx, be={"subject": "Тэма", "preheader": "Анонс"}))

    changed = store.write(lambda tx: built(tx, be={"closing_notices": "Дзякуй", "preheader": ""}))

    assert changed.words == {BE: IssueWords("Тэма", closing_notices="Дзякуй")}


def test_any_number_of_processes_may_build_the_same_issue(store: Store, other_store: Store) -> None:
    """There is one regular issue per newsletter and period."""

    async def scene() -> list[Issue]:
        databases = [store.database, other_store.database] * 8
        return await asyncio.gather(*(database.write(built) for database in databases))

    assert len({issue.id for issue in store.run(scene())}) == 1
    assert len(store.rows("issue")) == 1


def test_what_has_left_the_draft_is_not_built_again(store: Store) -> None:
    """The sentence names period and state."""
    in_state(store, IssueState.PAUSED)

    with pytest.raises(
        InvalidMove, match="the issue for 2026-W47 is paused already; it can't be built again"
    ):
        store.write(built)


def test_after_a_rehearsal_the_issue_is_built_anew(store: Store) -> None:
    """A rehearsal takes no place; the regular issue counts, and before it the newest rehearsal."""
    rehearsal = store.write(built)
    store.write(lambda tx: issues.set_kind(tx, rehearsal.id, IssueKind.REHEARSAL))

    found = store.read(lambda tx: issues.of_period(tx, SLUG, PERIOD))
    regular = store.write(built)

    assert found is not None
    assert found.id == rehearsal.id != regular.id
    assert store.read(lambda tx: issues.of_period(tx, SLUG, PERIOD)) == regular
    assert store.read(lambda tx: issues.newest(tx, SLUG, 1)) == [regular]


def test_a_move_that_is_not_allowed_stores_nothing(store: Store) -> None:
    """Neither the state nor what was to be set with it; every allowed move is stored."""
    for state, event in product(IssueState, IssueMove):
        issue_id = in_state(store, state)
        after = MOVES.get((state, event))

        try:
            moved: IssueState | None = store.write(
                partial(issues.advance, issue_id=issue_id, event=event, released_at=LATER)
            ).state
        except InvalidMove:
            moved = None

        assert moved is after, (state, event)
        row = store.rows("issue")[0]
        assert (row["state"], row["released_at"]) == ((after, LATER) if after else (state, None))
        store.write(lambda tx: tx.execute(table.delete()).rowcount)


def test_a_release_is_begun_by_one_process_only(store: Store, other_store: Store) -> None:
    """Of many that try at the same moment one wins, the others hear InvalidMove."""
    issue_id = store.write(built).id

    async def begin(number: int) -> bool:
        database = (store.database, other_store.database)[number % 2]
        try:
            await database.write(
                lambda tx: issues.advance(tx, issue_id, IssueMove.RELEASE, releasing_node=f"node-{number}")
            )
        except InvalidMove:
            return False
        return True

    async def scene() -> list[bool]:
        return await asyncio.gather(*(begin(number) for number in range(10)))

    won = store.run(scene())

    assert sum(won) == 1
    assert store.read(issues.releasing) == [(issue_id, f"node-{won.index(True)}")]


def test_an_issue_that_is_not_there_is_named(store: Store) -> None:
    """By its number."""
    with pytest.raises(NotFound, match="there is no issue 7"):
        store.read(lambda tx: issues.get(tx, 7))


def test_an_issue_is_sent_when_no_copy_is_open(store: Store) -> None:
    """Not while a chunk is owned or a copy waits."""
    issue_id = store.write(lambda tx: released_to(tx, 1))
    _, (copy,) = store.write(claimed)
    assert store.read(issues.done) == []

    store.write(lambda tx: deliveries.skip(tx, copy, SkipReason.UNSENDABLE, NOW))
    assert store.read(issues.done) == []
    store.write(lambda tx: chunks.let_go(tx, copy.chunk.id, NODE, NOW))

    assert store.read(issues.done) == [issue_id]
    store.write(issues.finish_done)
    assert store.read(lambda tx: issues.get(tx, issue_id)).state is IssueState.SENT


def test_only_released_issues_are_finished(store: Store) -> None:
    """A paused one goes on later, a draft has not begun."""
    for state in set(IssueState) - {IssueState.RELEASED}:
        in_state(store, state)
        store.write(issues.finish_done)

        assert store.rows("issue")[0]["state"] is state
        store.write(lambda tx: tx.execute(table.delete()).rowcount)


@pytest.mark.parametrize(
    ("state", "is_late"),
    [
        (IssueState.RELEASED, True),
        (IssueState.PAUSED, True),
        (IssueState.DRAFT, False),
        (IssueState.SENT, False),
    ],
)
def test_what_is_past_its_deadline(
    store: Store,
    state: IssueState,
    is_late: bool,  # noqa: FBT001 - a table
) -> None:
    """From the deadline on, and only what may still have copies to send."""
    issue_id = in_state(store, state)
    store.write(lambda tx: tx.execute(table.update().values(deadline_at=LATER)).rowcount)

    before = store.read(lambda tx: issues.past_deadline(tx, LATER - timedelta(milliseconds=1)))
    after = store.read(lambda tx: issues.past_deadline(tx, LATER))

    assert (before, after) == ([], [issue_id] if is_late else [])


def test_an_unknown_newsletter_has_no_issues(store: Store) -> None:
    """Nothing is mixed up between newsletters."""
    store.write(built)

    assert store.read(lambda tx: issues.of_period(tx, "other", PERIOD)) is None
    assert store.read(lambda tx: issues.newest(tx, "other", 5)) == []
