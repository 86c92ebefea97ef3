"""What came back of an issue in figures, per language and provider group (domain/returns.py)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, and_, bindparam, case, func, select

from mailer.domain.books import Books
from mailer.domain.consequence import NO_COMPLAINT, Effect
from mailer.domain.delivery import PENDING, DeliveryState
from mailer.domain.language import Language
from mailer.domain.reply_class import ReplyClass
from mailer.domain.returned_mail import MailKind
from mailer.domain.returns import GroupReturns, Returns
from mailer.storage.database import Transaction
from mailer.storage.return_tables import consequence
from mailer.storage.tables import chunk, delivery, edition

_COUNTERS = (*DeliveryState, "unsubscribed")
_CAME_BACK = (DeliveryState.ACCEPTED, DeliveryState.UNKNOWN, DeliveryState.INFLIGHT)
_KINDS = (MailKind.BOUNCE, MailKind.COMPLAINT, MailKind.AUTO_REPLY)
_NO_COMPLAINT = [f"{MailKind.COMPLAINT}:{each}" for each in sorted(NO_COMPLAINT)]

_IS_REFUSED = consequence.c.report_id.is_(None)
_COUNTS = and_(consequence.c.effect.in_([Effect.SUPPRESSED, Effect.HELD]), consequence.c.undone_at.is_(None))
# A reader counts once for each kind: by what ended the subscription, else by what came last.
_RANK = func.row_number().over(
    partition_by=(consequence.c.reader_id, consequence.c.kind, _IS_REFUSED),
    order_by=(case((_COUNTS, 1), else_=0).desc(), consequence.c.id.desc()),
)
_ONE_EACH = (
    select(
        consequence.c.reader_id,
        consequence.c.kind,
        consequence.c.cause,
        _IS_REFUSED.label("is_refused"),
        case((_COUNTS, consequence.c.effect), else_=None).label("effect"),
        _RANK.label("rank"),
    )
    .where(
        (consequence.c.issue_id == bindparam("number"))
        & consequence.c.kind.in_(_KINDS)
        & consequence.c.evidence.not_in(_NO_COMPLAINT)
    )
    .subquery()
)
_COMPLAINTS = select(func.count(consequence.c.reader_id.distinct())).where(
    (consequence.c.issue_id == bindparam("number"))
    & (consequence.c.kind == MailKind.COMPLAINT)
    & consequence.c.evidence.not_in(_NO_COMPLAINT)
)
_WHERE_SENT = (edition.c.language, chunk.c.provider_group)
_WHAT = (_ONE_EACH.c.kind, _ONE_EACH.c.cause, _ONE_EACH.c.is_refused, _ONE_EACH.c.effect)
# A copy that was refused at once can't come back: whoever says so speaks of another.
_DID_GO = delivery.c.state.in_(_CAME_BACK) | (_ONE_EACH.c.kind != MailKind.BOUNCE) | _ONE_EACH.c.is_refused
_RETURNS = (
    select(*_WHERE_SENT, *_WHAT, func.count().label("readers"))
    .select_from(_ONE_EACH)
    .join(
        delivery,
        (delivery.c.issue_id == bindparam("number")) & (delivery.c.reader_id == _ONE_EACH.c.reader_id),
    )
    .join(chunk, chunk.c.id == delivery.c.chunk_id)
    .join(edition, edition.c.id == chunk.c.edition_id)
    .where((_ONE_EACH.c.rank == 1) & _DID_GO)
    .group_by(*_WHERE_SENT, *_WHAT)
)
_BOOKS = (
    select(
        *_WHERE_SENT,
        func.sum(chunk.c.size).label("size"),
        func.sum(chunk.c.deferred_attempts).label("deferred_attempts"),
        *(func.sum(chunk.c[name]).label(name) for name in _COUNTERS),
    )
    .join(edition, edition.c.id == chunk.c.edition_id)
    .where(chunk.c.issue_id == bindparam("number"))
    .group_by(*_WHERE_SENT)
    .order_by(*_WHERE_SENT)
)


@dataclass(slots=True)
class _Tally:
    """Figures of one language and provider group while they are added up."""

    books: Books
    came_back: Counter[ReplyClass] = field(default_factory=Counter)
    refused: Counter[ReplyClass] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def add(self, row: Row[Any]) -> None:
        """Count readers of one kind, cause and effect."""
        if row.kind is not MailKind.BOUNCE:
            self.others[row.kind] += row.readers
            return
        in_classes = self.refused if row.is_refused else self.came_back
        in_classes[row.cause.reply_class if row.cause else ReplyClass.UNKNOWN] += row.readers
        if row.effect is not None:
            self.others[row.effect] += row.readers

    def done(self) -> Returns:
        """Return what was added up."""
        return Returns(
            self.books,
            self.came_back,
            self.refused,
            complaints=self.others[MailKind.COMPLAINT],
            auto_replies=self.others[MailKind.AUTO_REPLY],
            suppressed=self.others[Effect.SUPPRESSED],
            held=self.others[Effect.HELD],
        )


def by_group(tx: Transaction, issue_id: int) -> list[GroupReturns]:
    """
    Return what became and what came back of an issue's copies, by language and provider group.

    In the order of language and group, with those from whom nothing came back; the books are from counters,
    the rest costs a look at each mail that came back of the issue.
    """
    tallies: dict[tuple[Language, str], _Tally] = {}
    for row in tx.execute(_BOOKS, {"number": issue_id}):
        tallies[row.language, row.provider_group] = _Tally(_books(row))
    for row in tx.execute(_RETURNS, {"number": issue_id}):
        tallies[row.language, row.provider_group].add(row)
    return [GroupReturns(*key, each.done()) for key, each in tallies.items()]


def complaint_count(tx: Transaction, issue_id: int) -> int:
    """Return how many readers reported an issue as spam: for a page that asks often, and nothing else."""
    return tx.scalar(_COMPLAINTS, {"number": issue_id}) or 0


def _books(row: Row[Any]) -> Books:
    figures = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return Books(
        audience=int(figures["size"]),
        accepted=int(figures[DeliveryState.ACCEPTED]),
        failed=int(figures[DeliveryState.FAILED]),
        skipped=int(figures[DeliveryState.SKIPPED]),
        unknown=int(figures[DeliveryState.UNKNOWN]),
        pending=sum(int(figures[state]) for state in PENDING),
        deferred_attempts=int(figures["deferred_attempts"]),
        unsubscribed=int(figures["unsubscribed"]),
    )
