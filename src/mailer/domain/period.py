"""The days an issue reports on, and the short name people write for them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})")
_DAYS_IN_A_WEEK = 7


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """First and last day of what an issue reports, both included."""

    first_day: date
    last_day: date

    def __post_init__(self) -> None:
        if self.last_day < self.first_day:
            raise ValueError(f"a period can't end ({self.last_day}) before it begins ({self.first_day})")

    @property
    def key(self) -> str:
        """The one written form: ``2026-W47``, ``2026-11`` or ``2026-06-03..2026-06-20``."""
        year, week, weekday = self.first_day.isocalendar()
        if weekday == 1 and self.last_day == self.first_day + timedelta(days=_DAYS_IN_A_WEEK - 1):
            return f"{year:04}-W{week:02}"
        if self == month(self.first_day.year, self.first_day.month):
            return f"{self.first_day:%Y-%m}"
        return f"{self.first_day}..{self.last_day}"

    @property
    def previous(self) -> Period:
        """The period of the same kind that went before; for two dates, as many days earlier."""
        last = self.first_day - timedelta(days=1)
        if self == month(self.first_day.year, self.first_day.month):
            return month(last.year, last.month)
        return Period(last - (self.last_day - self.first_day), last)


def week(year: int, number: int) -> Period:
    """Return the ISO week, Monday to Sunday.

    Raises:
        ValueError: that year has no such week.
    """
    first = date.fromisocalendar(year, number, 1)
    return Period(first, first + timedelta(days=_DAYS_IN_A_WEEK - 1))


def week_of(day: date) -> Period:
    """Return the ISO week that holds *day*."""
    return week(*day.isocalendar()[:2])


def last_ended_week(today: date) -> Period:
    """Return the last ISO week that is wholly over: on Monday 23 November, 16-22 November."""
    return week_of(today - timedelta(days=_DAYS_IN_A_WEEK))


def month(year: int, number: int) -> Period:
    """Return the calendar month.

    Raises:
        ValueError: there is no such month.
    """
    first = date(year, number, 1)
    following = date(year + number // 12, number % 12 + 1, 1)
    return Period(first, following - timedelta(days=1))


def parse_period(text: str) -> Period:
    """Read ``2026-W47``, ``2026-11``, one day of a week (``2026-11-18``) or ``2026-06-03..2026-06-20``.

    Raises:
        ValueError: it is none of these, or no such week, month or day exists.
    """
    text = text.strip()
    try:
        if match := _WEEK.fullmatch(text):
            return week(int(match[1]), int(match[2]))
        if match := _MONTH.fullmatch(text):
            return month(int(match[1]), int(match[2]))
        if match := _DAYS.fullmatch(text):
            return Period(date.fromisoformat(match[1]), date.fromisoformat(match[2]))
        return week_of(date.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValueError(
            f"“{text}” is not a week; write it as 2026-W47 (weeks run from 01 to 52, in some years 53)"
        ) from None
