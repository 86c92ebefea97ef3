"""A break lasts to a day that a reader typed, however their phone writes days."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.time_off import NoBreak, break_until

TODAY = date(2026, 11, 23)
ZONE = "Europe/Warsaw"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2027-01-31", datetime(2027, 1, 30, 23, tzinfo=UTC)),
        (" 31.01.2027 ", datetime(2027, 1, 30, 23, tzinfo=UTC)),
        ("31.1.2027", datetime(2027, 1, 30, 23, tzinfo=UTC)),
        ("31/01/2027", datetime(2027, 1, 30, 23, tzinfo=UTC)),
        ("2027-07-01", datetime(2027, 6, 30, 22, tzinfo=UTC)),
        ("2026-11-24", datetime(2026, 11, 23, 23, tzinfo=UTC)),
        ("2027-11-24", datetime(2027, 11, 23, 23, tzinfo=UTC)),
    ],
)
def test_a_break_ends_when_its_day_begins_where_the_newsletter_is(typed: str, expected: datetime) -> None:
    """In any of the usual spellings, in summer and winter time."""
    assert break_until(typed, today=TODAY, zone=ZONE) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "soon",
        "2026-11-23",
        "2026-11-22",
        "2027-11-25",
        "2027-02-30",
        "31.13.2027",
        "0000-01-01",
        "²027-01-01",
    ],
)
def test_what_is_no_day_of_the_coming_year_is_refused(typed: str) -> None:
    """Today is none either: an issue of today may be on its way."""
    with pytest.raises(NoBreak):
        break_until(typed, today=TODAY, zone=ZONE)


@given(st.text() | st.from_regex(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}", fullmatch=True))
def test_whatever_is_typed_only_the_stated_error_comes(typed: str) -> None:
    """Nothing a visitor types breaks the page."""
    with suppress(NoBreak):
        assert break_until(typed, today=TODAY, zone=ZONE) > datetime(2026, 11, 23, tzinfo=UTC)
