"""What we sent to whom, asked from the other end: by what stands in a message that came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, LargeBinary, and_, bindparam, exists, func, null, select

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
_LIVE = (Standing.PENDING, Standing.ACTIVE)


@dataclass(frozen=True, slots=True)
class SentCopy:
    """One mail of ours, and to whom it went.

    Attributes:
        is_mailed: the reader has a subscription, to any newsletter, that is active or pending.
        proven_at: when their mailbox was last shown to live: they confirmed, or an operator undid a bounce.
        newsletter: slug.
        issue_id: None of a Letter.
        sent_at: when the provider took it, aware UTC; None of a Letter, and of a copy still in flight.
        was_sent: False of a copy that never went out: then nobody can have returned it.
    """

    reader: Reader
    is_mailed: bool
    proven_at: datetime | None
    newsletter_id: int
    newsletter: str
    issue_id: int | None
    sent_at: datetime | None
    was_sent: bool


# Built once: these run for every report, a thousand in a second.
_theirs = subscription.alias("theirs")
_of_theirs = _theirs.c.reader_id == reader.c.id
_IS_MAILED = exists().where(_of_theirs & _theirs.c.standing.in_(_LIVE))
_CONFIRMED_AT = (
    select(func.max(_theirs.c.consent_at, type_=UtcTime))
    .where(_of_theirs & (_theirs.c.standing == Standing.ACTIVE))
    .scalar_subquery()
)
_UNDONE_AT = (
    select(func.max(consequence.c.undone_at, type_=UtcTime))
    .where((consequence.c.reader_id == reader.c.id) & (consequence.c.kind == MailKind.BOUNCE))
    .scalar_subquery()
)
_WHOSE = (
    reader.c.id,
    reader.c.public_id,
    reader.c.sealed_address,
    reader.c.address_index,
    reader.c.provider_group,
    reader.c.language,
    reader.c.missing_choice,
    _IS_MAILED,
    _CONFIRMED_AT,
    _UNDONE_AT,
    newsletter.c.id,
    newsletter.c.slug,
)
_COPY = (issue.c.id, delivery.c.settled_at, delivery.c.state)
_THEIR_COPY = and_(delivery.c.issue_id == issue.c.id, delivery.c.reader_id == reader.c.id)
_ISSUE = issue.c.id == bindparam("issue_number", type_=Integer)
_OF_NEWSLETTER = newsletter.c.id == issue.c.newsletter_id
_IN_ISSUE = (
    select(*_WHOSE, *_COPY)
    .select_from(reader)
    .join(issue, _ISSUE)
    .join(newsletter, _OF_NEWSLETTER)
    .outerjoin(delivery, _THEIR_COPY)
)
_BY_PUBLIC_ID = _IN_ISSUE.where(reader.c.public_id == bindparam("public", type_=LargeBinary))
_BY_READER = _IN_ISSUE.where(
    (reader.c.id == bindparam("number", type_=Integer)) & delivery.c.state.is_not(None)
)
_OF_LETTER = (
    select(*_WHOSE, null(), null(), subscription.c.standing)
    .select_from(reader)
    .join(newsletter, newsletter.c.id == bindparam("newsletter_number", type_=Integer))
    .outerjoin(
        subscription,
        and_(subscription.c.reader_id == reader.c.id, subscription.c.newsletter_id == newsletter.c.id),
    )
    .where(reader.c.public_id == bindparam("public", type_=LargeBinary))
)
_CAME_BACK = select(consequence.c.issue_id, consequence.c.effect, consequence.c.undone_at).where(
    (consequence.c.reader_id == bindparam("number", type_=Integer))
    & (consequence.c.kind == MailKind.BOUNCE)
    & consequence.c.issue_id.is_not(None)
)
_ANSWERED = select(delivery.c.issue_id, delivery.c.state, delivery.c.settled_at).where(
    (delivery.c.reader_id == bindparam("number", type_=Integer))
    & delivery.c.state.in_(_SETTLED)
    & delivery.c.settled_at.is_not(None)
)


def of_issue(tx: Transaction, public_id: bytes, issue_id: int) -> SentCopy | None:
    """Return the copy of an issue that a reader was meant to get; None where reader or issue is unknown."""
    row = tx.execute(_BY_PUBLIC_ID, {"public": public_id, "issue_number": issue_id}).one_or_none()
    return None if row is None else _copy(row)


def of_reader(tx: Transaction, reader_id: int, issue_id: int) -> SentCopy | None:
    """Return the copy of an issue that a reader was meant to get, by the reader's number."""
    row = tx.execute(_BY_READER, {"number": reader_id, "issue_number": issue_id}).one_or_none()
    return None if row is None else _copy(row)


def of_newsletter(tx: Transaction, public_id: bytes, newsletter_id: int) -> SentCopy | None:
    """Return a Letter about a newsletter; None where reader or newsletter is unknown.

    Letters are deleted once they have gone: that one was sent shows the subscription it was about.
    """
    given = {"public": public_id, "newsletter_number": newsletter_id}
    row = tx.execute(_OF_LETTER, given).one_or_none()
    return None if row is None else replace(_copy(row), was_sent=row[-1] is not None)


def newest_to(tx: Transaction, address_index: bytes, since: datetime) -> SentCopy | None:
    """Return the newest copy that went to an address since a moment; None where there is none."""
    statement = (
        select(*_WHOSE, *_COPY)
        .select_from(reader)
        .join(delivery, delivery.c.reader_id == reader.c.id)
        .join(issue, issue.c.id == delivery.c.issue_id)
        .join(newsletter, _OF_NEWSLETTER)
        .where((reader.c.address_index == address_index) & delivery.c.state.in_(_SENT))
        .where(delivery.c.settled_at >= since)
        .order_by(delivery.c.settled_at.desc(), delivery.c.issue_id.desc())
        .limit(1)
    )
    row = tx.execute(statement).one_or_none()
    return None if row is None else _copy(row)


def subscribed(tx: Transaction, address_index: bytes) -> SentCopy | None:
    """Return, of an address that is subscribed, its oldest newsletter, as if a Letter had come back."""
    statement = (
        select(*_WHOSE, null(), null(), null())
        .select_from(reader)
        .join(subscription, subscription.c.reader_id == reader.c.id)
        .join(newsletter, newsletter.c.id == subscription.c.newsletter_id)
        .where((reader.c.address_index == address_index) & (subscription.c.standing == Standing.ACTIVE))
        .order_by(newsletter.c.id)
        .limit(1)
    )
    row = tx.execute(statement).one_or_none()
    return None if row is None else _copy(row)


def fates(tx: Transaction, reader_id: int, struck: int) -> list[CopyFate]:
    """
    Return what is known of each copy of a reader's that a provider answered for, in no order.

    Args:
        reader_id: whose.
        struck: the issue whose copy comes back at this moment, as a strike; it is not written down yet.
    """
    came_back: dict[int, Fate] = {struck: Fate.STRIKE}
    for issue_id, effect, undone_at in tx.execute(_CAME_BACK, {"number": reader_id}):
        is_strike = effect in COUNTING and undone_at is None
        if is_strike or issue_id not in came_back:
            came_back[issue_id] = Fate.STRIKE if is_strike else Fate.NEITHER
    return [
        CopyFate(settled_at, came_back.get(issue_id) or _fate(state))
        for issue_id, state, settled_at in tx.execute(_ANSWERED, {"number": reader_id})
    ]


def _fate(state: DeliveryState) -> Fate:
    return Fate.TAKEN if state is DeliveryState.ACCEPTED else Fate.NEITHER


def _copy(row: Sequence[Any]) -> SentCopy:
    *whose, missing, is_mailed, confirmed_at, undone_at, newsletter_id, slug, issue_id, sent_at, state = row
    who = Reader(*whose, parse_missing_rule(missing) if missing else None)  # type: ignore[call-arg]  # six
    proven_at = max((each for each in (confirmed_at, undone_at) if each is not None), default=None)
    return SentCopy(
        who, bool(is_mailed), proven_at, newsletter_id, slug, issue_id, sent_at, was_sent=state in _SENT
    )
