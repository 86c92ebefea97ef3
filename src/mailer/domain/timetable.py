"""Wall-clock times of the week, and what follows from them."""

from __future__ import annotations

import re
from datetime import timedelta

from mailer.domain.newsletter import Schedule

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([a-z]{3}) ([01]\d|2[0-3]):([0-5]\d)", re.IGNORECASE)
_WEEK = timedelta(days=7)


def since_monday(text: str) -> timedelta:
    """Read ``Mon 06:00`` as the time since Monday 00:00.

    Raises:
        ValueError: it is no such time.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None or match[1].lower() not in _DAYS:
        raise ValueError(f"“{text}” is not a time of the week; write it as “Mon 09:00”")
    return timedelta(days=_DAYS.index(match[1].lower()), hours=int(match[2]), minutes=int(match[3]))


def time_to_send(schedule: Schedule) -> timedelta:
    """Return how long after its release an issue may still be sent: from release to deadline."""
    return (since_monday(schedule.deadline) - since_monday(schedule.release)) % _WEEK or _WEEK
