"""The archive: which released issues have a public page, and the frozen edition each page shows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from mailer.domain.issue import IssueKind, IssueState
from mailer.domain.language import Language
from mailer.domain.period import Period, parse_period
from mailer.storage.database import Transaction
from mailer.storage.editions import DISCREET
from mailer.storage.tables import edition, issue, newsletter

PUBLIC = (IssueState.RELEASED, IssueState.PAUSED, IssueState.SENT)
"""States in which an issue can be read: its editions are frozen."""


@dataclass(frozen=True, slots=True)
class PublicIssue:
    """An issue as a page offers it, in one language.

    Attributes:
        released_at: aware UTC.
        edition_id: the edition for readers who chose nothing about missing texts: what html() takes.
    """

    period: Period
    language: Language
    released_at: datetime
    edition_id: int


def newest(
    tx: Transaction, newsletter_slug: str, language: Language, *, kinds: Collection[IssueKind], limit: int
) -> list[PublicIssue]:
    """Return the issues that can be read in *language*, newest period first, at most *limit*."""
    rows = tx.execute(_pages(newsletter_slug, kinds).limit(limit * len(Language))).all()
    found = [public for public in _one_a_period(rows) if public.language is language]
    return sorted(found, key=lambda public: public.period, reverse=True)[:limit]


def periods(tx: Transaction, newsletter_slug: str, *, kinds: Collection[IssueKind]) -> set[Period]:
    """Return the periods whose issue was released."""
    released = (
        select(issue.c.period)
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .where((newsletter.c.slug == newsletter_slug) & issue.c.state.in_(PUBLIC) & issue.c.kind.in_(kinds))
        .where(issue.c.period.is_not(None))
    )
    return {parse_period(key) for key in tx.scalars(released)}


def of_period(
    tx: Transaction, newsletter_slug: str, period: Period, *, kinds: Collection[IssueKind]
) -> dict[Language, PublicIssue]:
    """Return the issue of *period* by the languages it can be read in; empty where there is none."""
    rows = tx.execute(_pages(newsletter_slug, kinds).where(issue.c.period == period.key)).all()
    return {public.language: public for public in _one_a_period(rows)}


def html(tx: Transaction, edition_id: int) -> str:
    """Return an edition's HTML as it was frozen, holes open."""
    return str(tx.execute(select(edition.c.html).where(edition.c.id == edition_id)).scalar_one())


def _pages(newsletter_slug: str, kinds: Collection[IssueKind]) -> Select[Any]:
    # The release stores the edition of readers who made no choice first in each language. One without
    # a single text has an empty skeleton: there is nothing to read.
    first = (
        select(func.min(edition.c.id))
        .where(~edition.c.plan.startswith(DISCREET))
        .group_by(edition.c.issue_id, edition.c.language)
    )
    return (
        select(
            issue.c.id, issue.c.period, issue.c.released_at, edition.c.language, edition.c.id.label("shown")
        )
        .join(newsletter, newsletter.c.id == issue.c.newsletter_id)
        .join(edition, edition.c.issue_id == issue.c.id)
        .where((newsletter.c.slug == newsletter_slug) & issue.c.state.in_(PUBLIC) & issue.c.kind.in_(kinds))
        .where(issue.c.period.is_not(None) & edition.c.id.in_(first) & (func.length(edition.c.skeleton) > 0))
        .order_by(issue.c.kind != IssueKind.REGULAR, issue.c.id.desc(), edition.c.id)
    )


def _one_a_period(rows: Any) -> list[PublicIssue]:
    """Keep one issue of each period: the regular one, else the newest of the others."""
    chosen: dict[str, int] = {}
    return [
        PublicIssue(parse_period(row.period), row.language, row.released_at, row.shown)
        for row in rows
        if chosen.setdefault(row.period, row.id) == row.id
    ]
