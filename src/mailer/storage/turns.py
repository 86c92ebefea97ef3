"""Turns: what every connection of a sender has to write down before its next body, in one go.

A turn settles a copy that the provider took and marks the next one in flight. Turns of all
connections share a group commit (storage/writer.py), so they are written with few statements on the
driver's own connection: at 15,000 copies a second SQLAlchemy's way to each row would cost more than
the rows. Each is still a compare-and-set that answers for itself. What is rarer than an accepted
copy goes through storage/deliveries.py.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

import orjson

from mailer.domain.delivery import DeliveryState
from mailer.storage.chunks import DueCopy
from mailer.storage.columns import to_milliseconds
from mailer.storage.database import Transaction

Key: TypeAlias = tuple[int, int]
"""(issue, reader) of a copy."""


class Taken(NamedTuple):
    """A copy that the mail provider took: the try that *begin* marked, the masked reply and the time."""

    copy: DueCopy
    reply: str
    at: datetime


def write(
    tx: Transaction, taken: Sequence[Taken], begun: Sequence[DueCopy], owner: str
) -> tuple[Sequence[bool], Sequence[bool]]:
    """Settle what was taken and mark what begins in flight.

    Args:
        tx: a transaction.
        taken: copies that *owner* had in flight; one that another node has called uncertain stays so.
        begun: copies as they were claimed.
        owner: node that holds their chunks.

    Returns:
        Of each that was taken, whether it was settled now; of each that begins, whether it may be sent.
        It may not when its reader left, or its issue was paused or cancelled, or the chunk was taken from
        us, since it was claimed. After a commit whose answer was lost, the same call finds copies in
        flight under our own epoch, which only we can have done, and says again that they may.

    Raises:
        UnevenError: only with several at once; alone, each is told for itself.
    """
    ledger = _LEDGERS[tx.dialect.name]
    moves: _Moves = defaultdict(int)
    held = ledger.held(tx, {copy.chunk.id for copy in begun}, owner) if begun else {}
    settled = ledger.settle(tx, taken) if taken else ()
    for (copy, _, _), is_settled in zip(taken, settled, strict=True):
        if is_settled:
            moves[copy.chunk.id, DeliveryState.INFLIGHT, DeliveryState.ACCEPTED] += 1
    ours = [copy for copy in begun if held.get(copy.chunk.id) == copy.chunk.epoch]
    marked = ledger.mark(tx, ours) if ours else ()
    for copy, is_marked in zip(ours, marked, strict=True):
        if is_marked:
            moves[copy.chunk.id, copy.state, DeliveryState.INFLIGHT] += 1
    _count(tx, moves)
    if len(ours) == len(begun) and all(marked):
        return settled, marked
    may_go = {
        _key(copy) for copy, done in zip(ours, marked, strict=True) if done or ledger.is_marked(tx, copy)
    }
    return settled, [_key(copy) in may_go for copy in begun]


_Moves: TypeAlias = defaultdict[tuple[int, DeliveryState, DeliveryState], int]
"""How many copies of a chunk went from one state to another."""


def _count(tx: Transaction, moves: _Moves) -> None:
    """Bring the chunks' counters up to date, in one order, so that no two processes wait for each other."""
    changes: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for (chunk_id, before, after), copies in moves.items():
        changes[chunk_id][before] -= copies
        changes[chunk_id][after] += copies
    for chunk_id, counted in sorted(changes.items()):
        _LEDGERS[tx.dialect.name].count(tx, chunk_id, [counted[name] for name in _COUNTERS])


_COUNTERS = tuple(state.value for state in DeliveryState)
_ADD = ", ".join(f"{name} = {name} + {{}}" for name in _COUNTERS)


def _key(copy: DueCopy) -> Key:
    return copy.chunk.issue_id, copy.reader_id


class UnevenError(Exception):
    """Some of many rows did not change; the transaction must be rolled back and each turn tried alone."""


class _Sqlite:
    """One statement for all rows, which come as JSON, and its row count.

    Each call of the driver lets go of the interpreter's lock and waits for it again, beside a loop that
    hardly ever sleeps: by row that cost more than the rows. So no row answers for itself here but
    alone (UnevenError); nearly always the count is whole.
    """

    _SETTLE = (
        "UPDATE delivery SET state = 'accepted', settled_at = :at, next_at = NULL, reason = NULL,"
        " reply = json_extract(:replies, '$.' || reader_id)"
        " WHERE issue_id = :issue AND reader_id IN (SELECT key FROM json_each(:replies))"
        " AND state = 'inflight' AND attempts = :attempts"
    )
    _MARK = (
        "UPDATE delivery SET state = 'inflight', attempts = attempts + 1, next_at = NULL"
        " WHERE issue_id = :issue AND reader_id IN (SELECT value FROM json_each(:readers))"
        " AND state = :state AND attempts = :attempts AND (state = 'queued' OR next_at IS NOT NULL)"
    )
    _IS_MARKED = (
        "SELECT 1 FROM delivery WHERE issue_id = ? AND reader_id = ? AND state = 'inflight' AND attempts = ?"
    )
    _HELD = "SELECT epoch FROM chunk WHERE id = ? AND owner = ?"
    _COUNT = f"UPDATE chunk SET {_ADD.format(*'?' * len(_COUNTERS))} WHERE id = ?"  # noqa: S608 - our own names

    def settle(self, tx: Transaction, taken: Sequence[Taken]) -> Sequence[bool]:
        alike: defaultdict[tuple[int, int], dict[str, str]] = defaultdict(dict)
        for copy, reply, _ in taken:
            alike[copy.chunk.issue_id, copy.attempts + 1][str(copy.reader_id)] = reply
        at = to_milliseconds(max(each.at for each in taken))
        changed = 0
        for (issue, attempts), replies in alike.items():
            said = orjson.dumps(replies).decode()
            values = {"issue": issue, "attempts": attempts, "at": at, "replies": said}
            changed += _cursor(tx).execute(self._SETTLE, values).rowcount
        return _all_or_none(changed, len(taken))

    def mark(self, tx: Transaction, copies: Sequence[DueCopy]) -> Sequence[bool]:
        alike: defaultdict[tuple[int, DeliveryState, int], list[int]] = defaultdict(list)
        for copy in copies:
            alike[copy.chunk.issue_id, copy.state, copy.attempts].append(copy.reader_id)
        changed = 0
        for (issue, state, attempts), readers in alike.items():
            which = orjson.dumps(readers).decode()
            values = {"issue": issue, "state": state.value, "attempts": attempts, "readers": which}
            changed += _cursor(tx).execute(self._MARK, values).rowcount
        return _all_or_none(changed, len(copies))

    def is_marked(self, tx: Transaction, copy: DueCopy) -> bool:
        found = _cursor(tx).execute(self._IS_MARKED, (*_key(copy), copy.attempts + 1)).fetchone()
        return found is not None

    def held(self, tx: Transaction, chunk_ids: Iterable[int], owner: str) -> Mapping[int, int]:
        cursor = _cursor(tx)
        found = {each: cursor.execute(self._HELD, (each, owner)).fetchone() for each in chunk_ids}
        return {each: row[0] for each, row in found.items() if row is not None}

    def count(self, tx: Transaction, chunk_id: int, changes: Sequence[int]) -> None:
        _cursor(tx).execute(self._COUNT, (*changes, chunk_id))


def _all_or_none(changed: int, wanted: int) -> Sequence[bool]:
    if changed not in (0, wanted) or (wanted > 1 and changed == 0):
        raise UnevenError
    return [changed > 0] * wanted


def _cursor(tx: Transaction) -> sqlite3.Cursor:
    driver = tx.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.cursor()


class _Postgresql:
    """One statement for all rows, which come as arrays: asyncpg's ``executemany`` returns nothing."""

    _SETTLE = (
        "UPDATE delivery AS d SET state = 'accepted', settled_at = u.at, next_at = NULL, reason = NULL,"
        " reply = u.reply"
        " FROM unnest($1::int[], $2::bigint[], $3::int[], $4::bigint[], $5::text[])"
        " AS u(issue_id, reader_id, attempts, at, reply)"
        " WHERE d.issue_id = u.issue_id AND d.reader_id = u.reader_id"
        " AND d.state = 'inflight' AND d.attempts = u.attempts"
        " RETURNING d.issue_id, d.reader_id"
    )
    _MARK = (
        "UPDATE delivery AS d SET state = 'inflight', attempts = d.attempts + 1, next_at = NULL"
        " FROM unnest($1::int[], $2::bigint[], $3::int[], $4::text[])"
        " AS u(issue_id, reader_id, attempts, state)"
        " WHERE d.issue_id = u.issue_id AND d.reader_id = u.reader_id"
        " AND d.state = u.state AND d.attempts = u.attempts"
        " AND (d.state = 'queued' OR d.next_at IS NOT NULL)"
        " RETURNING d.issue_id, d.reader_id"
    )
    _IS_MARKED = (
        "SELECT 1 FROM delivery"
        " WHERE issue_id = $1 AND reader_id = $2 AND state = 'inflight' AND attempts = $3"
    )
    # Locked, in one order, before any of their copies: whoever pauses the issue comes before or after.
    _HELD = (
        "SELECT id, epoch FROM chunk WHERE id = ANY($1::bigint[]) AND owner = $2"
        " ORDER BY id FOR NO KEY UPDATE"
    )
    _PLACES = tuple(f"${n}" for n in range(2, len(_COUNTERS) + 2))
    _COUNT = f"UPDATE chunk SET {_ADD.format(*_PLACES)} WHERE id = $1"  # noqa: S608 - our own names

    def settle(self, tx: Transaction, taken: Sequence[Taken]) -> Sequence[bool]:
        columns = (
            [each.copy.chunk.issue_id for each in taken],
            [each.copy.reader_id for each in taken],
            [each.copy.attempts + 1 for each in taken],
            [to_milliseconds(each.at) for each in taken],
            [each.reply for each in taken],
        )
        done = {tuple(row) for row in tx.exec_driver_sql(self._SETTLE, columns)}
        return [_key(each.copy) in done for each in taken]

    def mark(self, tx: Transaction, copies: Sequence[DueCopy]) -> Sequence[bool]:
        columns = (
            [each.chunk.issue_id for each in copies],
            [each.reader_id for each in copies],
            [each.attempts for each in copies],
            [each.state.value for each in copies],
        )
        done = {tuple(row) for row in tx.exec_driver_sql(self._MARK, columns)}
        return [_key(each) in done for each in copies]

    def is_marked(self, tx: Transaction, copy: DueCopy) -> bool:
        return tx.exec_driver_sql(self._IS_MARKED, (*_key(copy), copy.attempts + 1)).first() is not None

    def held(self, tx: Transaction, chunk_ids: Iterable[int], owner: str) -> Mapping[int, int]:
        rows = tx.exec_driver_sql(self._HELD, (sorted(chunk_ids), owner))
        return {row[0]: row[1] for row in rows}

    def count(self, tx: Transaction, chunk_id: int, changes: Sequence[int]) -> None:
        tx.exec_driver_sql(self._COUNT, (chunk_id, *changes))


_LEDGERS: Mapping[str, _Sqlite | _Postgresql] = {"sqlite": _Sqlite(), "postgresql": _Postgresql()}
