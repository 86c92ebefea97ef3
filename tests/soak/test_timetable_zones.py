"""Every zone there is, every week from 2024 to 2034: each period once, for the week that ended."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest

from tests.unit.domain.walking import FIRST, LAST, awkward_times, problem_of_walk, schedule_at


@pytest.mark.parametrize("name", sorted(available_timezones()))
def test_each_week_fires_once_in_every_zone(name: str) -> None:
    """Monday 09:00, Sunday 02:30, and a minute inside each of the zone's own gaps and folds."""
    zone = ZoneInfo(name)

    for written in {"Mon 09:00", "Sun 02:30", *awkward_times(zone, FIRST, LAST)}:
        assert problem_of_walk(schedule_at(written), zone, FIRST, LAST) is None, written
