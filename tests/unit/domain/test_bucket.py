"""The bucket: no stretch of time sees more messages than the settings allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.bucket import DAY, SLOT, Bucket, Limits, Use, grant, slot_of

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("limits", "block"),
    [
        (Limits(per_second=1), 1),
        (Limits(per_second=0.05), 1),
        (Limits(per_second=100), 50),
        (Limits(per_second=3, per_day=10_000), 2),
        (Limits(per_day=10), 1),
        (Limits(per_day=2_000), 10),
        (Limits(per_day=10_000_000), 2_000),
    ],
)
def test_a_block_is_half_a_second_or_a_small_part_of_the_day(limits: Limits, block: int) -> None:
    """Enough that asking costs little, few enough to lose in a crash."""
    assert limits.block == block


def test_a_bucket_fills_at_its_rate_and_no_higher_than_a_second() -> None:
    """After a silence of an hour one second's worth may go at once."""
    limits = Limits(per_second=10)

    assert Bucket(0, NOW).filled(limits, NOW + SECOND / 2).tokens == 5
    assert Bucket(0, NOW).filled(limits, NOW + timedelta(hours=1)).tokens == 10


def test_a_clock_that_was_set_back_keeps_nobody_waiting() -> None:
    """It fills nothing for the time that it shows twice, and goes on from there."""
    back = Bucket(2, NOW).filled(Limits(per_second=10), NOW - timedelta(hours=1))

    assert back == Bucket(2, NOW - timedelta(hours=1))


def test_an_empty_bucket_says_when_to_ask_again() -> None:
    """When a whole block is there."""
    found = grant(Limits(per_second=10), Bucket(1, NOW), [], NOW)

    assert (found.count, found.bucket.tokens) == (1, 0)
    assert found.ask_at == NOW + 0.4 * SECOND
    assert found.used_up_until is None


def test_a_used_up_day_says_when_its_first_message_is_a_day_old() -> None:
    """Nothing is granted, and the time to ask again is when the oldest piece of the day leaves it."""
    oldest = slot_of(NOW - timedelta(hours=20))
    uses = [Use(slot_of(NOW), 4), Use(oldest - SLOT, 0), Use(oldest, 6)]

    found = grant(Limits(per_day=10), Bucket(0, NOW), uses, NOW)

    assert found.count == 0
    assert found.ask_at == found.used_up_until == oldest + SLOT + DAY


def test_the_last_messages_of_a_day_are_granted() -> None:
    """Fewer than a block are left: those."""
    found = grant(Limits(per_day=1000), Bucket(0, NOW), [Use(slot_of(NOW), 998)], NOW)

    assert (found.count, found.used_up_until) == (2, None)


@given(
    st.lists(st.floats(0, 3 * 3600), min_size=1, max_size=60),
    st.floats(0.01, 50) | st.none(),
    st.integers(1, 40) | st.none(),
)
def test_no_stretch_of_time_sees_more_than_allowed(
    waits_s: list[float], per_second: float | None, per_day: int | None
) -> None:
    """However the asking falls: in any stretch its rate and one burst at most, in any 24 hours the day's."""
    limits, now = Limits(per_second, per_day), NOW
    bucket = Bucket(limits.burst if per_second is not None else 0.0, NOW)
    taken: list[tuple[datetime, int]] = []
    uses: list[Use] = []
    for wait_s in waits_s:
        now += timedelta(seconds=wait_s)
        uses = [use for use in uses if use.began_at > now - DAY - SLOT]
        found = grant(limits, bucket, uses, now)
        bucket = found.bucket
        taken.append((now, found.count))
        uses.append(Use(slot_of(now), found.count))

    for begin in range(len(taken)):
        for end in range(begin, len(taken)):
            stretch = taken[end][0] - taken[begin][0]
            count = sum(each for _, each in taken[begin : end + 1])
            if per_second is not None:
                assert count <= limits.burst + stretch.total_seconds() * per_second + 1e-6
            if per_day is not None and stretch < DAY:
                assert count <= per_day
