"""Nobody is retired wrongly: whatever comes back, in whatever order, how often ever."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.bounces.consequences import follow
from mailer.bounces.guarding import watch
from mailer.bounces.matching import Reading
from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail
from mailer.domain.subscription import Standing
from mailer.storage import Transaction, open_database
from mailer.storage.tables import delivery, subscription, suppression
from tests.integration.bounces.sorting_room import SortingRoom, address_of
from tests.integration.storage.scene import Store

HARMLESS = (
    "550 5.7.1 Message rejected as spam by content filter",
    "554 5.7.26 unauthenticated mail is not accepted",
    "550 5.1.0 sender listed in zen.example.net blocked using our list",
    "451 4.7.1 Greylisted, try again later",
    "552 5.3.4 Message too big",
    "421 4.3.2 Service shutting down",
    "550 5.7.1 This account of the sender is suspended",
)
COUNTING = (
    "552 5.2.2 Mailbox full",
    "550 5.2.1 The mailbox is disabled",
    "550 something that nobody can read",
    "554 5.4.7 Delivery expired: connection timed out",
)
CLEAR = "550 5.1.1 User unknown"
QUIET = sorted(set(MailKind) - {MailKind.BOUNCE, MailKind.COMPLAINT, MailKind.UNSUBSCRIBE})
READERS = 4
ISSUES = (45, 46, 47)
"""Three issues in two weeks: never enough for the strikes rule."""


@dataclass(frozen=True)
class Came:
    """One thing that came back, as the test makes it up."""

    reader: int
    issue: int
    kind: MailKind
    said: str = ""
    address: str | None = "own"


def came(kinds: Sequence[MailKind], words: Sequence[str]) -> st.SearchStrategy[Came]:
    return st.builds(
        Came,
        st.integers(1, READERS),
        st.integers(1, len(ISSUES)),
        st.sampled_from(kinds),
        st.sampled_from(words),
        st.sampled_from(["own", None, "forwarded@example.net"]),
    )


class Stand:
    """A room with readers and issues, rolled back after each example."""

    def __init__(self, room: SortingRoom) -> None:
        self.room = room
        room.subscribe(READERS, to=("weekly", "other"))
        self.issues = []
        for week in ISSUES:
            self.issues.append(room.send(week=week))
            room.wait(weeks=1)
        self.paths = {
            (reader, issue): room.return_path(reader, issue)
            for reader in range(1, READERS + 1)
            for issue in self.issues
        }

    def reading(self, each: Came) -> Reading:
        """Return what came as the backlog would have read it."""
        address = address_of(each.reader) if each.address == "own" else each.address
        mail = ReturnedMail(each.kind, (Notice(address, text=each.said),))
        return self.room.read(mail, self.paths[each.reader, self.issues[each.issue - 1]])

    def play(self, arrivals: Sequence[Came]) -> tuple[list[Effect], Mapping[str, Any]]:
        """Return the effects of what arrived, and where it leaves readers; then undo all of it."""
        readings = [self.reading(each) for each in arrivals]
        room = self.room
        found: dict[str, Any] = {}

        class Undo(Exception):  # noqa: N818 - reads as what it is
            pass

        def work(tx: Transaction) -> None:
            done = [follow(tx, room.matching, each, room.rules, room.now) for each in readings]
            written = [each for each in done if each is not None]
            watch(tx, written, room.rules, room.now)
            found["effects"] = [each.effect for each in written]
            found["standings"] = _standings(tx)
            raise Undo

        with pytest.raises(Undo):
            room.store.write(work)
        return found["effects"], found["standings"]


def _standings(tx: Transaction) -> dict[str, Any]:
    return {
        table.name: sorted(map(tuple, tx.execute(table.select())), key=repr)
        for table in (subscription, suppression, delivery)
    }


@pytest.fixture(scope="module")
def stand(runner: asyncio.Runner, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Stand:
    """One database for all examples."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("retiring") / "mailer.db")
    return Stand(SortingRoom(Store(open_database(f"sqlite:///{path}"), runner)))


EXAMPLES = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@EXAMPLES
@given(
    arrivals=st.lists(
        came([MailKind.BOUNCE, *QUIET], (*HARMLESS, *COUNTING)) | came(QUIET, (CLEAR,)), max_size=25
    )
)
def test_without_a_clear_word_nobody_is_retired(stand: Stand, arrivals: list[Came]) -> None:
    """Policy, full mailboxes, delays, holidays, in any order and with duplicates: all are still mailed."""
    effects, standings = stand.play(arrivals)

    assert set(effects) <= {Effect.NONE, Effect.STRIKE}
    assert {row[2] for row in standings["subscription"]} == {Standing.ACTIVE}
    assert standings["suppression"] == []


@EXAMPLES
@given(arrivals=st.lists(came([MailKind.BOUNCE], HARMLESS), max_size=15).map(lambda each: each * 3))
def test_what_blames_us_does_not_even_count(stand: Stand, arrivals: list[Came]) -> None:
    """Not as a strike, however often."""
    effects, _ = stand.play(arrivals)

    assert set(effects) <= {Effect.NONE}


@EXAMPLES
@given(
    data=st.data(),
    arrivals=st.lists(
        came(
            [MailKind.BOUNCE, MailKind.COMPLAINT, MailKind.AUTO_REPLY], (*HARMLESS[:2], *COUNTING[:2], CLEAR)
        ).filter(lambda each: each.kind is not MailKind.COMPLAINT or each.address in ("own", None)),
        max_size=12,
    ),
)
def test_the_order_does_not_matter(stand: Stand, arrivals: list[Came], data: st.DataObject) -> None:
    """Out of order and twice leads every reader to where in order and once does.

    Somebody else's complaint unsubscribes, as the link does, only who is subscribed still: that has an order.
    """
    shuffled = data.draw(st.permutations(arrivals))
    again = data.draw(st.lists(st.sampled_from(arrivals), max_size=5)) if arrivals else []

    _, in_order = stand.play(arrivals)
    _, out_of_order = stand.play([*shuffled, *again])

    assert out_of_order == in_order


@EXAMPLES
@given(arrivals=st.lists(came([MailKind.BOUNCE], (*HARMLESS, *COUNTING, CLEAR)), max_size=12))
def test_only_the_reader_it_is_about_is_touched(stand: Stand, arrivals: list[Came]) -> None:
    """Who is retired was named with a clear word; nobody else."""
    _, standings = stand.play(arrivals)

    retired = {row[0] for row in standings["subscription"] if row[2] is not Standing.ACTIVE}
    named = {
        each.reader for each in arrivals if each.said == CLEAR and each.address != "forwarded@example.net"
    }
    assert retired == named
