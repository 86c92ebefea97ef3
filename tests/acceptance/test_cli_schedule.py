"""``mailer schedule`` says what the clock does next, by the newsletter's wall clock and in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests.acceptance.commandline import Installed

WARSAW = ZoneInfo("Europe/Warsaw")
TIMES = {"build": "Mon 06:00", "remind": "Mon 08:00", "release": "Mon 09:00", "deadline": "Tue 12:00"}


def test_the_next_times_are_printed_as_json(installed: Installed) -> None:
    """Each step once, the soonest first; both clocks name the same moment."""
    printed = installed.mailer("schedule", "--json", folder=installed.folder).json

    (newsletter,) = printed["newsletters"]
    local = [datetime.fromisoformat(fire["local"]) for fire in newsletter["fires"]]
    utc = [datetime.fromisoformat(fire["utc"]) for fire in newsletter["fires"]]
    now = datetime.fromisoformat(printed["now"])
    assert {
        fire["step"]: f"{moment:%a %H:%M}" for fire, moment in zip(newsletter["fires"], local, strict=True)
    } == TIMES
    assert local == utc == sorted(utc)
    assert all(now < moment <= now + timedelta(days=8) for moment in utc)
    assert all(moment.utcoffset() == moment.astimezone(WARSAW).utcoffset() for moment in local)
    assert printed["clock_problem"] is None


def test_the_next_times_are_printed_for_people(installed: Installed) -> None:
    """One line per step, with what it means."""
    ran = installed.mailer("schedule", folder=installed.folder)

    head, *lines = ran.out.decode().splitlines()
    assert head == "belarus-weekly: Europe/Warsaw, release manual"
    assert sorted(line.split("  ")[4].strip() for line in lines) == sorted(TIMES)
    assert sum("it waits for you to approve it" in line for line in lines) == 1
