"""The ``[[topic]]`` tables of a newsletter.toml."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from mailer.domain.language import Language
from mailer.domain.newsletter import Topic
from mailer.editorial.slug import SLUG_RULE, is_slug
from mailer.editorial.toml_table import TomlTable
from mailer.editorial.wording import read_wording

_KEYS = ("slug", "position", "title", "active_from", "active_until", "required")
_LAST_POSITION = 1000


def read_topics(top: TomlTable, languages: Sequence[Language]) -> tuple[Topic, ...]:
    """Read all topics, sorted by position; a topic without one takes its place in the file."""
    tables = top.tables("topic")
    if not tables and "topic" not in top.values:
        top.complain("topic", "there is no topic; add a line [[topic]] with slug and title below it")
    topics = [_topic(table, at, languages) for at, table in enumerate(tables, start=1)]
    by_slug: dict[str, Topic] = {}
    by_position: dict[int, Topic] = {}
    for table, topic in zip(tables, topics, strict=True):
        if topic.slug and by_slug.setdefault(topic.slug, topic) is not topic:
            table.complain("slug", f"there is a topic “{topic.slug}” already; give each its own slug")
        other = by_position.setdefault(topic.position, topic)
        if other is not topic:
            table.complain(
                "position",
                f"position {topic.position} is that of {other.slug or 'another topic'} already; "
                "give each topic its own, or none at all to keep the order of the file",
            )
    return tuple(sorted(topics, key=lambda topic: topic.position))


def _topic(table: TomlTable, at: int, languages: Sequence[Language]) -> Topic:
    table.refuse_unknown(_KEYS)
    slug = table.text("slug", "russia", required=True)
    if slug and not is_slug(slug):
        table.complain("slug", f"slug “{slug}” can’t stand in a file name; {SLUG_RULE} russia")
    active_from, active_until = _day(table, "active_from"), _day(table, "active_until")
    if active_from and active_until and active_until < active_from:
        table.complain(
            "active_until",
            f"active_until ({active_until}) is before active_from ({active_from}); exchange them",
        )
    return Topic(
        slug=slug,
        position=_position(table, at),
        title=read_wording(table.table("title"), languages, outside=_KEYS),
        active_from=active_from,
        active_until=active_until,
        required=_required(table),
    )


def _position(table: TomlTable, at: int) -> int:
    value = table.values.get("position", at)
    # In Python true is an int.
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LAST_POSITION:
        table.wrong_type("position", f"a whole number from 1 to {_LAST_POSITION}, as position = {at}")
        return at
    return value


def _day(table: TomlTable, key: str) -> date | None:
    value = table.values.get(key)
    if value is None:
        return None
    if isinstance(value, datetime) or not isinstance(value, date):
        table.wrong_type(key, f"a day without quotes, as {key} = 2026-11-23")
        return None
    return value


def _required(table: TomlTable) -> bool:
    value = table.values.get("required", False)
    if not isinstance(value, bool):
        table.wrong_type("required", "true or false, without quotes")
        return False
    return value
