"""Readers: sealed addresses found by a keyed index, and their subscriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, Select, delete, exists, func, insert, select, true, update

from mailer.domain.language import Language
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.subscription import Standing
from mailer.storage.database import Transaction
from mailer.storage.tables import newsletter, subscription, suppression
from mailer.storage.tables import reader as table

_AT_ONCE = 1_000
_LIVE = (Standing.PENDING, Standing.ACTIVE)
_GONE: dict[str, Any] = {"sealed_address": None, "paused_until": None}


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who gave us an address.

    Attributes:
        public_id: 12 bytes; names the reader in tokens and seals the address to this row.
        sealed_address: None once the last subscription has ended.
        address_index: 32 bytes.
        missing_choice: what to do with a text that is not translated; None did not choose.
    """

    id: int
    public_id: bytes
    sealed_address: bytes | None
    address_index: bytes
    provider_group: str
    language: Language
    missing_choice: MissingRule | None


@dataclass(frozen=True, slots=True)
class Subscription:
    """A reader's standing with a newsletter, and the confirm link that is out.

    Attributes:
        channel: how the sign-up came in.
    """

    reader: Reader
    newsletter: str
    standing: Standing
    confirm_until: datetime | None
    channel: str | None = None


def by_index(tx: Transaction, address_index: bytes) -> Reader | None:
    """Return the reader with that address index, or None."""
    return _one(tx, select(table).where(table.c.address_index == address_index))


def by_public_id(tx: Transaction, public_id: bytes) -> Reader | None:
    """Return the reader whom a token names, or None."""
    return _one(tx, select(table).where(table.c.public_id == public_id))


def by_id(tx: Transaction, reader_id: int) -> Reader | None:
    """Return the reader of a row that refers to them, or None."""
    return _one(tx, select(table).where(table.c.id == reader_id))


def add(tx: Transaction, reader: Reader) -> Reader:
    """Store a new reader; its id is given by the database."""
    values = _values(reader) | {"public_id": reader.public_id, "address_index": reader.address_index}
    reader_id = tx.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
    return Reader(reader_id, *(getattr(reader, name) for name in Reader.__slots__ if name != "id"))


def change(tx: Transaction, reader: Reader) -> None:
    """Store a reader's address, language and choice."""
    tx.execute(update(table).where(table.c.id == reader.id).values(_values(reader)))


def forget_address(tx: Transaction, reader_id: int) -> None:
    """Remove the sealed address of a reader without subscriptions; a break they took is over too."""
    tx.execute(update(table).where(table.c.id == reader_id).values(_GONE))


def standing(tx: Transaction, reader_id: int, newsletter_slug: str) -> Standing:
    """Return where a reader stands with a newsletter; NONE without a subscription."""
    found = tx.scalar(_subscriptions(subscription.c.standing, reader_id, newsletter_slug))
    return found or Standing.NONE


def by_confirm_hashes(tx: Transaction, hashes: Sequence[bytes]) -> list[Subscription]:
    """Return the subscriptions whose confirm link has one of those hashes, oldest newsletter first."""
    statement = (
        select(
            table,
            subscription.c.standing,
            subscription.c.confirm_until,
            subscription.c.consent_channel,
            newsletter.c.slug.label("newsletter"),
        )
        .join(subscription, subscription.c.reader_id == table.c.id)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where(subscription.c.confirm_hash.in_(hashes))
        .order_by(newsletter.c.id)
    )
    return [
        Subscription(
            _reader(row), row["newsletter"], row["standing"], row["confirm_until"], row["consent_channel"]
        )
        for row in tx.execute(statement).mappings()
    ]


def set_standing(
    tx: Transaction, reader_id: int, newsletter_slug: str, standing: Standing, **values: Any
) -> None:
    """Store where a reader stands, with any other column of the subscription in *values*."""
    newsletter_id = select(newsletter.c.id).where(newsletter.c.slug == newsletter_slug).scalar_subquery()
    key = (subscription.c.reader_id == reader_id) & (subscription.c.newsletter_id == newsletter_id)
    values = {"standing": standing, **values}
    if tx.execute(update(subscription).where(key).values(values)).rowcount == 0:
        tx.execute(insert(subscription).values(reader_id=reader_id, newsletter_id=newsletter_id, **values))


def end_subscription(tx: Transaction, reader_id: int, newsletter_slug: str) -> None:
    """Remove a subscription that was never confirmed, and the reader with the last one."""
    newsletter_id = select(newsletter.c.id).where(newsletter.c.slug == newsletter_slug).scalar_subquery()
    key = (subscription.c.reader_id == reader_id) & (subscription.c.newsletter_id == newsletter_id)
    tx.execute(delete(subscription).where(key))
    tx.execute(delete(table).where((table.c.id == reader_id) & ~_has_subscription()))


def hold(tx: Transaction, reader_id: int, newsletter_slug: str) -> None:
    """Have whoever else is about to change this subscription wait until this transaction has ended.

    Without it, two presses of one button that meet on PostgreSQL would both be the first.
    """
    tx.execute(
        _subscriptions(subscription.c.standing, reader_id, newsletter_slug).with_for_update(of=subscription)
    )


def has_live_subscription(tx: Transaction, reader_id: int) -> bool:
    """Tell whether a reader still has a subscription for which the address is needed."""
    return bool(tx.scalar(select(table.c.id).where((table.c.id == reader_id) & _has_subscription(*_LIVE))))


def has_active_subscription(tx: Transaction, reader_id: int) -> bool:
    """Tell whether a reader has confirmed a subscription to any newsletter."""
    active = _has_subscription(Standing.ACTIVE)
    return bool(tx.scalar(select(table.c.id).where((table.c.id == reader_id) & active)))


def suppress(tx: Transaction, address_index: bytes, reason: Standing, since_month: str) -> None:
    """Remember that an address must not be mailed, by its keyed hash only."""
    lift(tx, address_index)
    tx.execute(
        insert(suppression).values(address_index=address_index, reason=reason, since_month=since_month)
    )


def mark(tx: Transaction, address_index: bytes) -> Standing | None:
    """Return why an address must not be mailed; None where it may."""
    theirs = suppression.c.address_index == address_index
    return tx.scalar(select(suppression.c.reason).where(theirs))


def lift(tx: Transaction, address_index: bytes) -> None:
    """Forget a suppression: its owner confirmed anew."""
    tx.execute(delete(suppression).where(suppression.c.address_index == address_index))


def active_count(tx: Transaction, newsletter_slug: str) -> dict[Language, int]:
    """Return the number of confirmed readers by main language."""
    statement = (
        select(table.c.language, func.count())
        .join(subscription, subscription.c.reader_id == table.c.id)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where((newsletter.c.slug == newsletter_slug) & (subscription.c.standing == Standing.ACTIVE))
        .group_by(table.c.language)
    )
    return {row[0]: row[1] for row in tx.execute(statement)}


def _subscriptions(column: Any, reader_id: int, newsletter_slug: str) -> Select[Any]:
    return (
        select(column)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where((subscription.c.reader_id == reader_id) & (newsletter.c.slug == newsletter_slug))
    )


def _has_subscription(*standings: Standing) -> Any:
    """Return the condition that a reader has a subscription, of one of *standings* where any are given."""
    wanted = subscription.c.standing.in_(standings) if standings else true()
    return exists().where((subscription.c.reader_id == table.c.id) & wanted)


def _values(reader: Reader) -> dict[str, Any]:
    return {
        "sealed_address": reader.sealed_address,
        "provider_group": reader.provider_group,
        "language": reader.language,
        "missing_choice": str(reader.missing_choice) if reader.missing_choice else None,
    }


def _one(tx: Transaction, statement: Select[Any]) -> Reader | None:
    row = tx.execute(statement).mappings().one_or_none()
    return _reader(row) if row is not None else None


def _reader(row: RowMapping) -> Reader:
    return Reader(
        id=row["id"],
        public_id=row["public_id"],
        sealed_address=row["sealed_address"],
        address_index=row["address_index"],
        provider_group=row["provider_group"],
        language=row["language"],
        missing_choice=parse_missing_rule(row["missing_choice"]) if row["missing_choice"] else None,
    )
