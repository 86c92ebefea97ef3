"""Reports: what came back, stored raw and sealed before anybody reads it, and removed when it is old.

A report is stored once, whatever number of times and ways it comes; its digest says whether it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.content import LetterKind
from mailer.domain.returned_mail import MailKind
from mailer.storage.columns import UtcTime, WordOf
from mailer.storage.database import Transaction
from mailer.storage.return_tables import consequence
from mailer.storage.return_tables import report as table
from mailer.storage.tables import letter_count


@dataclass(frozen=True, slots=True)
class Report:
    """One message that came back, sealed.

    Attributes:
        digest: SHA-256 of what makes it this report and no other, 32 bytes.
        door: which way it came: smtp, lmtp, imap, ses, …
        seal_id: 12 random bytes to which *sealed* is sealed.
        sealed: its envelope and its raw bytes (bounces/stored.py).
        received_at: aware UTC.
        id: 0 until it is stored; in the order of arrival.
    """

    digest: bytes
    door: str
    seal_id: bytes
    sealed: bytes = field(repr=False)
    received_at: datetime
    id: int = 0


_COLUMNS = (table.c.digest, table.c.door, table.c.seal_id, table.c.sealed, table.c.received_at, table.c.id)
# Built once: a mail server that returns a whole issue brings a thousand of them in a second.
_INSERT = {
    dialect.__name__.rpartition(".")[2]: dialect.insert(table).on_conflict_do_nothing()
    for dialect in (postgresql, sqlite)
}
_MARK = (
    update(table)
    .where((table.c.id == bindparam("report_id")) & table.c.read_at.is_(None))
    .values(read_at=bindparam("moment", type_=UtcTime), kind=bindparam("what", type_=WordOf(MailKind)))
)


def add(tx: Transaction, report: Report) -> bool:
    """Store a report; False when it is stored already."""
    values = {
        "digest": report.digest,
        "door": report.door,
        "seal_id": report.seal_id,
        "sealed": report.sealed,
        "received_at": report.received_at,
    }
    return tx.execute(_INSERT[tx.dialect.name], values).rowcount == 1


def unread(tx: Transaction, limit: int, *, after: int = 0) -> list[Report]:
    """Return reports that nobody has read, in the order of arrival, at most *limit*, behind id *after*."""
    wanted = table.c.read_at.is_(None) & (table.c.id > after)
    rows = tx.execute(select(*_COLUMNS).where(wanted).order_by(table.c.id).limit(limit))
    return [Report(*row) for row in rows]


def unread_sizes(tx: Transaction, limit: int) -> dict[int, int]:
    """Return the bytes of each report that nobody has read, by id, the oldest first, at most *limit*."""
    columns = (table.c.id, func.length(table.c.sealed))
    rows = tx.execute(select(*columns).where(table.c.read_at.is_(None)).order_by(table.c.id).limit(limit))
    return {row[0]: row[1] for row in rows}


def some(tx: Transaction, ids: Sequence[int]) -> list[Report]:
    """Return the reports of these ids that are there, in the order of arrival."""
    rows = tx.execute(select(*_COLUMNS).where(table.c.id.in_(ids)).order_by(table.c.id)) if ids else ()
    return [Report(*row) for row in rows]


def unread_count(tx: Transaction) -> int:
    """Return how many reports nobody has read."""
    return tx.scalar(select(func.count()).select_from(table).where(table.c.read_at.is_(None))) or 0


def hold_unread(tx: Transaction, ids: Sequence[int]) -> set[int]:
    """Return which of these are still unread, and have others who would read them wait for our end."""
    wanted = table.c.id.in_(ids) & table.c.read_at.is_(None)
    return set(tx.scalars(select(table.c.id).where(wanted).with_for_update()))


def mark_read(tx: Transaction, kinds: Mapping[int, MailKind], now: datetime) -> None:
    """Note what reports are, by id: in the same transaction as what follows from them."""
    if kinds:
        tx.execute(
            _MARK,
            [{"report_id": each, "what": kind, "moment": now} for each, kind in sorted(kinds.items())],
        )


def get(tx: Transaction, report_id: int) -> Report | None:
    """Return a report, or None once it has been removed."""
    row = tx.execute(select(*_COLUMNS).where(table.c.id == report_id)).one_or_none()
    return None if row is None else Report(*row)


def of_kind(tx: Transaction, kind: MailKind, limit: int, *, after: int = 0) -> list[Report]:
    """Return reports that were read as *kind*, in the order of arrival, behind id *after*."""
    wanted = (table.c.kind == kind) & (table.c.id > after)
    rows = tx.execute(select(*_COLUMNS).where(wanted).order_by(table.c.id).limit(limit))
    return [Report(*row) for row in rows]


def unanswered(tx: Transaction, kind: MailKind, letter: LetterKind, since: datetime) -> dict[int, datetime]:
    """Return reports read as *kind* for which no *letter* was counted by their digest.

    Args:
        kind: of the reports.
        letter: what answers them (letters.count).
        since: older ones are left out, for counters are forgotten.

    Returns:
        When each came, by id, in the order of arrival.
    """
    counted = select(letter_count.c.address_index).where(letter_count.c.kind == letter)
    wanted = (table.c.kind == kind) & (table.c.received_at > since) & table.c.digest.not_in(counted)
    rows = tx.execute(select(table.c.id, table.c.received_at).where(wanted).order_by(table.c.id))
    return {row[0]: row[1] for row in rows}


def remove_older(tx: Transaction, before: datetime, limit: int) -> int:
    """Remove reports that came before a moment and were read, at most *limit*; return how many."""
    old = (table.c.received_at < before) & table.c.read_at.is_not(None)
    chosen = select(table.c.id).where(old).order_by(table.c.received_at).limit(limit)
    return tx.execute(delete(table).where(table.c.id.in_(chosen))).rowcount


def remove_of_reader(tx: Transaction, reader_id: int) -> int:
    """Remove the reports that were about a reader, who is being erased; return how many."""
    theirs = select(consequence.c.report_id).where(consequence.c.reader_id == reader_id)
    return tx.execute(delete(table).where(table.c.id.in_(theirs))).rowcount
