"""Weekly times are read in the ways people write them, and follow each other."""

from __future__ import annotations

import pytest

from mailer.domain.newsletter import Schedule
from mailer.editorial.schedule_times import order_problem, parse_weekly_time


@pytest.mark.parametrize(
    ("written", "expected"),
    [("Mon 06:00", "Mon 06:00"), ("mon 6:05", "Mon 06:05"), (" SUNDAY   23:59 ", "Sun 23:59")],
)
def test_a_time_has_one_written_form(written: str, expected: str) -> None:
    """Capitals, full names and one-digit hours are taken."""
    assert parse_weekly_time(written) == expected


@pytest.mark.parametrize("written", ["", "Mon", "Mon 6", "Mon 06:60", "Mon 24:00", "Mond 06:00", "Пн 06:00"])
def test_what_is_no_time_is_refused(written: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match="write"):
        parse_weekly_time(written)


@pytest.mark.parametrize(
    ("build", "release", "deadline", "is_right"),
    [
        ("Mon 06:00", "Mon 09:00", "Tue 12:00", True),
        ("Sun 20:00", "Mon 09:00", "Tue 12:00", True),
        ("Mon 09:00", "Mon 09:00", "Mon 09:01", True),
        ("Fri 18:00", "Mon 09:00", "Fri 17:59", True),
        ("Mon 10:00", "Mon 09:00", "Tue 12:00", False),
        ("Mon 06:00", "Mon 09:00", "Mon 08:00", False),
        ("Mon 06:00", "Mon 09:00", "Mon 09:00", False),
        # Both fit into the week that follows, and neither was meant so.
        ("Mon 06:00", "Mon 09:00", "Mon 05:00", False),
        ("Mon 06:00", "Mon 09:00", "Sun 12:00", False),
        ("Mon 06:00", "Tue 09:00", "Mon 06:00", False),
    ],
)
def test_build_release_and_deadline_follow_each_other_within_a_week(
    build: str,
    release: str,
    deadline: str,
    is_right: bool,  # noqa: FBT001 - a table
) -> None:
    """Walking the week from build, release comes first and deadline after it."""
    assert (order_problem(Schedule(build, release, deadline)) is None) is is_right
