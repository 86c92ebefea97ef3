"""What stands still because a mail provider refuses us: an issue, or one provider group of it.

A halt keeps chunks from being claimed; whoever sets one also raises their epochs, so that it takes
effect before the next body. An operator's resume removes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.outcome import Stage
from mailer.storage.database import Transaction
from mailer.storage.lane_tables import halt as table
from mailer.storage.tables import chunk

_WHOLE_ISSUE = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why an issue, or a provider group of it, stands still.

    Attributes:
        group: None is the whole issue.
        stage, reply: of the last of the refusals; masked.
        at: aware UTC.
    """

    issue_id: int
    group: str | None
    stage: Stage
    reply: str
    at: datetime


def add(tx: Transaction, halt: Halt) -> bool:
    """Set a halt and raise the epochs of the chunks it concerns; False when it stood already."""
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    group = halt.group or _WHOLE_ISSUE
    values = {"issue_id": halt.issue_id, "provider_group": group}
    values |= {"stage": halt.stage, "reply": halt.reply, "at": halt.at}
    done = tx.execute(dialect.insert(table).values(values).on_conflict_do_nothing())
    theirs = chunk.c.issue_id == halt.issue_id
    if halt.group is not None:
        theirs &= chunk.c.provider_group == halt.group
    tx.execute(update(chunk).where(theirs).values(epoch=chunk.c.epoch + 1))
    return done.rowcount == 1


def remove(tx: Transaction, issue_id: int) -> int:
    """Remove every halt of an issue; return how many there were."""
    return tx.execute(delete(table).where(table.c.issue_id == issue_id)).rowcount


def of_issue(tx: Transaction, issue_id: int) -> Sequence[Halt]:
    """Return the halts of an issue, the whole issue's first."""
    columns = (table.c.issue_id, table.c.provider_group, table.c.stage, table.c.reply, table.c.at)
    rows = tx.execute(select(*columns).where(table.c.issue_id == issue_id).order_by(table.c.provider_group))
    return [Halt(issue, group or None, stage, reply, at) for issue, group, stage, reply, at in rows]


def not_halted() -> ColumnElement[bool]:
    """Return the condition on a chunk that nothing halts it."""
    groups = table.c.provider_group.in_([chunk.c.provider_group, _WHOLE_ISSUE])
    return ~exists().where((table.c.issue_id == chunk.c.issue_id) & groups)
