"""Commentaries and their texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import RowMapping, Select, insert, select, update

from mailer.domain.commentary import Commentary, Text
from mailer.domain.language import Language
from mailer.domain.missing import parse_missing_rule
from mailer.domain.period import Period, parse_period
from mailer.storage.database import Transaction
from mailer.storage.tables import commentary as table
from mailer.storage.tables import commentary_text as texts
from mailer.storage.tables import newsletter, topic


def of_period(tx: Transaction, newsletter_slug: str, period: Period) -> list[Commentary]:
    """Return the commentaries of *period*, in the order of their topics."""
    rows = tx.execute(_with_topics(newsletter_slug).where(table.c.period == period.key))
    return _commentaries(tx, rows.mappings())


def find(tx: Transaction, newsletter_slug: str, topic_slug: str, period: Period) -> Commentary | None:
    """Return the commentary of one topic in one period, or None."""
    wanted = (table.c.period == period.key) & (topic.c.slug == topic_slug)
    found = _commentaries(tx, tx.execute(_with_topics(newsletter_slug).where(wanted)).mappings())
    return found[0] if found else None


def save(tx: Transaction, newsletter_slug: str, commentary: Commentary) -> list[Language]:
    """Store *commentary*; return the languages whose text is new or changed.

    Texts in other languages that are stored already stay as they are.
    """
    before = find(tx, newsletter_slug, commentary.topic, commentary.period)
    values = {
        "trend": commentary.trend,
        "missing": {language: str(rule) for language, rule in commentary.missing.items()},
        "public_from": commentary.public_from,
    }
    if before is None:
        topic_id = (
            select(topic.c.id)
            .join(newsletter, newsletter.c.id == topic.c.newsletter_id)
            .where((newsletter.c.slug == newsletter_slug) & (topic.c.slug == commentary.topic))
        ).scalar_subquery()
        tx.execute(insert(table).values(topic_id=topic_id, period=commentary.period.key, **values))
        before = replace(commentary, texts={})
    commentary_id = _identifier(tx, newsletter_slug, commentary)
    tx.execute(update(table).where(table.c.id == commentary_id).values(values))
    changed = [
        text for language, text in commentary.texts.items() if _differs(before.texts.get(language), text)
    ]
    for text in changed:
        _save_text(tx, commentary_id, text, known=text.language in before.texts)
    return [text.language for text in changed]


def _differs(stored: Text | None, text: Text) -> bool:
    # Where a text came from is a note for messages: the same words from another folder are no change.
    return stored is None or replace(stored, source=text.source) != text


def _identifier(tx: Transaction, newsletter_slug: str, commentary: Commentary) -> int:
    wanted = (table.c.period == commentary.period.key) & (topic.c.slug == commentary.topic)
    return int(tx.execute(_with_topics(newsletter_slug).where(wanted)).mappings().one()["id"])


def _save_text(tx: Transaction, commentary_id: int, text: Text, *, known: bool) -> None:
    values = {
        "state": text.state,
        "headline": text.headline,
        "lead": text.lead,
        "body": text.body,
        "author": text.author,
        "source": text.source,
    }
    key = (texts.c.commentary_id == commentary_id) & (texts.c.language == text.language)
    if known:
        tx.execute(update(texts).where(key).values(values))
    else:
        tx.execute(insert(texts).values(commentary_id=commentary_id, language=text.language, **values))


def _with_topics(newsletter_slug: str) -> Select[Any]:
    return (
        select(table, topic.c.slug.label("topic"))
        .join(topic, topic.c.id == table.c.topic_id)
        .join(newsletter, newsletter.c.id == topic.c.newsletter_id)
        .where(newsletter.c.slug == newsletter_slug)
        .order_by(topic.c.position)
    )


def _commentaries(tx: Transaction, rows: Iterable[RowMapping]) -> list[Commentary]:
    rows = list(rows)
    by_commentary: dict[int, dict[Language, Text]] = {row["id"]: {} for row in rows}
    wanted = texts.c.commentary_id.in_(by_commentary)
    for text in tx.execute(select(texts).where(wanted)).mappings():
        by_commentary[text["commentary_id"]][text["language"]] = Text(
            language=text["language"],
            state=text["state"],
            headline=text["headline"],
            body=text["body"],
            lead=text["lead"],
            author=text["author"],
            source=text["source"],
        )
    return [
        Commentary(
            topic=row["topic"],
            period=parse_period(row["period"]),
            trend=row["trend"],
            texts=by_commentary[row["id"]],
            missing={Language(lang): parse_missing_rule(rule) for lang, rule in row["missing"].items()},
            public_from=row["public_from"],
        )
        for row in rows
    ]
