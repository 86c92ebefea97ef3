"""Tries that did not end in Accepted, as an operator reads them: newest first, by issue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from mailer.domain.delivery import DeliveryState
from mailer.domain.language import Language
from mailer.domain.outcome import Stage
from mailer.storage.database import Transaction
from mailer.storage.tables import attempt as table
from mailer.storage.tables import chunk, edition


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, without a word about whom it was for.

    Attributes:
        outcome: deferred, failed or unknown.
        reply: masked.
        at: aware UTC.
    """

    outcome: DeliveryState
    stage: Stage
    reply: str
    at: datetime


def newest(tx: Transaction, issue_id: int, limit: int) -> list[Attempt]:
    """Return the last tries of an issue, newest first, at most *limit*."""
    rows = tx.execute(
        select(table.c.outcome, table.c.stage, table.c.reply, table.c.at)
        .where(table.c.issue_id == issue_id)
        .order_by(table.c.at.desc())
        .limit(limit)
    )
    return [Attempt(*row) for row in rows]


def put_off(tx: Transaction, issue_id: int) -> dict[Language, int]:
    """Return how many copies will be tried again, by the readers' main language, from the counters."""
    rows = tx.execute(
        select(edition.c.language, func.sum(chunk.c.deferred))
        .join(edition, edition.c.id == chunk.c.edition_id)
        .where(chunk.c.issue_id == issue_id)
        .group_by(edition.c.language)
    )
    return {language: int(count) for language, count in rows}
