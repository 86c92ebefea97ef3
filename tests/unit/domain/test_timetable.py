"""Times of the week by any wall clock, and how long an issue may be sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.newsletter import Schedule
from mailer.domain.period import Period, month, week
from mailer.domain.timetable import (
    Fire,
    FireTimes,
    Step,
    deadline_by_hand,
    due,
    fire_times,
    next_fires,
    since_monday,
    time_to_send,
)
from tests.unit.domain.walking import awkward_times, problem_of_walk, schedule_at

WARSAW = ZoneInfo("Europe/Warsaw")
SOME_ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Havana", "America/Nuuk",
    "America/Santiago", "America/Scoresbysund", "America/St_Johns", "Antarctica/Troll", "Asia/Almaty",
    "Asia/Beirut", "Asia/Gaza", "Asia/Kathmandu", "Asia/Tehran", "Atlantic/Azores",
    "Australia/Lord_Howe", "Europe/Chisinau", "Europe/Dublin", "Europe/Minsk", "Europe/Warsaw",
    "Pacific/Apia", "Pacific/Chatham", "Pacific/Kiritimati", "UTC",
)  # fmt: skip


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


def at(text: str) -> datetime:
    """Read a UTC time, ``2026-11-23 05:00``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "period", "build", "remind", "release", "deadline"),
    [
        # An ordinary week in winter.
        ("Mon 06:00, Mon 09:00, Tue 12:00", (2026, 47),
         "2026-11-23 05:00", "2026-11-23 07:00", "2026-11-23 08:00", "2026-11-24 11:00"),
        # Release nearer than two hours: half-way.
        ("Mon 06:00, Mon 07:00, Mon 08:00", (2026, 47),
         "2026-11-23 05:00", "2026-11-23 05:30", "2026-11-23 06:00", "2026-11-23 07:00"),
        # Build at the release; build late in the week, deadline in the next.
        ("Sun 20:00, Sun 20:00, Mon 05:00", (2026, 47),
         "2026-11-29 19:00", "2026-11-29 19:00", "2026-11-29 19:00", "2026-11-30 04:00"),
        # Release only in the week after the build's.
        ("Sun 20:00, Mon 09:00, Tue 12:00", (2026, 47),
         "2026-11-29 19:00", "2026-11-30 07:00", "2026-11-30 08:00", "2026-12-01 11:00"),
        # Spring, 29 March 2026: clocks go from 02:00 to 03:00.
        ("Sun 01:30, Sun 02:30, Sun 03:30", (2026, 12),
         "2026-03-29 00:30", "2026-03-29 00:45", "2026-03-29 01:00", "2026-03-29 01:30"),
        # The gap swallows release and deadline: there is still as long to send.
        ("Sun 02:10, Sun 02:20, Sun 02:50", (2026, 12),
         "2026-03-29 01:00", "2026-03-29 01:00", "2026-03-29 01:00", "2026-03-29 01:30"),
        # Autumn, 25 October 2026: 02:00 to 03:00 comes twice, the first counts.
        ("Sun 02:00, Sun 02:30, Sun 03:00", (2026, 42),
         "2026-10-25 00:00", "2026-10-25 00:15", "2026-10-25 00:30", "2026-10-25 02:00"),
        # The year ends in the middle of week 53.
        ("Mon 06:00, Mon 09:00, Tue 12:00", (2026, 53),
         "2027-01-04 05:00", "2027-01-04 07:00", "2027-01-04 08:00", "2027-01-05 11:00"),
    ],
)  # fmt: skip
def test_times_of_an_issue(
    schedule: str, period: tuple[int, int], build: str, remind: str, release: str, deadline: str
) -> None:
    """By the wall clock of Warsaw, in the week after the one it reports."""
    times = fire_times(Schedule(*schedule.split(", ")), WARSAW, week(*period))

    assert times == FireTimes(week(*period), at(build), at(remind), at(release), at(deadline))
    assert [times.at(step) for step in Step] == [at(build), at(remind), at(release), at(deadline)]


@pytest.mark.parametrize(
    ("now", "period"),
    [
        ("2026-11-23 04:59", (2026, 46)),
        ("2026-11-23 05:00", (2026, 47)),
        ("2026-11-29 23:59", (2026, 47)),
        ("2026-11-30 04:59", (2026, 47)),
        ("2026-11-30 05:00", (2026, 48)),
        ("2027-01-01 12:00", (2026, 52)),
    ],
)
def test_whose_turn_it_is(now: str, period: tuple[int, int]) -> None:
    """An issue's turn lasts from its build time to that of the next."""
    assert due(Schedule(), WARSAW, at(now)).period == week(*period)


def test_the_turn_of_an_issue_outlives_its_week() -> None:
    """With a deadline on Monday morning, Monday belongs to the issue of the week before."""
    schedule = Schedule("Fri 18:00", "Sat 09:00", "Mon 12:00")

    times = due(schedule, WARSAW, at("2026-11-30 10:00"))

    assert times.period == week(2026, 47)
    assert times.deadline_at == at("2026-11-30 11:00")


def test_what_comes_next() -> None:
    """Each step once, the soonest first, after now and not at it."""
    fires = next_fires(Schedule(), WARSAW, at("2026-11-23 08:00"))

    assert fires == [
        Fire(Step.DEADLINE, at("2026-11-24 11:00"), week(2026, 47)),
        Fire(Step.BUILD, at("2026-11-30 05:00"), week(2026, 48)),
        Fire(Step.REMIND, at("2026-11-30 07:00"), week(2026, 48)),
        Fire(Step.RELEASE, at("2026-11-30 08:00"), week(2026, 48)),
    ]


@pytest.mark.parametrize(
    ("released_at", "deadline"),
    [
        ("2026-11-23 07:10", "2026-11-24 11:00"),
        ("2026-11-23 08:00", "2026-11-24 11:00"),
        ("2026-11-23 08:01", "2026-11-24 11:01"),
        ("2026-11-25 10:00", "2026-11-26 13:00"),
    ],
)
def test_deadline_of_an_issue_that_a_person_releases(released_at: str, deadline: str) -> None:
    """In time: the timetable's. Late, or after it had missed its time: as long as it would have had."""
    assert deadline_by_hand(Schedule(), WARSAW, week(2026, 47), at(released_at)) == at(deadline)


@pytest.mark.parametrize("period", [None, month(2026, 11)])
def test_deadline_of_an_issue_without_a_timetable(period: Period | None) -> None:
    """It counts from the release."""
    released_at = at("2026-11-02 06:00")

    assert deadline_by_hand(Schedule(), WARSAW, period, released_at) == released_at + timedelta(hours=27)


@pytest.mark.parametrize("name", SOME_ZONES)
def test_each_week_fires_once_where_clocks_jump(name: str) -> None:
    """Two years, with schedules inside the zone's own gaps and folds; every zone is in tests/soak."""
    zone, start, end = ZoneInfo(name), at("2025-01-06"), at("2026-12-28")

    for written in {"Mon 09:00", "Sun 02:30", *awkward_times(zone, start, end)}:
        assert problem_of_walk(schedule_at(written), zone, start, end) is None, written


TIMES_OF_THE_WEEK = st.builds(
    "{} {:02}:{:02}".format,
    st.sampled_from(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]),
    st.integers(0, 23),
    st.integers(0, 59),
)


@given(
    schedule=st.builds(Schedule, TIMES_OF_THE_WEEK, TIMES_OF_THE_WEEK, TIMES_OF_THE_WEEK),
    name=st.sampled_from(SOME_ZONES),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2034, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_schedule_has_its_times_in_order(schedule: Schedule, name: str, now: datetime) -> None:
    """Build, remind, release, deadline; what is due has been built, and what comes next has not come."""
    zone = ZoneInfo(name)

    times, fires = due(schedule, zone, now), next_fires(schedule, zone, now)

    assert times.build_at <= times.remind_at <= times.release_at < times.deadline_at
    assert times.build_at <= now
    assert {fire.step for fire in fires} == set(Step)
    assert now < fires[0].at
    assert next(fire for fire in fires if fire.step is Step.BUILD).period > times.period
