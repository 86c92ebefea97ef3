"""The newsletter's week: when an issue is built, released and too late, by the wall clock of its zone.

An issue on the week of 16-22 November is built, released and ended in the week that follows. Walking
from its build time, the release is the first release time at or after it, and the deadline the first
deadline after that; so a deadline on Monday morning may lie a week further on.

Wall clocks skip and repeat. A time that is skipped in spring happens at the next minute there is; one
that comes twice in autumn happens the first time. Every period therefore has exactly one of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum

from mailer.domain.newsletter import Schedule
from mailer.domain.period import Period, last_ended_week, week_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([a-z]{3}) ([01]\d|2[0-3]):([0-5]\d)", re.IGNORECASE)
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)
_REMIND_BEFORE = timedelta(hours=1)


class Step(StrEnum):
    """What happens at a time of the timetable, in the order of a week."""

    BUILD = "build"
    """The stored texts become a draft issue."""
    REMIND = "remind"
    """Operators hear of an issue that still waits for them."""
    RELEASE = "release"
    """The issue goes out, if its release rule says so and nothing holds it."""
    DEADLINE = "deadline"
    """From here on no copy is sent; a draft is too late."""


@dataclass(frozen=True, slots=True)
class FireTimes:
    """The times of one issue, aware UTC, in this order; the first three may be the same.

    Attributes:
        period: what the issue reports.
        remind_at: an hour before the release, or half-way to it when it is nearer than two hours.
        deadline_at: after release_at.
    """

    period: Period
    build_at: datetime
    remind_at: datetime
    release_at: datetime
    deadline_at: datetime

    def at(self, step: Step) -> datetime:
        """Return when *step* happens."""
        match step:
            case Step.BUILD:
                return self.build_at
            case Step.REMIND:
                return self.remind_at
            case Step.RELEASE:
                return self.release_at
            case Step.DEADLINE:
                return self.deadline_at


@dataclass(frozen=True, slots=True)
class Fire:
    """One thing that is still to happen: which, when (aware UTC), for which period."""

    step: Step
    at: datetime
    period: Period


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


def fire_times(schedule: Schedule, zone: tzinfo, period: Period) -> FireTimes:
    """
    Return the times of the issue on *period*.

    Args:
        schedule: valid wall-clock times.
        zone: whose wall clock they are read on.
        period: an ISO week; its issue is built in the week after it.

    Raises:
        ValueError: the schedule holds something that is no time of the week.
    """
    monday = datetime.combine(period.last_day, time()) + _DAY
    build = monday + since_monday(schedule.build)
    release = build + (since_monday(schedule.release) - since_monday(schedule.build)) % _WEEK
    deadline = release + time_to_send(schedule)
    build_at, release_at, deadline_at = (_instant(wall, zone) for wall in (build, release, deadline))
    # A spring gap may swallow release and deadline both; an issue must still have time to be sent.
    if deadline_at <= release_at:
        deadline_at = release_at + (deadline - release)
    lead = min(_REMIND_BEFORE, (release_at - build_at) / 2 // _SECOND * _SECOND)
    return FireTimes(period, build_at, release_at - lead, release_at, deadline_at)


def due(schedule: Schedule, zone: tzinfo, now: datetime) -> FireTimes:
    """
    Return the times of the issue whose turn it is: the newest one whose build time has come.

    Args:
        schedule: valid wall-clock times.
        zone: whose wall clock they are read on.
        now: aware.

    Its deadline may have passed. As *now* goes on, the period never goes back, whatever wall clocks do.
    """
    return next(times for times in _around(schedule, zone, now) if times.build_at <= now)


def next_fires(schedule: Schedule, zone: tzinfo, now: datetime) -> list[Fire]:
    """Return the next time after *now* of each step, soonest first; all are less than 9 days away."""
    coming: dict[Step, Fire] = {}
    # Newest first, so that the soonest stays.
    for times in _around(schedule, zone, now):
        for step in Step:
            if times.at(step) > now:
                coming[step] = Fire(step, times.at(step), times.period)
    return sorted(coming.values(), key=lambda fire: fire.at)


def deadline_by_hand(
    schedule: Schedule, zone: tzinfo, period: Period | None, released_at: datetime
) -> datetime:
    """
    Return until when an issue that a person releases may be sent.

    Args:
        schedule: valid wall-clock times.
        zone: whose wall clock they are read on.
        period: of the issue; None has no timetable.
        released_at: aware.

    One that is approved in time ends when the timetable says. One that is approved after its release
    time, or sent although it had missed its time, gets as long as it would have had.
    """
    if period is not None and is_weekly(period):
        times = fire_times(schedule, zone, period)
        if released_at <= times.release_at:
            return times.deadline_at
    return released_at + time_to_send(schedule)


def is_weekly(period: Period) -> bool:
    """Tell whether the timetable knows *period*: whether it is one ISO week."""
    return period == week_of(period.first_day)


def _around(schedule: Schedule, zone: tzinfo, now: datetime) -> Iterator[FireTimes]:
    """Yield the issues whose times may lie about *now*, newest first."""
    today = now.astimezone(zone).date()
    # One week ahead: today's date may be that of a Sunday while Monday's first hour has been already.
    # Two back: the build of this week may still come, and the last one's deadline lie after it.
    for weeks in range(2, -4, -1):
        yield fire_times(schedule, zone, last_ended_week(today + weeks * _WEEK))


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    """Return when clocks in *zone* first show *wall* or, where that is skipped, the next minute."""
    while True:
        # fold is 0: of two, the first.
        moment = wall.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
            return moment
        wall += _MINUTE
