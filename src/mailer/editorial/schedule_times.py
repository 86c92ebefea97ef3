"""The weekly times of a newsletter, as an operator writes them: ``Mon 06:00``."""

from __future__ import annotations

import re
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailer.domain.newsletter import Newsletter, Schedule
from mailer.domain.timetable import since_monday
from mailer.errors import MailerError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
"""Names of the days, in the order of the week."""

_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"(\w+)\s+(\d{1,2}):(\d\d)", re.ASCII)
_HOURS = 24
_MINUTES = 60
_WEEK = timedelta(days=7)
_LATEST_DEADLINE = timedelta(days=6)


def parse_weekly_time(text: str) -> str:
    """Read a day and a time on the 24-hour clock; return it in the one written form, ``Mon 06:00``.

    Raises:
        ValueError: it is no such time; the message says what to write.
    """
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"“{text}” is not a day and time; write it as Mon 06:00")
    day, hour, minute = match[1].lower(), int(match[2]), int(match[3])
    if day in _FULL_DAYS:
        day = day[:3]
    if day.title() not in DAYS:
        raise ValueError(f"“{match[1]}” is not a day; write one of {', '.join(DAYS)}")
    if hour >= _HOURS or minute >= _MINUTES:
        raise ValueError(f"“{match[2]}:{match[3]}” is not a time; write it from 00:00 to 23:59")
    return f"{day.title()} {hour:02}:{minute:02}"


def order_problem(schedule: Schedule) -> str | None:
    """Say what is wrong with the order of three valid times, or None.

    The week is a circle: build may be on Sunday evening and release on Monday. Walking it from build,
    release must come before deadline, and all three within one turn; release may be at the build time.
    A deadline more than six days after the release was meant to be before it.
    """
    build, release, deadline = map(since_monday, (schedule.build, schedule.release, schedule.deadline))
    to_release = (release - build) % _WEEK
    to_deadline = (deadline - release) % _WEEK
    if to_deadline > _LATEST_DEADLINE:
        return f"deadline ({schedule.deadline}) is before release ({schedule.release}); write a later time"
    if to_deadline and to_release + to_deadline < _WEEK:
        return None
    return (
        f"build ({schedule.build}), release ({schedule.release}) and deadline ({schedule.deadline}) do not "
        "follow each other within one week; write release at or after build, and deadline after release"
    )


def zone_of(newsletter: Newsletter) -> ZoneInfo:
    """Return the zone by whose wall clock a stored newsletter lives.

    Raises:
        MailerError: this machine's list of zones does not know it any more.
    """
    try:
        return ZoneInfo(newsletter.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise MailerError(
            f"zone “{newsletter.zone}” of newsletter “{newsletter.slug}” is not known here; correct zone in "
            "newsletter.toml and run “mailer newsletter import newsletter.toml”"
        ) from error
