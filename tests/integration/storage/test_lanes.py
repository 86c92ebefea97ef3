"""Lanes: what was taken is counted in the database, so that limits hold across processes and restarts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from mailer.domain.bucket import DAY, SLOT, Grant, Limits, slot_of
from mailer.storage import lanes
from tests.integration.storage.scene import NOW, Store

LANE = "smtp.example.org"
SECOND = timedelta(seconds=1)


def take(store: Store, limits: Limits, now: datetime = NOW, lane: str = LANE) -> Grant:
    return store.write(lambda tx: lanes.take(tx, lane, limits, now))


def test_what_one_process_takes_another_does_not_get(store: Store, other_store: Store) -> None:
    """Ten a second: two processes get ten between them, and the next half a second later."""
    limits = Limits(per_second=10)

    counts = [take(each, limits).count for each in (store, other_store, store, other_store)]
    later = take(other_store, limits, NOW + SECOND / 2)

    assert counts == [5, 5, 0, 0]
    assert later.count == 5


def test_each_lane_has_a_bucket_of_its_own(store: Store) -> None:
    """Another relay is not slowed down."""
    limits = Limits(per_second=1)

    assert [take(store, limits, lane=lane).count for lane in (LANE, LANE, "other.example.org")] == [1, 0, 1]


def test_the_day_is_counted_and_slides(store: Store) -> None:
    """Four a day: used up until the oldest is a day old, and said so; then one piece of the day is free."""
    limits, later = Limits(per_day=4), NOW + timedelta(hours=3)
    for now in (NOW, NOW, NOW, later):
        assert take(store, limits, now).count == 1
    until = slot_of(NOW) + SLOT + DAY

    refused = take(store, limits, later)

    assert (refused.count, refused.used_up_until) == (0, until)
    assert store.read(lambda tx: lanes.used_up_until(tx, LANE, later)) == until
    assert [take(store, limits, until).count for _ in range(4)] == [1, 1, 1, 0]


def test_a_lane_that_may_go_on_is_not_called_used_up(store: Store) -> None:
    """Neither when its time has come, nor when the settings were raised before."""
    take(store, Limits(per_day=1))
    until = take(store, Limits(per_day=1)).used_up_until
    assert until is not None

    assert store.read(lambda tx: lanes.used_up_until(tx, LANE, until)) is None
    assert take(store, Limits(per_day=2)).count == 1
    assert store.read(lambda tx: lanes.used_up_until(tx, LANE, NOW)) is None


def test_what_was_not_used_is_there_again(store: Store) -> None:
    """For the second and for the day."""
    limits = Limits(per_second=4, per_day=4)
    assert [take(store, limits).count for _ in range(3)] == [2, 2, 0]

    store.write(lambda tx: lanes.give_back(tx, LANE, 3, NOW))

    assert [take(store, limits).count for _ in range(3)] == [2, 1, 0]


def test_a_clock_that_once_stood_ahead_holds_nothing_back(store: Store) -> None:
    """What was taken years from now does not count today; what was taken an hour from now does."""
    limits = Limits(per_day=1)
    take(store, limits, NOW + timedelta(days=3000))

    assert take(store, limits, NOW + timedelta(hours=1)).count == 1
    assert take(store, limits, NOW).count == 0


def test_what_is_older_than_a_day_is_forgotten(store: Store) -> None:
    """The table does not grow."""
    for hours in range(0, 100, 5):
        take(store, Limits(per_day=1000), NOW + timedelta(hours=hours))

    assert len(store.rows("lane_use")) <= 6


def test_blocks_taken_at_the_same_moment_are_counted_one_by_one(store: Store, other_store: Store) -> None:
    """Twenty askers, two processes, twelve messages: twelve are granted."""
    limits = Limits(per_second=12, per_day=12)

    async def scene() -> list[Grant]:
        return await asyncio.gather(
            *(
                each.database.write(lambda tx: lanes.take(tx, LANE, limits, NOW))
                for each in (store, other_store) * 10
            )
        )

    assert sum(granted.count for granted in store.run(scene())) == 12
