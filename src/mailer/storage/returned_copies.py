"""What we sent to whom, asked from the other end: by what stands in a message that came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal, null, select

from mailer.domain.delivery import DeliveryState
from mailer.domain.missing import parse_missing_rule
from mailer.domain.returned_mail import MailKind
from mailer.domain.strikes import CopyFate, Fate
from mailer.domain.subscription import Standing
from mailer.storage.columns import UtcTime
from mailer.storage.consequences import COUNTING
from mailer.storage.database import Transaction
from mailer.storage.readers import Reader
from mailer.storage.return_tables import consequence
from mailer.storage.tables import delivery, issue, newsletter, reader, subscription

# A copy in flight may have been taken already, its answer not read yet.
_SENT = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.INFLIGHT)
_SETTLED = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.FAILED)


@dataclass(frozen=True, slots=True)
class SentCopy:
    """One mail of ours, and to whom it went.

    Attributes:
        newsletter: slug.
        issue_id: None of a Letter.
        sent_at: when the provider took it, aware UTC; None of a Letter, and of a copy still in flight.
        was_sent: False of a copy that never went out: then nobody can have returned it.
    """

    reader: Reader
    newsletter_id: int
    newsletter: str
    issue_id: int | None
    sent_at: datetime | None
    was_sent: bool


def of_issue(tx: Transaction, public_id: bytes, issue_id: int) -> SentCopy | None:
    """Return the copy of an issue that a reader was meant to get; None where reader or issue is unknown."""
    copies = and_(delivery.c.issue_id == issue_id, delivery.c.reader_id == reader.c.id)
    statement = (
        _columns(literal(issue_id), delivery.c.settled_at, delivery.c.state)
        .join(issue, issue.c.id == issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .outerjoin(delivery, copies)
        .where(reader.c.public_id == public_id)
    )
    return _one(tx, statement)


def of_reader(tx: Transaction, reader_id: int, issue_id: int) -> SentCopy | None:
    """Return the copy of an issue that a reader was meant to get, by the reader's number."""
    statement = (
        _columns(literal(issue_id), delivery.c.settled_at, delivery.c.state)
        .join(delivery, and_(delivery.c.issue_id == issue_id, delivery.c.reader_id == reader.c.id))
        .join(issue, issue.c.id == issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where(reader.c.id == reader_id)
    )
    return _one(tx, statement)


def of_newsletter(tx: Transaction, public_id: bytes, newsletter_id: int) -> SentCopy | None:
    """Return a Letter about a newsletter; None where reader or newsletter is unknown.

    Letters are deleted once they have gone: that one was sent shows the subscription it was about.
    """
    theirs = and_(subscription.c.reader_id == reader.c.id, subscription.c.newsletter_id == newsletter_id)
    statement = (
        _columns(null(), null(), subscription.c.standing)
        .join(newsletter, newsletter.c.id == newsletter_id)
        .outerjoin(subscription, theirs)
        .where(reader.c.public_id == public_id)
    )
    row = tx.execute(statement).one_or_none()
    return None if row is None else _copy(row, was_sent=row[-1] is not None)


def newest_to(tx: Transaction, address_index: bytes, since: datetime) -> SentCopy | None:
    """Return the newest copy that went to an address since a moment; None where there is none."""
    statement = (
        _columns(delivery.c.issue_id, delivery.c.settled_at, delivery.c.state)
        .join(delivery, delivery.c.reader_id == reader.c.id)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where((reader.c.address_index == address_index) & delivery.c.state.in_(_SENT))
        .where(delivery.c.settled_at >= since)
        .order_by(delivery.c.settled_at.desc(), delivery.c.issue_id.desc())
        .limit(1)
    )
    return _one(tx, statement)


def subscribed(tx: Transaction, address_index: bytes) -> SentCopy | None:
    """Return, of an address that is subscribed, its oldest newsletter, as if a Letter had come back."""
    statement = (
        _columns(null(), null(), subscription.c.standing)
        .join(subscription, subscription.c.reader_id == reader.c.id)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where((reader.c.address_index == address_index) & (subscription.c.standing == Standing.ACTIVE))
        .order_by(newsletter.c.id)
        .limit(1)
    )
    row = tx.execute(statement).one_or_none()
    return None if row is None else _copy(row, was_sent=False)


def fates(tx: Transaction, reader_id: int, struck: int) -> list[CopyFate]:
    """
    Return what is known of each copy of a reader's that a provider answered for, in no order.

    Args:
        reader_id: whose.
        struck: the issue whose copy comes back at this moment, as a strike; it is not written down yet.
    """
    came_back: dict[int, Fate] = {struck: Fate.STRIKE}
    bounces = (consequence.c.reader_id == reader_id) & (consequence.c.kind == MailKind.BOUNCE)
    found = tx.execute(
        select(consequence.c.issue_id, consequence.c.effect, consequence.c.undone_at).where(
            bounces & consequence.c.issue_id.is_not(None)
        )
    )
    for issue_id, effect, undone_at in found:
        is_strike = effect in COUNTING and undone_at is None
        if is_strike or issue_id not in came_back:
            came_back[issue_id] = Fate.STRIKE if is_strike else Fate.NEITHER
    copies = tx.execute(
        select(delivery.c.issue_id, delivery.c.state, delivery.c.settled_at).where(
            (delivery.c.reader_id == reader_id) & delivery.c.state.in_(_SETTLED)
        )
    )
    return [
        CopyFate(settled_at, came_back.get(issue_id) or _fate(state))
        for issue_id, state, settled_at in copies
        if settled_at is not None
    ]


def proven_at(tx: Transaction, reader_id: int) -> datetime | None:
    """Return when a mailbox was last shown to live: its reader confirmed, or an operator undid a bounce."""
    theirs = (subscription.c.reader_id == reader_id) & (subscription.c.standing == Standing.ACTIVE)
    confirmed = tx.scalar(select(func.max(subscription.c.consent_at, type_=UtcTime)).where(theirs))
    bounces = (consequence.c.reader_id == reader_id) & (consequence.c.kind == MailKind.BOUNCE)
    undone = tx.scalar(select(func.max(consequence.c.undone_at, type_=UtcTime)).where(bounces))
    return max((each for each in (confirmed, undone) if each is not None), default=None)


def _fate(state: DeliveryState) -> Fate:
    return Fate.TAKEN if state is DeliveryState.ACCEPTED else Fate.NEITHER


def _columns(*more: Any) -> Select[Any]:
    return select(
        reader.c.id,
        reader.c.public_id,
        reader.c.sealed_address,
        reader.c.address_index,
        reader.c.provider_group,
        reader.c.language,
        reader.c.missing_choice,
        newsletter.c.id,
        newsletter.c.slug,
        *more,
    ).select_from(reader)


def _one(tx: Transaction, statement: Select[Any]) -> SentCopy | None:
    row = tx.execute(statement).one_or_none()
    return None if row is None else _copy(row, was_sent=row[-1] in _SENT)


def _copy(row: Sequence[Any], *, was_sent: bool) -> SentCopy:
    *whose, newsletter_id, slug, issue_id, sent_at, _ = row
    missing = whose.pop()
    who = Reader(*whose, parse_missing_rule(missing) if missing else None)  # type: ignore[call-arg]  # six columns
    return SentCopy(who, newsletter_id, slug, issue_id, sent_at, was_sent)
