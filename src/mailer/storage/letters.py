"""Letters: mails that are no edition, sealed while they wait and deleted once settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import RowMapping, case, delete, func, insert, select, update

from mailer.domain.content import LetterKind
from mailer.domain.delivery import SENDABLE, DeliveryState
from mailer.domain.language import Language
from mailer.domain.outcome import Accepted, Deferred, Failed, Outcome, Stage, Unknown
from mailer.storage import newsletters
from mailer.storage.database import Transaction
from mailer.storage.leavers import CAME_BY_IMPORT
from mailer.storage.tables import letter as table
from mailer.storage.tables import letter_count as counts
from mailer.storage.tables import newsletter, reader, subscription

_OPEN = [*SENDABLE, DeliveryState.INFLIGHT]


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that is no edition.

    Attributes:
        public_id: the reader's, 12 bytes; goes into the return path.
        seal_id: 12 random bytes to which *sealed* is sealed and from which Message-ID is made.
        sealed: recipient ("to") and parameters ("secret").
        not_after: when it is no longer worth sending.
    """

    kind: LetterKind
    language: Language
    newsletter: str
    public_id: bytes
    seal_id: bytes
    sealed: bytes
    created_at: datetime
    not_after: datetime
    id: int = 0
    attempts: int = 0
    state: DeliveryState = DeliveryState.QUEUED


def add(tx: Transaction, letter: Letter) -> None:
    """Queue a letter."""
    newsletter_id = select(newsletter.c.id).where(newsletter.c.slug == letter.newsletter).scalar_subquery()
    tx.execute(
        insert(table).values(
            kind=letter.kind,
            language=letter.language,
            newsletter_id=newsletter_id,
            public_id=letter.public_id,
            seal_id=letter.seal_id,
            sealed=letter.sealed,
            state=DeliveryState.QUEUED,
            attempts=0,
            next_at=letter.created_at,
            not_after=letter.not_after,
            created_at=letter.created_at,
        )
    )


def claim(tx: Transaction, owner: str, now: datetime, limit: int) -> list[Letter]:
    """Take letters that are due, oldest first, at most *limit*, for the node *owner*."""
    due = (table.c.next_at <= now) & (table.c.not_after > now) & table.c.owner.is_(None)
    chosen = (
        select(table.c.id).where(due & table.c.state.in_(SENDABLE)).order_by(table.c.next_at).limit(limit)
    )
    taken = list(
        tx.scalars(
            update(table)
            .where(table.c.id.in_(chosen) & table.c.owner.is_(None))
            .values(owner=owner)
            .returning(table.c.id)
        )
    )
    rows = tx.execute(
        select(table, newsletter.c.slug.label("newsletter"))
        .join(newsletter, newsletter.c.id == table.c.newsletter_id)
        .where(table.c.id.in_(taken))
        .order_by(table.c.next_at, table.c.id)
    )
    return [_letter(row) for row in rows.mappings()]


def begin(tx: Transaction, letter_id: int, owner: str) -> bool:
    """Mark a letter in flight; False when it is not ours any more. Once more changes nothing."""
    ours = (table.c.id == letter_id) & (table.c.owner == owner)
    # The stage says, should we die now, that this was the resend: there is no second one.
    stage = case((table.c.state == DeliveryState.UNKNOWN, Stage.BODY), else_=Stage.CONNECT)
    done = tx.execute(
        update(table)
        .where(ours & table.c.state.in_(SENDABLE))
        .values(state=DeliveryState.INFLIGHT, attempts=table.c.attempts + 1, stage=stage)
    )
    if done.rowcount == 1:
        return True
    # The answer to our commit was lost, and this is the same call again.
    begun = ours & (table.c.state == DeliveryState.INFLIGHT)
    return tx.scalar(select(table.c.id).where(begun)) is not None


def settle(tx: Transaction, letter_id: int, owner: str, outcome: Outcome) -> None:
    """Write down what an attempt ended in; a letter that is settled is deleted."""
    _end_attempt(tx, letter_id, owner, outcome, attempts=0)


def refuse(tx: Transaction, letter_id: int, owner: str, outcome: Outcome) -> None:
    """Write down an attempt that ended before any byte of the body."""
    _end_attempt(tx, letter_id, owner, outcome, attempts=1)


def let_go(tx: Transaction, ids: Sequence[int], owner: str) -> None:
    """Give letters back untouched."""
    ours = table.c.id.in_(ids) & (table.c.owner == owner) & table.c.state.in_(SENDABLE)
    tx.execute(update(table).where(ours).values(owner=None))


def recover(tx: Transaction, dead: Sequence[str], now: datetime) -> int:
    """Free the letters of dead nodes; those in flight become unknown and are resent once."""
    theirs = table.c.owner.in_(dead)
    inflight = theirs & (table.c.state == DeliveryState.INFLIGHT)
    tx.execute(delete(table).where(inflight & (table.c.stage == Stage.BODY)))
    torn = tx.execute(
        update(table).where(inflight).values(state=DeliveryState.UNKNOWN, owner=None, next_at=now)
    ).rowcount
    tx.execute(update(table).where(theirs).values(owner=None))
    return torn


def withdraw_invitations(tx: Transaction, reader_ids: Sequence[int], newsletter_slug: str) -> None:
    """Remove what waits to ask imported readers to confirm, at most 1,000 of them: they decide just now."""
    newsletter_id = newsletters.identifier(tx, newsletter_slug)
    theirs = reader.c.id.in_(reader_ids) & (subscription.c.newsletter_id == newsletter_id)
    imported = list(
        tx.scalars(
            select(reader.c.public_id)
            .join(subscription, subscription.c.reader_id == reader.c.id)
            .where(theirs & CAME_BY_IMPORT)
        )
    )
    if imported:
        invitation = (table.c.kind == LetterKind.INVITE) & (table.c.newsletter_id == newsletter_id)
        tx.execute(delete(table).where(invitation & table.c.public_id.in_(imported)))


def waiting(tx: Transaction) -> int:
    """Return how many letters are not settled."""
    return tx.scalar(select(func.count()).select_from(table).where(table.c.state.in_(_OPEN))) or 0


def sent_at(tx: Transaction, address_index: bytes, kind: LetterKind) -> list[datetime]:
    """Return when letters of *kind* were queued for an address in the last 30 days."""
    wanted = (counts.c.address_index == address_index) & (counts.c.kind == kind)
    return list(tx.scalars(select(counts.c.sent_at).where(wanted)))


def count(
    tx: Transaction,
    address_index: bytes,
    kind: LetterKind,
    now: datetime,
    *,
    domain_index: bytes | None = None,
) -> None:
    """Remember, by index only, that an address was sent a letter of *kind*.

    With *domain_index* it counts among the mails that strangers cause (sent_lately).
    """
    values = {"address_index": address_index, "kind": kind, "sent_at": now, "domain_index": domain_index}
    tx.execute(insert(counts).values(values))


def queued_since(tx: Transaction, kind: LetterKind, since: datetime) -> list[bytes]:
    """Return by what index letters of *kind* were counted after *since*."""
    wanted = (counts.c.kind == kind) & (counts.c.sent_at > since)
    return list(tx.scalars(select(counts.c.address_index).where(wanted)))


def sent_lately(tx: Transaction, since: datetime, domain_index: bytes | None = None) -> list[datetime]:
    """Return when strangers caused a mail after *since*: to one domain, or to all where none is named."""
    wanted = counts.c.sent_at > since
    if domain_index is None:
        wanted &= counts.c.domain_index.is_not(None)
    else:
        wanted &= counts.c.domain_index == domain_index
    return list(tx.scalars(select(counts.c.sent_at).where(wanted)))


def forget_asked(tx: Transaction, address_index: bytes) -> None:
    """Forget that an address was asked to confirm: its owner has, so nobody pesters them."""
    asked = counts.c.kind.in_([LetterKind.CONFIRM, LetterKind.INVITE])
    tx.execute(delete(counts).where((counts.c.address_index == address_index) & asked))


def forget_all_counts(tx: Transaction, address_index: bytes) -> int:
    """Forget every letter that was counted for an address; return how many."""
    return tx.execute(delete(counts).where(counts.c.address_index == address_index)).rowcount


def _end_attempt(tx: Transaction, letter_id: int, owner: str, outcome: Outcome, *, attempts: int) -> None:
    ours = (table.c.id == letter_id) & (table.c.owner == owner)
    match outcome:
        case Accepted() | Failed() | Unknown(resend_at=None):
            tx.execute(delete(table).where(ours))
        case Deferred(retry_at=due) | Unknown(resend_at=due):
            state = DeliveryState.DEFERRED if isinstance(outcome, Deferred) else DeliveryState.UNKNOWN
            tx.execute(
                update(table)
                .where(ours)
                .values(
                    state=state,
                    next_at=due,
                    owner=None,
                    attempts=table.c.attempts + attempts,
                    stage=outcome.stage,
                    reply=outcome.reply,
                )
            )


def _letter(row: RowMapping) -> Letter:
    names = [name for name in Letter.__slots__ if name in row]
    return Letter(**{name: row[name] for name in names})
