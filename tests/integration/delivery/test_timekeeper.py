"""One bell for every newsletter: what troubles one is said once, and a clock that is wrong fires none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest
from structlog.testing import capture_logs

from mailer.delivery.timekeeper import Timekeeper, clock_problem
from mailer.domain.newsletter import Newsletter
from mailer.storage import Database, installation, newsletters
from mailer.storage.installation import Identity
from tests.integration.delivery.clockwork import AUTOMATIC, W47, WEEKLY, Newsroom, at

BUILD, RELEASE, DEADLINE = at("2026-11-23 05:00"), at("2026-11-23 08:00"), at("2026-11-24 11:00")


@dataclass
class Watch:
    """A timekeeper with a clock that is set by hand."""

    room: Newsroom
    now: datetime = BUILD
    released: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keeper = Timekeeper(
            self.room.database,
            lambda now: self.room.terms(f"{now:%Y-%m-%d %H:%M}"),
            clock=lambda: self.now,
            released=lambda: self.released.append(self.now),
        )

    async def ring(self, now: datetime) -> datetime | None:
        """Set the clock and ring."""
        self.now = now
        return await self.keeper.ring()


async def _add(database: Database, *others: Newsletter) -> None:
    for other in others:
        await database.write(lambda tx, other=other: newsletters.save(tx, other))  # type: ignore[misc]


def _said(lines: Sequence[object]) -> list[object]:
    return [line["reason"] for line in lines if isinstance(line, dict) and line["log_level"] == "error"]


def test_it_names_the_next_time_of_all(database: Database, runner: asyncio.Runner) -> None:
    """The soonest of every newsletter; and it says when something was released."""

    async def scene() -> None:
        watch = Watch(await Newsroom(database, AUTOMATIC).furnish(W47))
        await _add(database, replace(WEEKLY, slug="other", zone="Asia/Tokyo"))

        assert await watch.ring(BUILD) == at("2026-11-23 07:00")
        assert watch.released == []
        # Tokyo's Tuesday noon comes eight hours before Warsaw's.
        assert await watch.ring(RELEASE) == at("2026-11-24 03:00")
        assert watch.released == [RELEASE]

    runner.run(scene())


def test_without_newsletters_there_is_nothing_to_wait_for(database: Database, runner: asyncio.Runner) -> None:
    """A new installation rings in vain."""
    assert runner.run(Watch(Newsroom(database)).ring(BUILD)) is None


def test_one_newsletter_in_trouble_stops_no_other(database: Database, runner: asyncio.Runner) -> None:
    """It is said once, not at each ring."""

    async def scene() -> None:
        watch = Watch(await Newsroom(database, AUTOMATIC).furnish(W47))
        await _add(database, replace(WEEKLY, slug="astray", zone="Europe/Minks"))

        with capture_logs() as lines:
            await watch.ring(BUILD)
            await watch.ring(RELEASE)

        assert watch.released == [RELEASE]
        (said,) = _said(lines)
        assert "zone “Europe/Minks” of newsletter “astray” is not known here" in str(said)

    runner.run(scene())


def test_a_clock_far_behind_fires_nothing(database: Database, runner: asyncio.Runner) -> None:
    """One sentence says so, once; when the clock is right again, the work goes on."""

    async def scene() -> None:
        watch = Watch(await Newsroom(database, AUTOMATIC).furnish(W47))
        identity = Identity("0" * 32, 0, DEADLINE, is_sample=False)
        await database.write(lambda tx: installation.make(tx, identity))

        with capture_logs() as lines:
            assert await watch.ring(at("2026-11-23 08:30")) is None
            assert await watch.ring(at("2026-11-23 10:59")) is None

        (said,) = _said(lines)
        assert said == (
            "this machine’s clock is more than a day behind 2026-11-24 11:00 UTC, when this installation "
            "was at work, so nothing is built or released by itself; set the clock right or, if it is right, "
            "run “mailer sending allow”"
        )
        assert await watch.room.issues() == []
        assert await watch.ring(at("2026-11-23 11:00")) is not None
        assert await watch.room.standing() == [("2026-W47", "regular", "released")]

    runner.run(scene())


def test_the_proof_that_a_clock_is_behind_stays(database: Database, runner: asyncio.Runner) -> None:
    """Counting with the wrong clock does not take it away; a person who allows sending does."""

    async def scene() -> None:
        wrong = at("2026-11-20 08:00")
        identity = Identity("0" * 32, 0, DEADLINE, is_sample=False)
        await database.write(lambda tx: installation.make(tx, identity))
        await database.write(lambda tx: installation.count(tx, wrong))

        assert await clock_problem(database, wrong) is not None
        await database.write(lambda tx: installation.adopt(tx, "1" * 32, wrong))
        assert await clock_problem(database, wrong) is None

    runner.run(scene())


@pytest.mark.parametrize(("now", "is_behind"), [("2026-11-22 08:00", False), ("2026-11-22 07:59", True)])
def test_releases_prove_it_too(
    database: Database,
    runner: asyncio.Runner,
    now: str,
    is_behind: bool,  # noqa: FBT001 - a table
) -> None:
    """In an installation that has never counted."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        await room.fire("2026-11-23 08:00")

        assert (await clock_problem(database, at(now)) is not None) is is_behind

    runner.run(scene())
