"""Halts: what stands still is not claimed, what was claimed can't go out, and resume ends it."""

from __future__ import annotations

from functools import partial

import pytest
from sqlalchemy import select, update

from mailer.domain.outcome import Stage
from mailer.storage import Transaction, chunks, halts, issues, newsletters
from mailer.storage.halts import Halt
from mailer.storage.tables import chunk
from tests.integration.storage.scene import NODE, NOW, PERIOD, SLUG, Store, add_reader, release, weekly

GROUPS = ("gmail", "mail.ru", "other")


@pytest.fixture
def issue_id(store: Store) -> int:
    """A released issue with one chunk for each of three provider groups."""

    def work(tx: Transaction) -> int:
        newsletters.save(tx, weekly())
        for number, group in enumerate(GROUPS):
            add_reader(tx, number, group=group)
        return release(tx)

    return store.write(work)


def a_halt(issue_id: int, group: str | None) -> Halt:
    return Halt(issue_id, group, Stage.DOT, "550 5.7.26 unauthenticated", NOW)


def free_groups(store: Store) -> set[str]:
    statement = select(chunk.c.provider_group).where(halts.not_halted())
    return store.read(lambda tx: set(tx.scalars(statement)))


def test_a_group_that_is_halted_is_not_claimed(store: Store, issue_id: int) -> None:
    """The others are."""
    store.write(lambda tx: halts.add(tx, a_halt(issue_id, "gmail")))

    assert free_groups(store) == {"mail.ru", "other"}


def test_an_issue_that_is_halted_is_not_claimed(store: Store, issue_id: int) -> None:
    """None of its groups."""
    store.write(lambda tx: halts.add(tx, a_halt(issue_id, None)))

    assert free_groups(store) == set()


def test_another_issue_is_not_halted_with_it(store: Store, issue_id: int) -> None:
    """What one issue's copies are refused for need not be in the other's."""

    def move_to_another_issue(tx: Transaction) -> None:
        other = issues.build(tx, SLUG, PERIOD.previous, words={}, now=NOW)
        tx.execute(update(chunk).where(chunk.c.provider_group == "other").values(issue_id=other.id))

    store.write(move_to_another_issue)

    store.write(lambda tx: halts.add(tx, a_halt(issue_id, None)))

    assert free_groups(store) == {"other"}


@pytest.mark.parametrize(("group", "raised"), [("gmail", ["gmail"]), (None, list(GROUPS))])
def test_a_halt_takes_effect_before_the_next_body(
    store: Store, issue_id: int, group: str | None, raised: list[str]
) -> None:
    """Copies that were claimed before can't go in flight: the epochs of their chunks are raised."""
    claimed = [store.write(lambda tx: chunks.claim(tx, NODE, NOW)) for _ in GROUPS]
    held = {chunk.id: chunk for chunk in filter(None, claimed)}

    store.write(lambda tx: halts.add(tx, a_halt(issue_id, group)))

    rows = store.rows("chunk")
    still = store.read(lambda tx: {number for number, each in held.items() if chunks.is_held(tx, each, NODE)})
    assert sorted(row["provider_group"] for row in rows if row["id"] not in still) == sorted(raised)


def test_a_halt_is_set_once_and_keeps_its_first_reason(store: Store, issue_id: int) -> None:
    """Another process that finds the same later changes nothing that people read."""
    first = a_halt(issue_id, "gmail")

    added = [
        store.write(partial(halts.add, halt=halt))
        for halt in (first, Halt(issue_id, "gmail", Stage.RCPT, "another", NOW), a_halt(issue_id, None))
    ]

    assert added == [True, False, True]
    assert store.read(lambda tx: halts.of_issue(tx, issue_id)) == [a_halt(issue_id, None), first]


def test_resuming_frees_everything(store: Store, issue_id: int) -> None:
    """Every halt of the issue goes at once."""
    for group in (None, "gmail"):
        store.write(partial(halts.add, halt=a_halt(issue_id, group)))

    assert store.write(lambda tx: halts.remove(tx, issue_id)) == 2

    assert free_groups(store) == set(GROUPS)
    assert store.write(lambda tx: halts.remove(tx, issue_id)) == 0
