"""Holding back floods: caps that slide, a wait that ends, an alarm that does not flicker."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.flood import (
    HOUR,
    MOST_WAIT,
    Alarm,
    Asked,
    Drop,
    FloodLimits,
    Go,
    Verdict,
    Wait,
    free_at,
    judge,
    share_of,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
LIMITS = FloodLimits()
MINUTE = timedelta(minutes=1)
_moments = st.lists(st.integers(0, 7_200).map(lambda s: NOW - timedelta(seconds=s)), max_size=60)


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def ahead(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("sent", "most", "free"),
    [
        ([], 1, None),
        ([ago(59)], 1, ahead(1)),
        ([ago(60)], 1, None),
        ([ago(50), ago(10)], 3, None),
        ([ago(50), ago(10)], 2, ahead(10)),
        ([ago(10), ago(50), ago(30)], 2, ahead(30)),
        ([ago(10), ago(50), ago(30)], 1, ahead(50)),
    ],
)
def test_a_cap_slides(sent: list[datetime], most: int, free: datetime | None) -> None:
    """One more may go when fewer than the cap went within the hour before."""
    assert free_at(sent, most, NOW) == free


@given(_moments, st.integers(1, 40))
def test_no_hour_holds_more_than_the_cap(sent: list[datetime], most: int) -> None:
    """Whatever went before: at the time said there is room, and an instant earlier there was none."""
    free = free_at(sent, most, NOW)
    at = free or NOW

    assert sum(at - moment < HOUR for moment in sent) < most
    if free is not None:
        earlier = free - timedelta(microseconds=1)
        assert earlier < NOW or sum(earlier - moment < HOUR for moment in sent) >= most


SOON, LATER = ahead(5), ahead(50)


@pytest.mark.parametrize(
    ("asked", "slot", "verdict"),
    [
        (Asked(NOW), None, Go()),
        (Asked(NOW), LATER, Wait(LATER)),
        (Asked(NOW, not_before=SOON), None, Wait(SOON)),
        (Asked(NOW, not_before=SOON), LATER, Wait(LATER)),
        (Asked(NOW, not_before=LATER), SOON, Wait(LATER)),
        (Asked(NOW, not_before=SOON, is_proven=True), None, Go()),
        (Asked(NOW, not_before=SOON, is_proven=True), LATER, Wait(LATER)),
        (Asked(ago(10), not_before=ago(5), has_waited=True), None, Go()),
        (Asked(NOW), NOW + MOST_WAIT + HOUR, Wait(NOW + MOST_WAIT)),
        (Asked(NOW - MOST_WAIT, has_waited=True), None, Go()),
        (Asked(NOW - MOST_WAIT, has_waited=True), LATER, Drop()),
        (Asked(NOW, waiting=LIMITS.most_waiting), LATER, Drop()),
        (Asked(NOW, waiting=LIMITS.most_waiting), None, Go()),
        (Asked(NOW, waiting=LIMITS.most_waiting, is_proven=True), LATER, Wait(LATER)),
        (Asked(NOW, waiting=LIMITS.most_waiting, has_waited=True), LATER, Wait(LATER)),
    ],
)
def test_what_becomes_of_a_sign_up(asked: Asked, slot: datetime | None, verdict: Verdict) -> None:
    """It goes, waits until its turn and three days at most, or is dropped."""
    assert judge(asked, slot, LIMITS, NOW) == verdict


@given(
    st.builds(
        Asked,
        st.integers(0, 100).map(lambda hours: NOW - timedelta(hours=hours)),
        is_proven=st.booleans(),
        not_before=st.none() | st.integers(-60, 6_000).map(ahead),
        has_waited=st.booleans(),
        waiting=st.integers(0, LIMITS.most_waiting - 1),
    ),
    st.none() | st.integers(-60, 10_000).map(ahead),
)
def test_nobody_is_lost_for_three_days(asked: Asked, slot: datetime | None) -> None:
    """While there is room to wait, only who has waited for 72 hours is dropped; every wait is ahead."""
    verdict = judge(asked, slot, LIMITS, NOW)

    if isinstance(verdict, Drop):
        assert NOW - asked.received_at >= MOST_WAIT
    if isinstance(verdict, Wait):
        assert NOW < verdict.until <= asked.received_at + MOST_WAIT


@pytest.mark.parametrize(
    ("domain", "most"), [("example.org", 30), ("gmail.com", 300), ("tut.by", 300), ("mail.example.org", 30)]
)
def test_a_large_provider_takes_more(domain: str, most: int) -> None:
    """Thirty mails an hour are many for a newspaper's own domain and few for gmail.com."""
    assert LIMITS.to_domain(domain) == most


@pytest.mark.parametrize(
    ("per_day", "per_hour"), [(None, 600), (1_000_000, 600), (24_000, 200), (500, 4), (20, 1), (1, 1)]
)
def test_the_day_of_the_relay_is_left_to_readers(per_day: int | None, per_hour: int) -> None:
    """What strangers cause takes at most a fifth of the messages that the relay takes in a day."""
    assert LIMITS.within_a_day_of(per_day).mails_per_hour == per_hour


@pytest.mark.parametrize(
    ("most", "is_proven", "is_attack", "share"),
    [(30, False, False, 30), (30, False, True, 15), (30, True, True, 30), (1, False, True, 1)],
)
def test_half_of_a_cap_is_kept_for_proofs(most: int, is_proven: bool, is_attack: bool, share: int) -> None:  # noqa: FBT001 - a table
    """In an attack who proves work always finds room that those without can't take."""
    assert share_of(most, is_proven=is_proven, is_attack=is_attack) == share


def play(*heard: tuple[float, int, int]) -> Alarm:
    """Return the alarm after (minute, sign-ups since, waiting) one after another."""
    alarm = Alarm()
    for minute, count, held in heard:
        alarm = alarm.after(count, held, LIMITS, ahead(minute))
    return alarm


@pytest.mark.parametrize(
    ("heard", "since"),
    [
        ([(0, 99, 0)], None),
        ([(0, 100, 0)], 0),
        ([(0, 60, 0), (9, 40, 0)], 9),
        ([(0, 60, 0), (11, 60, 0)], None),
        ([(0, 0, 99)], None),
        ([(0, 1, 100)], 0),
        ([(0, 100, 0), (5, 0, 60), (34, 0, 0)], 0),
        ([(0, 100, 0), (5, 0, 60), (36, 0, 50)], None),
        ([(0, 100, 0), (9, 0, 0), (38, 51, 0), (67, 0, 0)], 0),
        ([(0, 100, 0), (9, 0, 0), (38, 51, 0), (90, 0, 0)], None),
    ],
)
def test_the_alarm(heard: list[tuple[float, int, int]], since: float | None) -> None:
    """On at a hundred in ten minutes or a hundred waiting; off half an hour after half of that."""
    assert play(*heard).since == (None if since is None else ahead(since))


@given(st.lists(st.tuples(st.integers(-60, 600), st.integers(0, 300), st.integers(0, 300)), max_size=40))
def test_the_alarm_remembers_little(heard: list[tuple[int, int, int]]) -> None:
    """Whatever clock and numbers it hears, it keeps at most a figure for each minute, and is on at once."""
    alarm = Alarm()
    for minute, count, held in heard:
        alarm = alarm.after(count, held, LIMITS, ahead(minute))
        assert len(alarm.heard) <= 11
        assert alarm.since is not None or max(count, held) < LIMITS.attack_at
