"""The clock builds, reminds, releases and gives up: each once, whatever it shows and whoever rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from mailer.delivery import control
from mailer.delivery.fence import Fence
from mailer.delivery.release import Held
from mailer.domain.issue import IssueMove, IssueWords
from mailer.domain.newsletter import Schedule
from mailer.domain.timetable import fire_times
from mailer.editorial import draft
from mailer.editorial.schedule_times import zone_of
from mailer.errors import MailerError
from mailer.storage import Database, installation, issues, open_database
from mailer.storage.installation import Identity
from tests.integration.delivery.clockwork import (
    AUTOMATIC,
    ENGLISH,
    W46,
    W47,
    WEEKLY,
    Newsroom,
    add_reader,
    at,
)

Play = Callable[[Coroutine[Any, Any, None]], None]
BEFORE, BUILD, REMIND, RELEASE = (f"2026-11-23 {hour}:00" for hour in ("04", "05", "07", "08"))
LATE, DEADLINE = "2026-11-23 20:00", "2026-11-24 11:00"


@pytest.fixture
def play(runner: asyncio.Runner) -> Play:
    """Play a scene on the event loop of the test's database."""

    def run(scene: Coroutine[Any, Any, None]) -> None:
        runner.run(scene)

    return run


def test_an_automatic_issue_goes_out_by_itself(database: Database, play: Play) -> None:
    """Built at the build time, released at the release time with the timetable's deadline, then left."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)

        happened = [await room.fire(time) for time in (BEFORE, BUILD, BUILD, REMIND, RELEASE, LATE, DEADLINE)]

        assert happened == [[], ["built"], [], [], ["released"], [], []]
        assert await room.copies() == {1: 2}
        (issue,) = await room.issues()
        assert (issue.period, issue.kind, issue.state) == (W47, "regular", "released")
        assert (issue.released_at, issue.deadline_at) == (at(RELEASE), at(DEADLINE))

    play(scene())


def test_a_manual_issue_waits_and_says_so_once(database: Database, play: Play) -> None:
    """Operators hear of it an hour before its time; at the deadline it is too late."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)

        with capture_logs() as lines:
            happened = [
                await room.fire(time) for time in (BUILD, REMIND, REMIND, RELEASE, LATE, DEADLINE, DEADLINE)
            ]

        assert happened == [["built"], ["reminded"], [], [], [], ["expired"], []]
        assert [line["reason"] for line in lines if line["log_level"] == "warning"] == [
            "waits for approval; release it at the desk or by “mailer issue release”",
            "missed its time; release it to send it anyway",
        ]
        assert await room.standing() == [("2026-W47", "regular", "expired")]

    play(scene())


def test_a_held_issue_goes_as_soon_as_it_is_mended(database: Database, play: Play) -> None:
    """A reader is missing at the release time; when there is one, the next ring releases."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47, reader_count=0)
        assert await room.fire(RELEASE) == ["built", "reminded"]
        assert await room.fire(LATE) == []

        await database.write(lambda tx: add_reader(tx, 1))

        assert await room.fire(LATE) == ["released"]
        assert (await room.issues())[0].deadline_at == at(DEADLINE)

    play(scene())


@pytest.mark.parametrize(
    ("start", "happened"),
    [
        (LATE, ["built", "released"]),
        ("2026-11-24 10:59", ["built", "released"]),
        (DEADLINE, []),
        ("2026-11-28 12:00", []),
    ],
)
def test_a_late_start_catches_up_until_the_deadline(
    database: Database, play: Play, start: str, happened: list[str]
) -> None:
    """What was missed is made up for; what is too late is not begun."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)

        assert await room.fire(start) == happened
        assert await room.fire(start) == []

    play(scene())


def test_a_clock_set_back_does_nothing_twice(database: Database, play: Play) -> None:
    """An hour, or weeks: neither the same period again nor an earlier one."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W46, W47)
        assert await room.fire(RELEASE) == ["built", "released"]

        for earlier in (REMIND, BUILD, BEFORE, "2026-11-16 09:00", "2026-11-09 09:00", RELEASE):
            assert await room.fire(earlier) == []

        assert await room.standing() == [("2026-W47", "regular", "released")]

    play(scene())


def test_an_issue_prepared_ahead_hides_no_week(database: Database, play: Play) -> None:
    """A person may build the next week's issue before this week's turn comes."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W46, W47)
        await draft.build(database, AUTOMATIC, W47, words={}, now=at("2026-11-15 12:00"))

        assert await room.fire("2026-11-16 08:00") == ["built", "released"]
        assert await room.fire(RELEASE) == ["released"]

    play(scene())


def test_what_people_made_stays_as_they_left_it(database: Database, play: Play) -> None:
    """An editor's words are kept; paused, cancelled and sent issues are not built again."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)
        words = {ENGLISH: {"subject": "Ours"}}
        built = await draft.build(database, WEEKLY, W47, words=words, now=at(BEFORE))

        assert await room.fire(BUILD) == []
        assert (await room.issues())[0].words == {ENGLISH: IssueWords("Ours")}
        await room.release(built.issue.id, REMIND)
        await control.pause(database, built.issue.id)
        assert await room.fire(RELEASE) == []
        await control.cancel(database, built.issue.id, now=at(RELEASE))
        assert await room.fire(LATE) == []
        assert await room.standing() == [("2026-W47", "regular", "cancelled")]

    play(scene())


def test_an_issue_taken_back_waits_for_whoever_did(database: Database, play: Play) -> None:
    """The clock does not send again what a person stopped to mend, nor calls it late."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        await room.fire(RELEASE)
        await database.write(lambda tx: issues.advance(tx, 1, IssueMove.TAKE_BACK))

        assert await room.fire(LATE) == ["reminded"]
        assert await room.fire(DEADLINE) == []
        assert await room.standing() == [("2026-W47", "regular", "draft")]

    play(scene())


def test_a_draft_made_after_the_deadline_does_not_expire(database: Database, play: Play) -> None:
    """Whoever builds last week's issue on Wednesday wants to send it."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        await draft.build(database, AUTOMATIC, W47, words={}, now=at("2026-11-25 10:00"))

        assert await room.fire("2026-11-25 10:01") == []
        assert await room.standing() == [("2026-W47", "regular", "draft")]

    play(scene())


def test_a_draft_forgotten_for_weeks_expires(database: Database, play: Play) -> None:
    """Also when no process ran at its deadline."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)
        await room.fire(BUILD)

        assert await room.fire("2026-12-16 10:00") == ["expired"]

    play(scene())


def test_an_expired_issue_can_be_sent_anyway(database: Database, play: Play) -> None:
    """It gets as long as it would have had; the clock leaves it alone."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)
        await room.fire(BUILD)
        await room.fire(DEADLINE)

        issue = await room.release(1, "2026-11-25 10:00")

        assert (issue.state, issue.deadline_at) == ("released", at("2026-11-26 13:00"))
        assert await room.fire("2026-11-25 10:01") == []

    play(scene())


@pytest.mark.parametrize(
    ("approved", "deadline"), [(REMIND, DEADLINE), (RELEASE, DEADLINE), (LATE, "2026-11-24 23:00")]
)
def test_deadline_of_an_issue_approved_by_hand(
    database: Database, play: Play, approved: str, deadline: str
) -> None:
    """In time: the timetable's; after its time: counted from the approval."""

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)
        await room.fire(BUILD)

        assert (await room.release(1, approved)).deadline_at == at(deadline)

    play(scene())


def test_a_rehearsal_is_not_repeated(database: Database, play: Play) -> None:
    """While nothing leaves this machine, one rehearsal per period is enough."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC, rehearsal=True).furnish(W47)

        happened = [await room.fire(time) for time in (BUILD, RELEASE, RELEASE, LATE, DEADLINE)]

        assert happened == [["built"], ["released"], [], [], []]
        assert await room.standing() == [("2026-W47", "rehearsal", "released")]

    play(scene())


def test_a_rehearsal_reached_nobody(database: Database, play: Play) -> None:
    """Once there is an outgoing server, the period still gets its issue."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC, rehearsal=True).furnish(W47)
        await room.fire(RELEASE)

        assert await replace(room, rehearsal=False).fire(LATE) == ["built", "released"]
        assert await replace(room, rehearsal=False).fire(LATE) == []
        assert await room.standing() == [
            ("2026-W47", "rehearsal", "released"),
            ("2026-W47", "regular", "released"),
        ]

    play(scene())


def test_several_rings_at_once_are_one(database: Database, database_url: str, play: Play) -> None:
    """Two processes, each with a writer of its own, from the build to the release."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        other = open_database(database_url)
        rooms = [room, replace(room, database=other, node_id="node-2")]

        rings = [each.fire(time) for time in (BUILD, RELEASE) for each in rooms]
        happened = [what for ring in await asyncio.gather(*rings) for what in ring]
        happened += await room.fire(LATE)

        assert sorted(happened) == ["built", "released"]
        assert await room.copies() == {1: 2}
        await other.close()

    play(scene())


def test_a_restored_database_waits_until_it_is_allowed(
    database: Database, play: Play, tmp_path: Path
) -> None:
    """Operators are told once; then the clock makes up for what was missed."""

    async def scene() -> None:
        fence = Fence(database, tmp_path, clock=lambda: at(RELEASE))
        room = await Newsroom(database, AUTOMATIC, fence=fence).furnish(W47)

        with capture_logs() as lines:
            assert await room.fire(RELEASE) == ["built", "reminded"]
            assert await room.fire(RELEASE) == []
        await fence.allow()

        assert await room.fire(LATE) == ["released"]
        assert [line["reason"] for line in lines if line["log_level"] == "warning"] == [
            "nothing may be sent until a person allows it; run “mailer sending allow”"
        ]

    play(scene())


def test_an_unknown_zone_is_said(database: Database, play: Play) -> None:
    """The sentence names newsletter and zone, and what to do."""

    async def scene() -> None:
        room = Newsroom(database, replace(WEEKLY, zone="Europe/Minks"))

        with pytest.raises(
            MailerError, match="zone “Europe/Minks” of newsletter “weekly” is not known here; correct"
        ):
            await room.fire(BUILD)

    play(scene())


def test_sample_texts_do_not_leave_the_machine(database: Database, play: Play) -> None:
    """Neither by hand nor by the clock; to a relay on this machine they may go."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        await room.fire(BUILD)
        identity = Identity("0" * 32, 0, at(BUILD), is_sample=True)
        await database.write(lambda tx: installation.make(tx, identity))

        with pytest.raises(Held, match="may not leave this machine"):
            await draft_release(room)

        assert await room.standing() == [("2026-W47", "regular", "draft")]
        assert await room.fire(RELEASE) == ["released"]

    async def draft_release(room: Newsroom) -> None:
        from mailer.delivery.release import release

        await release(database, 1, replace(room.terms(RELEASE), leaves_machine=True))

    play(scene())


def test_times_follow_a_change_of_the_schedule(database: Database, play: Play) -> None:
    """A schedule moved to later in the week builds later; the issue that was sent is not sent again."""

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        await room.fire(RELEASE)
        moved = replace(AUTOMATIC, schedule=Schedule("Fri 06:00", "Fri 09:00", "Sat 12:00"))
        friday = fire_times(moved.schedule, zone_of(moved), W47).release_at

        assert await replace(room, newsletter=moved).fire(f"{friday:%Y-%m-%d %H:%M}") == []

    play(scene())
