"""The moment from which a commentary is public, as an editor writes it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?) ?(Z|[+-]\d\d:?\d\d)?", re.ASCII | re.IGNORECASE
)
_FORMS = "write a day (2026-11-23) or day, time and zone (2026-11-23T09:00+01:00, Z for UTC)"


def parse_public_from(text: str, *, zone: tzinfo) -> datetime:
    """Read a day, or day, time and zone (ISO 8601, a blank may stand for the T).

    Args:
        text: ``2026-11-23``, ``2026-11-23T09:00+01:00`` or ``2026-11-23 08:00Z``.
        zone: where the midnight of a day is meant.

    Returns:
        Aware UTC.

    Raises:
        ValueError: it is neither; the message says what to write.
    """
    instant = _INSTANT.fullmatch(text)
    if instant and not instant[3]:
        raise ValueError(f"“{text}” has no zone; write it as {instant[1]}T{instant[2]}+01:00, or Z for UTC")
    try:
        if instant:
            return datetime.fromisoformat(f"{instant[1]}T{instant[2]}{instant[3].upper()}").astimezone(UTC)
        if _DAY.fullmatch(text):
            return datetime.combine(date.fromisoformat(text), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"“{text}” is no day and time of the calendar; {_FORMS}") from None
    raise ValueError(f"“{text}” is not a day; {_FORMS}")
