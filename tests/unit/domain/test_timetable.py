"""Times of the week, and how long an issue may be sent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailer.domain.newsletter import Schedule
from mailer.domain.timetable import since_monday, time_to_send


@pytest.mark.parametrize(
    ("written", "hours"),
    [("Mon 00:00", 0), ("Mon 09:00", 9), ("tue 12:30", 36.5), (" SUN 23:00 ", 167)],
)
def test_a_time_is_counted_from_monday(written: str, hours: float) -> None:
    """Monday 00:00 is the start of the week."""
    assert since_monday(written) == timedelta(hours=hours)


@pytest.mark.parametrize(
    "written", ["", "Mon", "Mon 9:00", "Mon 24:00", "Mon 09:60", "Mum 09:00", "Пн 09:00", "Mon 09:00 x"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    """The sentence shows how to write it."""
    with pytest.raises(ValueError, match=f"^“{written}” is not a time of the week; write it as “Mon 09:00”$"):
        since_monday(written)


@pytest.mark.parametrize(
    ("release", "deadline", "hours"),
    [
        ("Mon 09:00", "Tue 12:00", 27),
        ("Sun 20:00", "Mon 08:00", 12),
        ("Mon 09:00", "Mon 09:00", 168),
        ("Mon 09:00", "Mon 08:00", 167),
    ],
)
def test_from_release_to_the_next_deadline(release: str, deadline: str, hours: int) -> None:
    """Over the end of the week too; the same moment means a whole week."""
    assert time_to_send(Schedule(release=release, deadline=deadline)) == timedelta(hours=hours)
