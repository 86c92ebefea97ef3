"""A period is read from what people write, has one written form, and knows what went before it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.period import Period, last_ended_week, month, parse_period, week, week_of

days = st.dates(date(1000, 1, 8), date(9998, 12, 1))


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        (" 2026-w47 ", date(2026, 11, 16), date(2026, 11, 22)),
        ("2026-W01", date(2025, 12, 29), date(2026, 1, 4)),
        ("2026-W53", date(2026, 12, 28), date(2027, 1, 3)),
        ("2026-11-18", date(2026, 11, 16), date(2026, 11, 22)),
        ("2027-01-01", date(2026, 12, 28), date(2027, 1, 3)),
        ("2026-11", date(2026, 11, 1), date(2026, 11, 30)),
        ("2026-12", date(2026, 12, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-06-03..2026-06-20", date(2026, 6, 3), date(2026, 6, 20)),
        ("2026-06-03..2026-06-03", date(2026, 6, 3), date(2026, 6, 3)),
    ],
)
def test_a_period_is_read(written: str, first: date, last: date) -> None:
    """Weeks, months, a day of a week, and two dates."""
    assert parse_period(written) == Period(first, last)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "47",
        "W47",
        "2026-W00",
        "2026-W54",
        "2025-W53",
        "2026-W7",
        "2026-13",
        "2026-00",
        "2026-02-30",
        "2026-06-20..2026-06-03",
        "2026-06-03...2026-06-20",
        "2026-06-03..",
        "last week",
        "0000-W01",
        "9999-12",
        "9999-W52",
    ],
)
def test_what_is_no_period_is_refused(written: str) -> None:
    """The message repeats what was written and shows how to write a week."""
    with pytest.raises(ValueError, match=f"^“{written}” is not a week; write it as 2026-W47"):
        parse_period(written)


@given(st.text(max_size=24))
@example("2026-W53..")
def test_reading_raises_only_value_error(written: str) -> None:
    """Whatever is written, it is a period or a ValueError."""
    with suppress(ValueError):
        parse_period(written)


@pytest.mark.parametrize(
    ("first", "last", "key"),
    [
        (date(2026, 11, 16), date(2026, 11, 22), "2026-W47"),
        (date(2025, 12, 29), date(2026, 1, 4), "2026-W01"),
        (date(2026, 12, 28), date(2027, 1, 3), "2026-W53"),
        (date(2026, 11, 1), date(2026, 11, 30), "2026-11"),
        (date(2026, 11, 17), date(2026, 11, 23), "2026-11-17..2026-11-23"),
        (date(2026, 11, 1), date(2026, 11, 29), "2026-11-01..2026-11-29"),
        # Seven days from a Monday are a week, even where a month is as short as four of them.
        (date(2027, 2, 1), date(2027, 2, 28), "2027-02"),
    ],
)
def test_the_key_is_the_shortest_name(first: date, last: date, key: str) -> None:
    """A whole ISO week or month goes by its name, anything else by its two dates."""
    assert Period(first, last).key == key


@given(days, st.integers(0, 70))
@example(date(2026, 2, 1), 27)
@example(date(2026, 12, 28), 6)
def test_the_key_reads_back(first: date, further: int) -> None:
    """What is stored as a key is the same period when it is read again."""
    period = Period(first, first + timedelta(days=further))

    assert parse_period(period.key) == period


def test_it_cannot_end_before_it_begins() -> None:
    """Two dates in the wrong order are no period."""
    with pytest.raises(ValueError, match="can't end"):
        Period(date(2026, 11, 2), date(2026, 11, 1))


@pytest.mark.parametrize(
    ("key", "before"),
    [
        ("2026-W47", "2026-W46"),
        ("2026-W01", "2025-W52"),
        ("2027-W01", "2026-W53"),
        ("2026-01", "2025-12"),
        ("2026-03", "2026-02"),
        ("2024-03", "2024-02"),
        ("2026-06-03..2026-06-20", "2026-05-16..2026-06-02"),
    ],
)
def test_the_previous_period_is_of_the_same_kind(key: str, before: str) -> None:
    """A week before a week, a month before a month, as many days before two dates."""
    assert parse_period(key).previous.key == before


@given(days)
def test_weeks_follow_each_other_without_a_gap(day: date) -> None:
    """The week before any week ends on the day before its Monday."""
    this = week_of(day)

    assert this.previous == week_of(this.first_day - timedelta(days=1))
    assert this.first_day <= day <= this.last_day


@pytest.mark.parametrize(
    ("today", "key"),
    [
        (date(2026, 11, 23), "2026-W47"),
        (date(2026, 11, 22), "2026-W46"),
        (date(2026, 11, 29), "2026-W47"),
        (date(2027, 1, 4), "2026-W53"),
        (date(2026, 1, 4), "2025-W52"),
    ],
)
def test_the_last_ended_week_is_wholly_over(today: date, key: str) -> None:
    """On Monday it is the week that ended yesterday; on Sunday the week is not over yet."""
    assert last_ended_week(today).key == key


@pytest.mark.parametrize(("year", "number"), [(2025, 53), (2026, 0), (2026, 54)])
def test_a_week_that_a_year_lacks_is_refused(year: int, number: int) -> None:
    """2026 has 53 weeks, 2025 has 52."""
    with pytest.raises(ValueError, match="Invalid week"):
        week(year, number)


def test_a_month_that_no_year_has_is_refused() -> None:
    """There is no thirteenth month."""
    with pytest.raises(ValueError, match="month"):
        month(2026, 13)


def test_periods_sort_by_their_days() -> None:
    """Archives are ordered by time, not by the spelling of keys."""
    keys = ["2026-W09", "2026-W10", "2026-W08", "2025-W52"]

    assert [period.key for period in sorted(map(parse_period, keys))] == sorted(keys)
