"""The guard on a real database: it opens, turns back, holds, and does what a person says."""

from __future__ import annotations

import pytest

from mailer.bounces import decisions
from mailer.domain.consequence import Effect
from mailer.domain.guard import Tally
from mailer.domain.subscription import Standing
from mailer.errors import InvalidMove, NotFound
from mailer.storage import guards, readers
from tests.integration.bounces.sorting_room import FULL, SortingRoom
from tests.integration.storage.scene import NOW

MANY = 60


@pytest.fixture
def gmail(room: SortingRoom) -> list[int]:
    """Readers of one provider, and one elsewhere."""
    room.subscribe(1, group="other")
    return room.subscribe(MANY, group="gmail")


def standings(room: SortingRoom) -> dict[Standing, int]:
    rows = [row["standing"] for row in room.store.rows("subscription")]
    return {each: rows.count(each) for each in set(rows)}


def break_gmail(room: SortingRoom, gmail: list[int], issue_id: int, count: int = 10) -> None:
    for number in gmail[:count]:
        room.come_back(number, issue_id)


def open_guard(room: SortingRoom) -> guards.Guard:
    (guard,) = room.store.read(guards.open_guards)
    return guard


def test_a_jump_holds_everybody_and_turns_the_first_ones_back(room: SortingRoom, gmail: list[int]) -> None:
    """Who was suppressed before it was noticed is mailed again; nobody of the group is given up."""
    issue_id = room.send()

    break_gmail(room, gmail, issue_id)

    assert room.effects() == [Effect.HELD] * 10
    assert standings(room) == {Standing.ACTIVE: MANY + 1}
    assert room.store.rows("suppression") == []
    guard = open_guard(room)
    assert (guard.group, guard.issue_id, guard.hard_count, guard.copy_count) == ("gmail", issue_id, 5, MANY)


def test_other_providers_are_judged_as_ever(room: SortingRoom, gmail: list[int]) -> None:
    """What one provider says casts no doubt on another's word."""
    issue_id = room.send()
    break_gmail(room, gmail, issue_id)

    assert room.come_back(1, issue_id) is Effect.SUPPRESSED


def test_strikes_are_held_back_too(room: SortingRoom, gmail: list[int]) -> None:
    """A provider that errs about mailboxes may err about full ones."""
    for week in (43, 44, 45):
        room.come_back(gmail[-1], room.send(week=week), FULL)
        room.wait(weeks=1)
    issue_id = room.send(week=46)
    break_gmail(room, gmail, issue_id)

    assert room.come_back(gmail[-1], issue_id, FULL) is Effect.HELD


def test_a_few_are_believed(room: SortingRoom, gmail: list[int]) -> None:
    """Three of sixty are people."""
    break_gmail(room, gmail, room.send(), 3)

    assert room.effects() == [Effect.SUPPRESSED] * 3
    assert room.store.rows("guard") == []


def test_more_than_usual_is_noticed(room: SortingRoom) -> None:
    """Five of 190 are less than the share, and more than five times what it usually is there."""
    gmail = room.subscribe(190, group="gmail")
    first = room.send(week=46)
    break_gmail(room, gmail, first, 0)
    room.wait(weeks=1)

    break_gmail(room, gmail, room.send(week=47), 5)

    assert room.effects() == [Effect.HELD] * 5


def test_a_person_believes_the_provider(room: SortingRoom, gmail: list[int]) -> None:
    """What was held is done, and what comes later of that issue is done at once."""
    issue_id = room.send()
    break_gmail(room, gmail, issue_id)

    done = room.store.run(
        decisions.apply_held(room.store.database, open_guard(room).id, operator="anna", now=room.now)
    )

    assert done == 10
    assert room.effects() == [Effect.SUPPRESSED] * 10
    assert standings(room) == {Standing.ACTIVE: MANY - 9, Standing.BOUNCED: 10}
    assert room.come_back(gmail[20], issue_id) is Effect.SUPPRESSED


def test_a_person_does_not_believe_the_provider(room: SortingRoom, gmail: list[int]) -> None:
    """Nothing is done, also of what comes later of that issue; the next issue is judged anew."""
    issue_id = room.send()
    break_gmail(room, gmail, issue_id)

    dropped = room.store.run(
        decisions.dismiss(room.store.database, open_guard(room).id, operator="anna", now=room.now)
    )

    assert dropped == 10
    assert {(row["effect"], row["undone_by"]) for row in room.store.rows("consequence")} == {
        (Effect.NONE, "anna")
    }
    assert room.come_back(gmail[20], issue_id) is Effect.NONE
    assert standings(room) == {Standing.ACTIVE: MANY + 1}
    room.wait(weeks=1)
    assert room.come_back(gmail[20], room.send(week=48)) is Effect.SUPPRESSED


def test_what_is_decided_is_decided(room: SortingRoom, gmail: list[int]) -> None:
    """Whoever presses second is told; a number that is none too."""
    break_gmail(room, gmail, room.send())
    number = open_guard(room).id
    database = room.store.database
    room.store.run(decisions.dismiss(database, number, operator="anna", now=room.now))

    for press in (decisions.dismiss, decisions.apply_held):
        with pytest.raises(InvalidMove, match="decided this already"):
            room.store.run(press(database, number, operator="boris", now=room.now))
        with pytest.raises(NotFound):
            room.store.run(press(database, 99, operator="boris", now=room.now))


def test_who_left_meanwhile_is_not_brought_back(room: SortingRoom, gmail: list[int]) -> None:
    """Turning back undoes a bounce, and nothing else."""
    issue_id = room.send()
    room.come_back(gmail[0], issue_id)

    room.store.write(lambda tx: readers.set_standing(tx, gmail[0], "weekly", Standing.UNSUBSCRIBED))

    break_gmail(room, gmail[1:], issue_id)

    assert room.standing(gmail[0]) is Standing.UNSUBSCRIBED


def test_a_provider_has_one_open_guard(room: SortingRoom, gmail: list[int]) -> None:
    """A second process that counts to the same end begins none; after a word from a person it may."""
    issue_id = room.send()
    break_gmail(room, gmail, issue_id)
    tally = Tally(hard_count=9, copy_count=MANY)

    second = room.store.write(lambda tx: guards.begin(tx, "gmail", issue_id, tally, NOW))

    assert second is None
    first = open_guard(room)
    room.store.write(lambda tx: guards.end(tx, first.id, operator="anna", now=NOW))
    assert room.store.write(lambda tx: guards.begin(tx, "gmail", issue_id, tally, NOW)) is not None
