"""The freeze: an audience becomes copies and chunks, slice by slice, under an issue in ``releasing``.

The audience are the confirmed readers who take no break at the moment of the release.

Each slice reads the confirmed readers and writes their copies in one transaction, so nobody who
leaves can fall between: before it they are not read, after it the unsubscribe itself takes their
copy out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, insert, select

from mailer.domain.delivery import DeliveryState, SkipReason
from mailer.domain.language import Language
from mailer.domain.subscription import Standing
from mailer.storage.chunks import SIZE
from mailer.storage.database import Transaction
from mailer.storage.tables import chunk, delivery, edition, newsletter, reader, subscription

SLICE = 5_000
"""Most readers in one transaction: the lock on the database stays short."""

_CHOICE = (reader.c.language, reader.c.missing_choice, reader.c.is_discreet)
_SUBSCRIBERS = reader.join(subscription, subscription.c.reader_id == reader.c.id).join(
    newsletter, newsletter.c.id == subscription.c.newsletter_id
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What decides which edition a reader gets: main language, choice for missing texts, discretion."""

    language: Language
    missing: str | None
    is_discreet: bool = False


@dataclass(frozen=True, slots=True)
class Allotment:
    """Which edition goes to whom.

    Attributes:
        issue_id: in state releasing.
        newsletter: slug.
        editions: by choice, the edition's number; each choice without discretion is there.
        empty: numbers of editions without a single text; their readers are left out.
        released_at: when its copies are due.
    """

    issue_id: int
    newsletter: str
    editions: Mapping[Choice, int]
    empty: frozenset[int]
    released_at: datetime

    def edition_for(self, choice: Choice) -> int:
        """Return the edition of readers who chose so; who became discreet since the start gets the usual."""
        return self.editions.get(choice) or self.editions[replace(choice, is_discreet=False)]


def audience(tx: Transaction, newsletter_slug: str, at: datetime) -> dict[Choice, int]:
    """Return how many readers a release at *at* goes to, by what decides their edition."""
    rows = tx.execute(
        select(*_CHOICE, func.count())
        .select_from(_SUBSCRIBERS)
        .where(_in_audience(newsletter_slug, at))
        .group_by(*_CHOICE)
    )
    return {Choice(*choice): count for *choice, count in rows}


def write_slice(
    tx: Transaction, allotment: Allotment, after_reader_id: int, *, limit: int = SLICE
) -> int | None:
    """Write the copies of the next readers in order of id; return the last id, or None at the end."""
    rows = tx.execute(
        select(reader.c.id, reader.c.provider_group, *_CHOICE)
        .select_from(_SUBSCRIBERS)
        .where(_in_audience(allotment.newsletter, allotment.released_at))
        .where(subscription.c.reader_id > after_reader_id)
        .order_by(subscription.c.reader_id)
        .limit(limit)
        # On PostgreSQL a reader who leaves at this moment either has left, and is not read, or waits
        # until the copies stand here and then takes theirs out.
        .with_for_update(read=True, of=subscription)
    ).all()
    lanes: dict[tuple[int, str], list[int]] = defaultdict(list)
    for reader_id, provider_group, *choice in rows:
        lanes[allotment.edition_for(Choice(*choice)), provider_group].append(reader_id)
    for (edition_id, provider_group), reader_ids in lanes.items():
        for start in range(0, len(reader_ids), SIZE):
            _write_chunk(tx, allotment, edition_id, provider_group, reader_ids[start : start + SIZE])
    return rows[-1].id if rows else None


def remove_slices(tx: Transaction, issue_id: int) -> None:
    """Remove what a release wrote before it died or failed."""
    for table in (delivery, chunk, edition):
        tx.execute(delete(table).where(table.c.issue_id == issue_id))


def _in_audience(newsletter_slug: str, at: datetime) -> ColumnElement[bool]:
    active = (newsletter.c.slug == newsletter_slug) & (subscription.c.standing == Standing.ACTIVE)
    return active & (reader.c.paused_until.is_(None) | (reader.c.paused_until <= at))


def _write_chunk(
    tx: Transaction, allotment: Allotment, edition_id: int, provider_group: str, reader_ids: Sequence[int]
) -> None:
    left_out = edition_id in allotment.empty
    state = DeliveryState.SKIPPED if left_out else DeliveryState.QUEUED
    counters = dict.fromkeys([*DeliveryState, "deferred_attempts", "unsubscribed"], 0)
    chunk_id = tx.execute(
        insert(chunk)
        .values(
            issue_id=allotment.issue_id,
            edition_id=edition_id,
            provider_group=provider_group,
            epoch=0,
            next_at=None if left_out else allotment.released_at,
            size=len(reader_ids),
            **(counters | {state: len(reader_ids)}),
        )
        .returning(chunk.c.id)
    ).scalar_one()
    tx.execute(
        insert(delivery),
        [
            {
                "issue_id": allotment.issue_id,
                "reader_id": reader_id,
                "chunk_id": chunk_id,
                "state": state,
                "reason": SkipReason.EMPTY.value if left_out else None,
                "settled_at": allotment.released_at if left_out else None,
            }
            for reader_id in reader_ids
        ],
    )
