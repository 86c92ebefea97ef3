"""A reader's break: the day before which no issue comes, as it is typed."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST = timedelta(days=366)
"""A break of more than a year is forgotten by its reader, who then wonders where the newsletter is."""

_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})", re.ASCII)


class NoBreak(ValueError):  # noqa: N818 - reads as what it is where it is caught
    """What was typed is no day that a break can last to."""


def break_until(typed: str, *, today: date, zone: str) -> datetime:
    """
    Return the moment before which no issue comes: the day's first in *zone*, in UTC.

    Args:
        typed: ``2027-01-31`` as browsers send it, or ``31.1.2027`` as people type it where they don't.
        today: in *zone*.
        zone: IANA name, the newsletter's.

    Raises:
        NoBreak: it is no date, or not between tomorrow and a year from now.
    """
    day = _day(typed.strip())
    if not today < day <= today + LONGEST:
        raise NoBreak("a break ends between tomorrow and a year from now")
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _day(text: str) -> date:
    year_first, day_first = _YEAR_FIRST.fullmatch(text), _DAY_FIRST.fullmatch(text)
    match = year_first or day_first
    if match is None:
        raise NoBreak("this is no date")
    numbers = [int(number) for number in match.groups()]
    try:
        return date(*(numbers if year_first else reversed(numbers)))
    except ValueError as error:
        raise NoBreak("there is no such day") from error
