"""Newsletters and their topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select, update

from mailer.domain.language import Language
from mailer.domain.missing import parse_missing_rule
from mailer.domain.nearest import did_you_mean
from mailer.domain.newsletter import Newsletter, Schedule, Topic
from mailer.domain.theme import Theme, TrendColours
from mailer.errors import NotFound, UsageError
from mailer.storage.database import Transaction
from mailer.storage.tables import commentary
from mailer.storage.tables import newsletter as table
from mailer.storage.tables import topic as topics

_WORDINGS = (
    "title",
    "overview_title",
    "description",
    "sender_name",
    "reply_to",
    "discreet_sender_name",
    "discreet_subject",
    "footer",
    "address_line",
)


def slugs(tx: Transaction) -> list[str]:
    """Return the slug of every newsletter, in order."""
    return list(tx.scalars(select(table.c.slug).order_by(table.c.slug)))


def everything(tx: Transaction) -> list[Newsletter]:
    """Return every newsletter, by slug."""
    return [pick(tx, slug) for slug in slugs(tx)]


def pick(tx: Transaction, slug: str | None) -> Newsletter:
    """Return the newsletter *slug* names; without one, the only newsletter there is.

    Raises:
        NotFound: there is none of that name, or none at all.
        UsageError: there are several and none was named.
    """
    known = slugs(tx)
    if slug is None:
        if not known:
            raise NotFound("there is no newsletter yet; run “mailer newsletter import newsletter.toml”")
        if len(known) > 1:
            raise UsageError(
                f"there are several newsletters; add --newsletter with one of {', '.join(known)}"
            )
        slug = known[0]
    found = find(tx, slug)
    if found is None:
        names = ", ".join(known) or "none yet"
        raise NotFound(f"there is no newsletter “{slug}”{did_you_mean(slug, known)}; known: {names}")
    return found


def find(tx: Transaction, slug: str) -> Newsletter | None:
    """Return the newsletter *slug* names, or None."""
    row = tx.execute(select(table).where(table.c.slug == slug)).mappings().one_or_none()
    if row is None:
        return None
    of_newsletter = topics.c.newsletter_id == row["id"]
    topic_rows = tx.execute(select(topics).where(of_newsletter).order_by(topics.c.position)).mappings()
    return Newsletter(
        slug=row["slug"],
        languages=tuple(Language(language) for language in row["languages"]),
        zone=row["zone"],
        sender=row["sender"],
        missing={Language(lang): parse_missing_rule(rule) for lang, rule in row["missing"].items()},
        schedule=Schedule(**row["schedule"]),
        release_rule=row["release_rule"],
        unknown_policy=row["unknown_policy"],
        topics=tuple(_topic(topic_row) for topic_row in topic_rows),
        theme=_theme(row["theme"]),
        **{name: _by_language(row["wording"].get(name, {})) for name in _WORDINGS},
    )


def identifier(tx: Transaction, slug: str) -> int:
    """Return the number that Letters' tokens carry.

    Raises:
        NotFound: there is no such newsletter.
    """
    found = tx.scalar(select(table.c.id).where(table.c.slug == slug))
    if found is None:
        raise NotFound(f"there is no newsletter “{slug}”")
    return int(found)


def slug_of(tx: Transaction, newsletter_id: int) -> str | None:
    """Return the slug of the newsletter with that number, or None."""
    return tx.scalar(select(table.c.slug).where(table.c.id == newsletter_id))


def save(tx: Transaction, newsletter: Newsletter) -> bool:
    """Store *newsletter* and its topics; return whether anything changed.

    Raises:
        UsageError: a topic that has commentaries is missing from it.
    """
    before = find(tx, newsletter.slug)
    if before == newsletter:
        return False
    values = _row(newsletter)
    if before is None:
        tx.execute(insert(table).values(values))
    else:
        tx.execute(update(table).where(table.c.slug == newsletter.slug).values(values))
    _save_topics(tx, identifier(tx, newsletter.slug), newsletter)
    return True


def _save_topics(tx: Transaction, newsletter_id: int, newsletter: Newsletter) -> None:
    of_newsletter = topics.c.newsletter_id == newsletter_id
    stored = {row.slug: row.id for row in tx.execute(select(topics.c.slug, topics.c.id).where(of_newsletter))}
    for slug in stored.keys() - {topic.slug for topic in newsletter.topics}:
        if tx.scalar(select(commentary.c.id).where(commentary.c.topic_id == stored[slug]).limit(1)):
            raise UsageError(
                f"topic “{slug}” has commentaries and can't be removed; keep it and write “active_until”"
            )
        tx.execute(delete(topics).where(topics.c.id == stored[slug]))
    for topic in newsletter.topics:
        values = {
            "position": topic.position,
            "title": dict(topic.title),
            "active_from": topic.active_from,
            "active_until": topic.active_until,
            "required": topic.required,
        }
        if topic.slug in stored:
            tx.execute(update(topics).where(topics.c.id == stored[topic.slug]).values(values))
        else:
            tx.execute(insert(topics).values(newsletter_id=newsletter_id, slug=topic.slug, **values))


def _row(newsletter: Newsletter) -> dict[str, Any]:
    schedule = newsletter.schedule
    return {
        "slug": newsletter.slug,
        "languages": list(newsletter.languages),
        "zone": newsletter.zone,
        "sender": newsletter.sender,
        "wording": {name: dict(getattr(newsletter, name)) for name in _WORDINGS},
        "missing": {language: str(rule) for language, rule in newsletter.missing.items()},
        "schedule": {"build": schedule.build, "release": schedule.release, "deadline": schedule.deadline},
        "release_rule": newsletter.release_rule,
        "unknown_policy": newsletter.unknown_policy,
        "theme": asdict(newsletter.theme),
    }


def _theme(stored: Mapping[str, Any]) -> Theme:
    colours = TrendColours(stored.get("trend_colours", TrendColours.SIGNAL))
    return replace(Theme(**stored), trend_colours=colours)


def _topic(row: RowMapping) -> Topic:
    return Topic(
        slug=row["slug"],
        position=row["position"],
        title=_by_language(row["title"]),
        active_from=row["active_from"],
        active_until=row["active_until"],
        required=row["required"],
    )


def _by_language(stored: Mapping[str, str]) -> dict[Language, str]:
    return {Language(language): words for language, words in stored.items()}
