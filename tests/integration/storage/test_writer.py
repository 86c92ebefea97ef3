"""The writer: many units share one commit, and none of them suffers from another's failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from functools import partial

import pytest
from sqlalchemy import text

from mailer.domain.content import LetterKind
from mailer.errors import InvalidMove, StorageError
from mailer.storage import Database, Transaction, letters, open_database
from tests.integration.storage.scene import NOW, Store

CONFIRM = LetterKind.CONFIRM


def note(number: int) -> Callable[[Transaction], int]:
    """Return a unit that stores *number* and returns it."""

    def unit(tx: Transaction) -> int:
        letters.count(tx, number.to_bytes(32, "big"), CONFIRM, NOW)
        return number

    return unit


def fail(tx: Transaction) -> int:
    """Store something and then find that it can't be."""
    note(999)(tx)
    raise InvalidMove("not so")


def noted(store: Store) -> list[int]:
    return [int.from_bytes(row["address_index"], "big") for row in store.rows("letter_count")]


async def in_one_batch(
    database: Database, units: Iterable[Callable[[Transaction], int]], *, last_is_urgent: bool = False
) -> list[int | BaseException]:
    """Submit *units* while the writer is busy, so that it finds all of them together."""
    busy, go_on = threading.Event(), threading.Event()

    def occupy(tx: Transaction) -> int:
        busy.set()
        go_on.wait(10)
        return -1

    first = asyncio.ensure_future(database.write(occupy))
    await asyncio.to_thread(busy.wait, 10)
    *usual, last = units
    waiting = [asyncio.ensure_future(database.write(unit)) for unit in usual]
    waiting.append(asyncio.ensure_future(database.write(last, urgent=last_is_urgent)))
    await asyncio.sleep(0)
    go_on.set()
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


def test_units_that_wait_share_a_commit(store: Store) -> None:
    """In the order in which they were submitted; each gets its own answer."""
    commits = store.database.commits

    answers = store.run(in_one_batch(store.database, map(note, range(50))))

    assert answers == noted(store) == list(range(50))
    assert store.database.commits == commits + 2


def test_a_failing_unit_disturbs_no_other(store: Store) -> None:
    """It leaves nothing behind and hears why; the rest of its batch is written."""
    answers = store.run(in_one_batch(store.database, [note(1), fail, note(2), fail, note(3)]))

    assert [answer if isinstance(answer, int) else type(answer) for answer in answers] == [
        1,
        InvalidMove,
        2,
        InvalidMove,
        3,
    ]
    assert noted(store) == [1, 2, 3]


def test_a_unit_that_the_database_refuses_disturbs_no_other(store: Store) -> None:
    """On PostgreSQL a refused statement ends its whole transaction."""

    def refused(tx: Transaction) -> int:
        tx.execute(text("INSERT INTO letter_count (id) VALUES (1)"))
        return 0

    answers = store.run(in_one_batch(store.database, [note(1), refused, note(2)]))

    assert [isinstance(answer, int) for answer in answers] == [True, False, True]
    assert noted(store) == [1, 2]


def test_urgent_units_go_first(store: Store) -> None:
    """Letters and sign-ups do not wait behind a release."""
    store.run(in_one_batch(store.database, map(note, range(300)), last_is_urgent=True))

    assert noted(store)[0] == 299
    assert noted(store)[1:] == list(range(299))


def test_closing_finishes_what_was_submitted(store: Store, database_url: str) -> None:
    """Nothing that was taken is lost."""

    async def scene() -> list[int]:
        database = open_database(database_url)
        waiting = [asyncio.ensure_future(database.write(note(number))) for number in range(300)]
        await asyncio.sleep(0)
        await database.close()
        return await asyncio.gather(*waiting)

    assert store.run(scene()) == noted(store) == list(range(300))


def test_a_unit_nobody_waits_for_any_more_is_still_written(store: Store) -> None:
    """Who was cancelled may not know whether it was; the answer of others is theirs."""

    async def scene() -> int:
        given_up = asyncio.ensure_future(store.database.write(note(1)))
        await asyncio.sleep(0)
        given_up.cancel()
        return await store.database.write(note(2))

    assert store.run(scene()) == 2
    assert noted(store) == [1, 2]


@pytest.mark.parametrize("was_used", [True, False], ids=["used before", "never used"])
def test_a_closed_database_says_so(store: Store, database_url: str, was_used: bool) -> None:  # noqa: FBT001 - a table
    """Reading or writing does not wait for ever, nor open it again."""

    async def scene() -> None:
        database = open_database(database_url)
        if was_used:
            await database.write(note(1))
            await database.read(partial(letters.sent_at, address_index=bytes(32), kind=CONFIRM))
        await database.close()
        with pytest.raises(StorageError, match="the database was closed; start the program again"):
            await database.write(note(2))
        with pytest.raises(StorageError, match="the database was closed; start the program again"):
            await database.read(letters.waiting)
        await database.close()

    store.run(scene())

    assert noted(store) == [1] * was_used
