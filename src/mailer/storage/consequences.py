"""Consequences: what followed for a reader from what came back; their history, without an address in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, insert, select, update

from mailer.domain.consequence import Effect
from mailer.domain.language import Language
from mailer.domain.outcome import Stage
from mailer.domain.reply_class import Cause, Hardness, ReplyClass
from mailer.domain.returned_mail import MailKind
from mailer.errors import NotFound
from mailer.storage.database import Transaction
from mailer.storage.return_tables import consequence as table
from mailer.storage.tables import chunk, delivery, edition, reader

_AT_ONCE = 1_000
COUNTING = (Effect.STRIKE, Effect.SUPPRESSED, Effect.HELD)
"""Effects of a bounce that counts against a mailbox."""


@dataclass(frozen=True, slots=True)
class Consequence:
    """What one message that came back, or one refusal, led to.

    Attributes:
        report_id: None where the relay refused the copy itself. The report goes when it is old.
        issue_id: None where it is about a Letter.
        cause: of a bounce or a delay; None of others.
        evidence: the rule that decided: ``text:no-mailbox``, ``status:5.1.1``.
        status: such as ``5.1.1``; None where none was named.
        reply: the words it was judged by, masked; may be empty.
        at: when it came in, aware UTC.
        undone_at, undone_by: when and by which operator it was taken back; None where nobody did.
        id: 0 until it is stored.
    """

    reader_id: int
    newsletter_id: int
    issue_id: int | None
    kind: MailKind
    cause: Cause | None
    verdict: Hardness
    evidence: str
    status: str | None
    reply_code: int | None
    stage: Stage | None
    reply: str
    at: datetime
    effect: Effect
    report_id: int | None = None
    undone_at: datetime | None = None
    undone_by: str | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class Count:
    """How many readers of an issue something came back from.

    Attributes:
        language: the edition's.
        group: provider group.
        reply_class, cause: of a bounce or a delay; None of others.
    """

    language: Language
    group: str
    kind: MailKind
    reply_class: ReplyClass | None
    cause: Cause | None
    effect: Effect
    readers: int


_COLUMNS = [table.c[name] for name in Consequence.__slots__]
_INSERT = insert(table).returning(table.c.id)


def add(tx: Transaction, consequence: Consequence) -> int:
    """Store a consequence; return its id."""
    values = {name: getattr(consequence, name) for name in Consequence.__slots__ if name != "id"}
    number: int = tx.execute(_INSERT, values).scalar_one()
    return number


def get(tx: Transaction, consequence_id: int) -> Consequence:
    """Return a consequence.

    Raises:
        NotFound: there is none with that number.
    """
    found = _all(tx, table.c.id == consequence_id)
    if not found:
        raise NotFound(f"there is no returned mail {consequence_id}; look at the list again")
    return found[0]


def of_reader(tx: Transaction, reader_id: int, limit: int = 200) -> list[Consequence]:
    """Return a reader's history, newest first, at most *limit*."""
    rows = tx.execute(
        select(*_COLUMNS)
        .where(table.c.reader_id == reader_id)
        .order_by(table.c.at.desc(), table.c.id.desc())
        .limit(limit)
    )
    return [Consequence(*row) for row in rows]


def held(tx: Transaction, group: str, limit: int, *, newest: bool = False) -> list[Consequence]:
    """Return what the guard of a provider group holds back, oldest or newest first, at most *limit*.

    What is about readers who are gone belongs to every group: whichever is decided ends it.
    """
    order = table.c.id.desc() if newest else table.c.id
    rows = tx.execute(_held(select(*_COLUMNS), group).order_by(order).limit(limit))
    return [Consequence(*row) for row in rows]


def held_count(tx: Transaction, group: str) -> int:
    """Return of how many readers the guard of a provider group holds bounces back."""
    return tx.scalar(_held(select(func.count(table.c.reader_id.distinct())).select_from(table), group)) or 0


def proposed(tx: Transaction, limit: int = 200) -> list[Consequence]:
    """Return what readers wrote that a person has to decide, oldest first, at most *limit*."""
    return _all(tx, table.c.effect == Effect.PROPOSED, limit)


def suppressed(tx: Transaction, issue_id: int, group: str, limit: int) -> list[Consequence]:
    """Return bounces of an issue by which readers of a provider group were suppressed, at most *limit*."""
    is_one = (table.c.kind == MailKind.BOUNCE) & (table.c.effect == Effect.SUPPRESSED)
    of_issue = (table.c.issue_id == issue_id) & table.c.undone_at.is_(None)
    return _all(tx, is_one & of_issue & _in_group(issue_id, group), limit)


def change(tx: Transaction, ids: Sequence[int], effect: Effect) -> None:
    """Store that these have another effect than was written down first."""
    _update(tx, ids, {"effect": effect})


def take_back(tx: Transaction, ids: Sequence[int], effect: Effect, *, operator: str, now: datetime) -> None:
    """Store that an operator took these back; *effect* is what they count as from now on."""
    _update(tx, ids, {"effect": effect, "undone_at": now, "undone_by": operator})


def let_go(tx: Transaction, reader_id: int) -> None:
    """Let nobody be asked any more about a reader, who is being erased."""
    asked = table.c.effect.in_([Effect.HELD, Effect.PROPOSED]) & (table.c.reader_id == reader_id)
    tx.execute(update(table).where(asked).values(effect=Effect.NONE))


def hard_count(tx: Transaction, issue_ids: Sequence[int], group: str) -> int:
    """Return of how many copies of issues a provider group said clearly that there is no such mailbox."""
    is_hard = (table.c.kind == MailKind.BOUNCE) & (table.c.verdict == Hardness.HARD)
    pairs = (
        select(table.c.issue_id, table.c.reader_id)
        .join(
            delivery,
            (delivery.c.issue_id == table.c.issue_id) & (delivery.c.reader_id == table.c.reader_id),
        )
        .join(chunk, chunk.c.id == delivery.c.chunk_id)
        .where(is_hard & table.c.issue_id.in_(issue_ids) & (chunk.c.provider_group == group))
        .distinct()
        .subquery()
    )
    return tx.scalar(select(func.count()).select_from(pairs)) or 0


def counts(tx: Transaction, issue_id: int) -> list[Count]:
    """Return what came back of an issue, by language, provider group, kind, cause and effect."""
    columns = (edition.c.language, chunk.c.provider_group, table.c.kind, table.c.cause, table.c.effect)
    rows = tx.execute(
        select(*columns, func.count(table.c.reader_id.distinct()))
        .join(
            delivery,
            (delivery.c.issue_id == table.c.issue_id) & (delivery.c.reader_id == table.c.reader_id),
        )
        .join(chunk, chunk.c.id == delivery.c.chunk_id)
        .join(edition, edition.c.id == chunk.c.edition_id)
        .where(table.c.issue_id == issue_id)
        .group_by(*columns)
        .order_by(*columns)
    )
    return [
        Count(language, group, kind, cause.reply_class if cause else None, cause, effect, readers)
        for language, group, kind, cause, effect, readers in rows
    ]


def _held(statement: Select[Any], group: str) -> Select[Any]:
    is_theirs = (reader.c.provider_group == group) | reader.c.id.is_(None)
    with_readers = statement.outerjoin(reader, reader.c.id == table.c.reader_id)
    return with_readers.where((table.c.effect == Effect.HELD) & is_theirs)


def _in_group(issue_id: int, group: str) -> ColumnElement[bool]:
    """Return the condition that the copy went to a provider group."""
    return exists().where(
        (delivery.c.issue_id == issue_id)
        & (delivery.c.reader_id == table.c.reader_id)
        & (chunk.c.id == delivery.c.chunk_id)
        & (chunk.c.provider_group == group)
    )


def _all(tx: Transaction, wanted: ColumnElement[bool], limit: int | None = None) -> list[Consequence]:
    rows = tx.execute(select(*_COLUMNS).where(wanted).order_by(table.c.id).limit(limit))
    return [Consequence(*row) for row in rows]


def _update(tx: Transaction, ids: Sequence[int], values: dict[str, Any]) -> None:
    for start in range(0, len(ids), _AT_ONCE):
        tx.execute(update(table).where(table.c.id.in_(ids[start : start + _AT_ONCE])).values(values))
