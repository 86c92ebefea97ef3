"""Issues and their moves: every move is a compare-and-set, so that any number of processes may try."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from mailer.domain.issue import Issue, IssueKind, IssueMove, IssueState, IssueWords, move, states_before
from mailer.domain.language import Language
from mailer.domain.period import Period, parse_period
from mailer.errors import InvalidMove, NotFound
from mailer.storage.database import Transaction
from mailer.storage.tables import chunk, newsletter
from mailer.storage.tables import issue as table


def get(tx: Transaction, issue_id: int) -> Issue:
    """Return the issue.

    Raises:
        NotFound: there is none with that number.
    """
    row = tx.execute(_all().where(table.c.id == issue_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"there is no issue {issue_id}; name the week instead, as --week 2026-W47")
    return _issue(row)


def of_period(tx: Transaction, newsletter_slug: str, period: Period) -> Issue | None:
    """Return the regular issue of a period, or None; where there is none, its newest rehearsal."""
    wanted = (newsletter.c.slug == newsletter_slug) & (table.c.period == period.key)
    rows = tx.execute(_all().where(wanted).order_by(table.c.id.desc())).mappings().all()
    regular = [row for row in rows if row["kind"] is IssueKind.REGULAR]
    chosen = regular or rows
    return _issue(chosen[0]) if chosen else None


def newest(tx: Transaction, newsletter_slug: str, limit: int) -> list[Issue]:
    """Return the issues of a newsletter, newest first, at most *limit*."""
    rows = tx.execute(
        _all().where(newsletter.c.slug == newsletter_slug).order_by(table.c.id.desc()).limit(limit)
    )
    return [_issue(row) for row in rows.mappings()]


def build(
    tx: Transaction,
    newsletter_slug: str,
    period: Period,
    *,
    words: Mapping[Language, Mapping[str, str]],
    now: datetime,
) -> Issue:
    """Return the regular issue of *period* as a draft, created if need be, with *words* put in.

    Args:
        words: fields of IssueWords by language; what is not named stays as it was said.

    Raises:
        InvalidMove: it is no draft any more.
    """
    newsletter_id = select(newsletter.c.id).where(newsletter.c.slug == newsletter_slug).scalar_subquery()
    values = {
        "newsletter_id": newsletter_id,
        "kind": IssueKind.REGULAR,
        "period": period.key,
        "state": IssueState.DRAFT,
        "words": {},
        "created_at": now,
    }
    # Whoever comes second does nothing: any number of processes may build the same issue.
    dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
    tx.execute(dialect.insert(table).values(values).on_conflict_do_nothing())
    issue = of_period(tx, newsletter_slug, period)
    assert issue is not None
    if issue.state is not IssueState.DRAFT:
        raise InvalidMove(f"the issue for {period.key} is {issue.state} already; it can't be built again")
    said = {language: asdict(issue.words.get(language, IssueWords())) for language in {*issue.words, *words}}
    merged = {language: fields | dict(words.get(language, {})) for language, fields in said.items()}
    tx.execute(update(table).where(table.c.id == issue.id).values(words=merged))
    return get(tx, issue.id)


def advance(tx: Transaction, issue_id: int, event: IssueMove, **values: Any) -> Issue:
    """Move an issue on if its state allows, setting *values* with it.

    Raises:
        InvalidMove: it does not; somebody else may have been first.
        NotFound: there is no such issue.
    """
    issue = get(tx, issue_id)
    state = move(issue.state, event)
    allowed = table.c.state.in_(states_before(event))
    done = tx.execute(update(table).where((table.c.id == issue_id) & allowed).values(state=state, **values))
    if done.rowcount != 1:
        move(get(tx, issue_id).state, event)
        raise InvalidMove("somebody else changed this issue at the same moment; look at it again")
    return get(tx, issue_id)


def releasing(tx: Transaction) -> list[tuple[int, str]]:
    """Return (issue, node) of every release under way."""
    rows = tx.execute(select(table.c.id, table.c.releasing_node).where(table.c.state == IssueState.RELEASING))
    return [(row.id, row.releasing_node or "") for row in rows]


def set_kind(tx: Transaction, issue_id: int, kind: IssueKind) -> None:
    """Say what an issue is for: a regular one released to the outbox becomes a rehearsal."""
    tx.execute(update(table).where(table.c.id == issue_id).values(kind=kind))


def done(tx: Transaction) -> list[int]:
    """Return every released issue without pending copies and awaited resends."""
    return list(tx.scalars(select(table.c.id).where(_is_done())))


def finish_done(tx: Transaction) -> None:
    """Move every such issue to ``sent``."""
    tx.execute(update(table).where(_is_done()).values(state=IssueState.SENT))


def _is_done() -> ColumnElement[bool]:
    is_open = chunk.c.next_at.is_not(None) | chunk.c.owner.is_not(None)
    open_chunks = exists().where((chunk.c.issue_id == table.c.id) & is_open)
    return (table.c.state == IssueState.RELEASED) & ~open_chunks


def _all() -> Select[Any]:
    return select(table, newsletter.c.slug.label("newsletter")).join(
        newsletter, newsletter.c.id == table.c.newsletter_id
    )


def _issue(row: RowMapping) -> Issue:
    return Issue(
        id=row["id"],
        newsletter=row["newsletter"],
        kind=row["kind"],
        period=parse_period(row["period"]) if row["period"] else None,
        state=row["state"],
        created_at=row["created_at"],
        words={Language(language): IssueWords(**said) for language, said in row["words"].items()},
        released_at=row["released_at"],
        deadline_at=row["deadline_at"],
    )


def past_deadline(tx: Transaction, now: datetime) -> list[int]:
    """Return the issues whose copies may not be sent any more."""
    late = table.c.state.in_([IssueState.RELEASED, IssueState.PAUSED]) & (table.c.deadline_at <= now)
    return list(tx.scalars(select(table.c.id).where(late)))
