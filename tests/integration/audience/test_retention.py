"""What readers leave with us goes when its time is over, and not a moment before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from mailer.audience import retention
from mailer.audience.retention import KEPT, forget
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Standing
from mailer.storage import (
    Transaction,
    import_runs,
    intake,
    letters,
    operators,
    outlived,
    reader_links,
    readers,
    spent_proofs,
)
from mailer.storage.letters import Letter
from mailer.storage.operators import Session
from mailer.storage.outlived import Kept
from mailer.storage.reader_links import LinkPurpose, ReaderLink
from mailer.storage.tables import signup_request
from tests.integration.audience.reading_room import Room
from tests.integration.storage.scene import BE, NOW, SLUG, add_reader

Put: TypeAlias = Callable[[Transaction, datetime], object]
MOMENT = timedelta(milliseconds=1)
BYTES = b"b" * 32
IMPORTED = f"{intake.IMPORTED}listmonk, list “Weekly BE”"


def _subscribed(standing: Standing, column: str) -> Put:
    def put(tx: Transaction, at: datetime) -> None:
        reader_id = add_reader(tx, 1, standing=standing)
        readers.set_standing(tx, reader_id, SLUG, standing, **{column: at})

    return put


def _letter(tx: Transaction, at: datetime) -> None:
    letters.add(tx, Letter(LetterKind.MANAGE, BE, SLUG, bytes(12), bytes(12), b"sealed", NOW, at))


def _link(tx: Transaction, at: datetime) -> None:
    reader_links.add(tx, ReaderLink(BYTES, add_reader(tx, 1), LinkPurpose.SETTINGS, at))


def _session(tx: Transaction, at: datetime) -> None:
    operators.save(tx, "anna", "hash")
    anna = operators.by_name(tx, "anna")
    assert anna is not None
    operators.begin_session(tx, Session(BYTES, anna.id, "form token", NOW, at))


PUT: dict[Kept, Put] = {
    Kept.UNCONFIRMED: _subscribed(Standing.PENDING, "confirm_until"),
    Kept.LEFT: _subscribed(Standing.UNSUBSCRIBED, "forget_at"),
    Kept.LETTER: _letter,
    Kept.COUNTER: lambda tx, at: letters.count(tx, BYTES, LetterKind.CONFIRM, at),
    Kept.LINK: _link,
    Kept.PROOF: lambda tx, at: spent_proofs.spend(tx, BYTES, at),
    Kept.REQUEST: lambda tx, at: tx.execute(
        signup_request.insert().values(public_id=bytes(12), sealed=b"sealed", received_at=at)
    ),
    Kept.IMPORT: lambda tx, at: import_runs.begin(tx, BYTES, at),
    Kept.SESSION: _session,
}


@pytest.mark.parametrize("what", Kept)
def test_each_goes_when_its_time_is_over(room: Room, what: Kept) -> None:
    """Not at the last moment that counts, but at the next."""
    room.store.write(lambda tx: PUT[what](tx, NOW))
    table = what.partition(".")[0]

    gone = [forgotten(room, NOW + KEPT[what] + late) for late in (timedelta(), MOMENT)]

    assert gone == [{}, {what: 1}]
    assert room.store.rows(table) == []


def test_many_go_some_at_a_time(room: Room) -> None:
    """Each in a transaction of its own with a few hundred others, so that nobody waits for all of them."""
    count = 2 * retention.SLICE + 1

    def work(tx: Transaction) -> None:
        for _ in range(count):
            letters.count(tx, BYTES, LetterKind.CONFIRM, NOW)

    room.store.write(work)
    commits = room.store.database.commits

    gone = forgotten(room, NOW + KEPT[Kept.COUNTER] + MOMENT)

    assert gone == {Kept.COUNTER: count}
    assert room.store.database.commits == commits + 3


def test_what_changed_meanwhile_stays(room: Room) -> None:
    """Who comes back between the look and the removal keeps everything."""
    room.store.write(lambda tx: PUT[Kept.LEFT](tx, NOW))
    before = NOW + MOMENT
    keys = room.store.read(lambda tx: outlived.find(tx, Kept.LEFT, before, 9))
    room.store.write(lambda tx: readers.set_standing(tx, keys[0], SLUG, Standing.ACTIVE, forget_at=None))

    assert room.store.write(lambda tx: outlived.remove(tx, Kept.LEFT, keys, before)) == 0
    assert [row["sealed_address"] for row in room.store.rows("reader")] != [None]


@pytest.mark.parametrize("standing", [Standing.UNSUBSCRIBED, Standing.BOUNCED, Standing.COMPLAINED])
def test_who_left_an_imported_list_leaves_a_mark(room: Room, standing: Standing) -> None:
    """The next export of that list may name them again; of who signed up here nothing is left."""
    leaver = room.store.write(lambda tx: imported(tx, 1, standing))
    room.store.write(lambda tx: imported(tx, 2, standing, channel="sign-up form"))

    assert forgotten(room, NOW + MOMENT) == {Kept.LEFT: 2}

    (mark,) = room.store.rows("suppression")
    assert (mark["reason"], mark["since_month"]) == (standing, "2026-11")
    assert room.store.rows("reader", id=leaver) == []


def test_who_never_answered_an_import_leaves_none(room: Room) -> None:
    """They said nothing; an address that nobody asked is no “no”."""
    room.store.write(lambda tx: imported(tx, 1, Standing.PENDING))

    assert forgotten(room, NOW + MOMENT) == {Kept.LEFT: 1}
    assert (room.store.rows("suppression"), room.store.rows("reader")) == ([], [])


def test_who_left_an_imported_list_and_reads_another_keeps_the_row(room: Room) -> None:
    """A mark would stand against the other too; it is left once they read neither."""
    reader_id = room.store.write(lambda tx: imported(tx, 1, Standing.UNSUBSCRIBED))
    room.store.write(
        lambda tx: readers.set_standing(tx, reader_id, "other", Standing.ACTIVE, changed_month="2026-11")
    )
    assert forgotten(room, NOW + MOMENT) == {}

    room.store.write(
        lambda tx: readers.set_standing(tx, reader_id, "other", Standing.UNSUBSCRIBED, forget_at=NOW)
    )

    assert forgotten(room, NOW + MOMENT) == {Kept.LEFT: 2}
    assert [row["reason"] for row in room.store.rows("suppression")] == [Standing.UNSUBSCRIBED]


def forgotten(room: Room, now: datetime) -> dict[Kept, int]:
    """Do what a round does; return how many rows went, of what any did."""
    gone = room.run(forget(room.store.database, now=now))
    return {what: count for what, count in gone.items() if count}


def imported(tx: Transaction, number: int, standing: Standing, *, channel: str = IMPORTED) -> int:
    """Store somebody whom a file named, whose row is over a moment after NOW; return the id."""
    reader_id = add_reader(tx, number, standing=standing)
    readers.set_standing(tx, reader_id, SLUG, standing, consent_channel=channel, forget_at=NOW)
    return reader_id
