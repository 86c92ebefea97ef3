"""A year of Mondays in a moment: goes from one time of a timetable to the next, as a running clock does.

What it finds is held against the wall clock of the zone alone, not against the timetable's own arithmetic.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise

from mailer.domain.newsletter import Schedule
from mailer.domain.period import week_of
from mailer.domain.timetable import FireTimes, Step, due, next_fires

FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2034, 12, 31, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def walk(schedule: Schedule, zone: tzinfo, start: datetime, end: datetime) -> list[FireTimes]:
    """Return what was built from *start* to *end*, in order, by a clock that only asks what comes next."""
    now, built = start, list[FireTimes]()
    while now < end:
        times = due(schedule, zone, now)
        if start <= times.build_at and times not in built[-3:]:
            assert times.build_at == now, "a build was found late: no ring came for it"
            built.append(times)
        fires = next_fires(schedule, zone, now)
        assert {fire.step for fire in fires} == set(Step)
        assert now < fires[0].at < now + timedelta(days=9)
        now = fires[0].at
    return built


def problem_of_walk(schedule: Schedule, zone: tzinfo, start: datetime, end: datetime) -> str | None:
    """Say what is wrong with a whole walk, or None: each week once, at its time, for the week that ended."""
    built = walk(schedule, zone, start, end)
    for before, after in pairwise(built):
        if after.period.first_day - before.period.first_day != timedelta(days=7):
            return f"{before.period.key} is followed by {after.period.key}"
        if before.deadline_at > after.build_at:
            return f"{before.period.key} may still be sent when {after.period.key} is built"
    weeks = (end - start) // timedelta(days=7)
    if not weeks - 1 <= len(built) <= weeks + 1:
        return f"{len(built)} issues in {weeks} weeks"
    for times in built:
        if wrong := _problem(schedule, zone, times):
            return f"{times.period.key}: {wrong}"
    return None


def _problem(schedule: Schedule, zone: tzinfo, times: FireTimes) -> str | None:
    ordered = times.build_at <= times.remind_at <= times.release_at < times.deadline_at
    if not ordered:
        return f"its times are out of order: {times}"
    local = times.build_at.astimezone(zone)
    ended = times.period == week_of(local.date() - timedelta(days=7)) and times.period.last_day < local.date()
    if not ended:
        return f"built at {local}, when it was not the week that had just ended"
    for name, written, moment in (
        ("build", schedule.build, times.build_at),
        ("release", schedule.release, times.release_at),
    ):
        if not is_first_minute(written, zone, moment):
            return f"{name} at {moment.astimezone(zone)}, which is not when clocks first showed {written}"
    return None


def is_first_minute(written: str, zone: tzinfo, moment: datetime) -> bool:
    """Tell whether clocks in *zone* showed *written*, or skipped it, at *moment*, and not before."""
    day, _, clock = written.partition(" ")
    hour, minute = map(int, clock.split(":"))
    shown = _shown(moment, zone)
    # The day that is meant is that of the moment, or the day before when midnight was skipped.
    meant = [
        datetime(each.year, each.month, each.day, hour, minute)  # noqa: DTZ001 - what a wall clock shows
        for each in (shown.date(), shown.date() - timedelta(days=1))
        if _DAYS[each.weekday()] == day
    ]
    earlier = [moment - _MINUTE, *(moment - quarter * timedelta(minutes=15) for quarter in range(1, 17))]
    return any(wall <= shown and all(_shown(each, zone) < wall for each in earlier) for wall in meant)


def _shown(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def jumps(zone: tzinfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, timedelta]]:
    """Yield (UTC minute, how far clocks go forward) of every change of a zone's clocks."""
    now = start
    while now < end:
        after = now + 6 * _HOUR
        if now.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield _jump_between(zone, now, after)
        now = after


def _jump_between(zone: tzinfo, low: datetime, high: datetime) -> tuple[datetime, timedelta]:
    before = low.astimezone(zone).utcoffset()
    while high - low > _MINUTE:
        middle = (low + (high - low) / 2).replace(second=0, microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    after = high.astimezone(zone).utcoffset()
    assert before is not None
    assert after is not None
    return high, after - before


def awkward_times(zone: tzinfo, start: datetime, end: datetime) -> set[str]:
    """Return a weekly time inside each gap and each fold that the zone has between *start* and *end*."""
    found = set()
    for moment, forward in jumps(zone, start, end):
        # Before the jump clocks show the beginning of a gap, or the end of a fold.
        shown = _shown(moment - _MINUTE, zone) + _MINUTE
        inside = shown + forward / 2
        found.add(f"{_DAYS[inside.weekday()]} {inside:%H:%M}")
    return found


def schedule_at(written: str) -> Schedule:
    """Return a schedule that builds and releases at *written* and ends five days on."""
    day, _, clock = written.partition(" ")
    return Schedule(written, written, f"{_DAYS[(_DAYS.index(day) + 5) % 7]} {clock}")
