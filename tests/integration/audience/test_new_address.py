"""A change of address: both owners agree, or nothing changes; nothing tells who was known before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from mailer.audience import new_address, undo
from mailer.audience.address import NotAnAddress
from mailer.audience.new_address import MoveState
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState
from mailer.domain.subscription import Standing
from mailer.storage import open_database, preferences, returned_copies
from mailer.storage.visit_tables import reader_link
from tests.integration.audience.own_settings import Visitor
from tests.integration.audience.reading_room import ADDRESS, Room, both
from tests.integration.storage.meeting import LONG_ENOUGH_S, under_way
from tests.integration.storage.scene import BE, NOW, RU, SLUG, Store, release

NEW = "New.Place@example.net"
MOVE_IN, MOVE_OUT = LetterKind.MOVE_IN, LetterKind.MOVE_OUT
OPEN, WAITING, DONE, REFUSED, DEAD = MoveState


@dataclass
class Mover:
    """A reader who has asked for another address; the two links that were mailed."""

    visitor: Visitor
    new: str
    old: str

    @property
    def room(self) -> Room:
        """Where they are."""
        return self.visitor.room


def ask(visitor: Visitor, address: str = NEW) -> Mover:
    visitor.move(address)
    return Mover(visitor, visitor.secrets(MOVE_IN)[-1], visitor.secrets(MOVE_OUT)[-1])


@pytest.fixture
def visitor(room: Room) -> Visitor:
    """A subscribed reader at their settings."""
    room.subscribe()
    return Visitor(room).open()


def test_both_addresses_are_asked(visitor: Visitor) -> None:
    """Each by a link of its own; the letter to the new one is not tied to the reader, should it bounce."""
    ask(visitor)

    sent = {
        kind: values["to"]
        for kind, values in zip(visitor.room.letters(), visitor.room.opened_letters(), strict=True)
    }
    assert (sent[MOVE_IN], sent[MOVE_OUT]) == (NEW, ADDRESS)
    (letter,) = visitor.room.store.rows("letter", kind=MOVE_IN)
    assert letter["public_id"] != visitor.room.reader().public_id


@pytest.mark.parametrize("first", ["new", "old"])
def test_the_address_changes_when_both_have_agreed(visitor: Visitor, first: str) -> None:
    """In either order; the same reader, another address, and another name in links."""
    mover = ask(visitor)
    before = visitor.room.reader()
    secrets = [mover.new, mover.old] if first == "new" else [mover.old, mover.new]

    assert [visitor.decide(secret) for secret in secrets] == [WAITING, DONE]

    after = visitor.room.reader(NEW)
    assert visitor.room.find(ADDRESS) is None
    assert (after.id, after.public_id == before.public_id) == (before.id, False)
    assert after.sealed_address is not None
    assert visitor.room.vault.open(after.sealed_address, after.public_id).decode() == NEW
    assert visitor.room.standing(NEW) is Standing.ACTIVE


def test_nothing_in_the_old_mailbox_names_the_reader_any_more(visitor: Visitor) -> None:
    """Its links do nothing, a Letter on its way to it goes nowhere, and its late bounce is nobody's."""
    room = visitor.room
    visitor.add("other")
    old_link, left_link = room.link(room.reader()), room.link(room.reader(), newsletter="other")
    old_id = room.reader().public_id
    room.unsubscribe(left_link)
    way_back = visitor.secrets(LetterKind.GOODBYE)[-1]
    mover = ask(visitor)
    visitor.decide(mover.new)
    visitor.decide(mover.old)
    before = room.store.contents()

    leaver = room.unsubscribe(old_link)
    back = room.run(undo.come_back(room.store.database, room.vault, way_back, now=room.now))

    assert leaver is not None
    assert (leaver.reader, back.state) == (None, undo.WayBackState.DEAD)
    assert room.store.contents() == before
    assert room.store.read(lambda tx: returned_copies.of_newsletter(tx, old_id, 1)) is None
    assert old_id not in [row["public_id"] for row in room.store.rows("letter")]
    room.unsubscribe(room.link(room.reader(NEW)))
    assert room.standing(NEW) is Standing.UNSUBSCRIBED


@pytest.mark.parametrize("is_discreet", [False, True])
def test_a_discreet_readers_new_address_is_asked_discreetly(
    visitor: Visitor,
    is_discreet: bool,  # noqa: FBT001 - a table
) -> None:
    """Whoever sees that mailbox may learn as little as at the old one."""
    visitor.be_discreet(is_discreet=is_discreet)

    ask(visitor)

    recipients = [row["public_id"] for row in visitor.room.store.rows("letter")]
    found = visitor.room.store.read(lambda tx: [preferences.is_discreet(tx, each) for each in recipients])
    assert set(found) == {is_discreet}


def test_one_alone_moves_nothing(visitor: Visitor) -> None:
    """However often it is pressed."""
    mover = ask(visitor)

    assert [visitor.decide(mover.new), visitor.decide(mover.new)] == [WAITING, WAITING]
    assert (visitor.room.find(NEW), visitor.room.standing()) == (None, Standing.ACTIVE)


def test_pressing_again_says_what_happened(visitor: Visitor) -> None:
    """And changes nothing; the page of either link says so for as long as it works."""
    mover = ask(visitor)
    visitor.decide(mover.new)
    visitor.decide(mover.old)
    before = visitor.room.store.contents()

    assert [visitor.decide(mover.new), visitor.decide(mover.old, agrees=False)] == [DONE, DONE]
    assert visitor.room.store.contents() == before


@pytest.mark.parametrize("side", ["new", "old"])
def test_either_may_refuse(visitor: Visitor, side: str) -> None:
    """Also after agreeing; then the other can't agree any more, and the new address is forgotten."""
    mover = ask(visitor)
    refusing, other = (mover.new, mover.old) if side == "new" else (mover.old, mover.new)
    visitor.decide(refusing)

    assert visitor.decide(refusing, agrees=False) is REFUSED
    assert [visitor.decide(other), visitor.move_state(other)] == [REFUSED, REFUSED]
    assert visitor.room.find(NEW) is None
    assert [row["sealed"] for row in visitor.room.store.rows("reader_link")] == [None] * 3
    assert MOVE_IN not in visitor.room.letters()


def test_a_link_works_for_three_days(visitor: Visitor) -> None:
    """Then it is dead."""
    mover = ask(visitor)
    visitor.decide(mover.new)
    visitor.room.wait(hours=72)
    assert visitor.move_state(mover.old) is OPEN

    visitor.room.wait(seconds=1)

    assert [visitor.move_state(mover.old), visitor.decide(mover.old)] == [DEAD, DEAD]
    assert visitor.room.find(NEW) is None


def test_looking_changes_nothing(visitor: Visitor) -> None:
    """Mail programs open links to look at them."""
    mover = ask(visitor)
    before = visitor.room.store.contents()

    assert [visitor.move_state(mover.new), visitor.move_state(mover.old)] == [OPEN, OPEN]
    assert visitor.room.store.contents() == before


def test_a_later_change_takes_the_place_of_an_earlier(visitor: Visitor) -> None:
    """Who mistyped the address asks again; the mistyped one gets nothing more and can't agree."""
    first = ask(visitor, "mistyped@example.net")
    second = ask(visitor)

    assert [visitor.decide(first.new), visitor.decide(first.old)] == [DEAD, DEAD]
    assert [visitor.decide(second.new), visitor.decide(second.old)] == [WAITING, DONE]


def test_nobody_is_asked_too_often(visitor: Visitor) -> None:
    """A stranger's address once a day, the reader's own three times; what was asked before stays open."""
    mover = ask(visitor)

    visitor.move(NEW)

    assert visitor.room.letters().count(MOVE_IN) == 1
    assert visitor.move_state(mover.new) is OPEN


def test_who_asked_never_to_be_mailed_is_not_asked(visitor: Visitor) -> None:
    """But the reader who typed the address is: a mail of their own that is missing would tell them."""
    room = visitor.room
    room.set_mark(Standing.BLOCKED, NEW)

    assert visitor.move(NEW)

    assert (room.letters()[-1], MOVE_IN in room.letters()) == (MOVE_OUT, False)


def test_nothing_that_a_reader_sees_tells_who_asked_never_to_be_mailed(visitor: Visitor) -> None:
    """Neither their mails, nor the pages behind them, nor the file of all that is stored about them."""
    visitor.room.set_mark(Standing.BLOCKED, NEW)
    seen = []

    for address in (NEW, "nobody@example.org"):
        before = len(visitor.secrets(MOVE_OUT))
        visitor.move(address)
        visitor.move(address)  # not asked again, whoever it is
        asked = visitor.secrets(MOVE_OUT)[before:]
        exported = visitor.export() or {}
        links = [link["purpose"] for link in exported["links_that_work"]]
        seen.append((len(asked), visitor.decide(asked[-1]), sorted(links)))

    assert seen[0] == seen[1]


def test_who_agrees_and_then_asks_never_to_be_mailed_is_not_mailed(visitor: Visitor) -> None:
    """The later word counts: the other owner's button moves nothing any more."""
    room = visitor.room
    mover = ask(visitor)
    visitor.decide(mover.new)
    room.erase(NEW, keeps_block=True)

    assert visitor.decide(mover.old) is REFUSED

    assert (room.mark(NEW), room.find(NEW), room.standing()) == (Standing.BLOCKED, None, Standing.ACTIVE)


@pytest.mark.parametrize("by", ["operator", "owner"])
def test_an_address_that_is_erased_is_nobodys_new_one(visitor: Visitor, by: str) -> None:
    """Nothing names it any more: the change is called off, and a question that waits is not mailed."""
    room = visitor.room
    if by == "owner":
        room.subscribe(NEW)
    mover = ask(visitor)

    assert room.erase(NEW) if by == "operator" else Visitor(room).open(NEW).erase()

    assert [row["sealed"] for row in room.store.rows("reader_link") if row["sealed"]] == []
    assert MOVE_IN not in room.letters()
    assert (visitor.decide(mover.old), room.standing()) == (REFUSED, Standing.ACTIVE)


def test_what_is_no_address_is_refused(visitor: Visitor) -> None:
    """And nothing is stored."""
    before = visitor.room.store.contents()

    with pytest.raises(NotAnAddress):
        visitor.move("new place")

    assert visitor.room.store.contents() == before


def test_old_links_to_the_settings_do_not_open_the_new_address(visitor: Visitor) -> None:
    """Else whoever holds one could look into a mailbox owner's choices."""
    mover = ask(visitor)
    visitor.decide(mover.new)
    assert visitor.look() is not None

    visitor.decide(mover.old)

    assert visitor.look() is None


def test_asking_tells_nothing_about_the_new_address(visitor: Visitor) -> None:
    """A reader's address is asked as a stranger's is."""
    visitor.room.subscribe("known@example.org")
    rows = []

    for address in ("known@example.org", "nobody@example.org"):
        count = len(visitor.room.letters())
        visitor.move(address)
        rows.append(visitor.room.letters()[count - 1 :][-2:])

    assert rows == [[MOVE_IN, MOVE_OUT]] * 2


def test_two_readers_become_one(visitor: Visitor) -> None:
    """The new address's reader keeps their choices and gets what the other got; the other is gone."""
    room = visitor.room
    visitor.add("other")
    room.subscribe(NEW, language=RU)
    resident = room.reader(NEW)
    mover = ask(visitor)

    visitor.decide(mover.new)
    assert visitor.decide(mover.old) is DONE

    assert room.reader(NEW).id == resident.id
    assert room.reader(NEW).language is RU
    assert [room.standing(NEW, slug) for slug in (SLUG, "other")] == [Standing.ACTIVE] * 2
    assert room.reader().sealed_address is None
    assert [room.standing(ADDRESS, slug) for slug in (SLUG, "other")] == [Standing.UNSUBSCRIBED] * 2
    room.wait(days=15)
    room.forget_expired()
    assert room.find(ADDRESS) is None


def test_two_readers_become_one_and_stay_discreet(visitor: Visitor) -> None:
    """An open mail to somebody who was discreet can't be called back."""
    visitor.room.subscribe(NEW)
    visitor.be_discreet(is_discreet=True)
    mover = ask(visitor)

    visitor.decide(mover.new)
    visitor.decide(mover.old)

    (row,) = visitor.room.store.rows("reader", id=visitor.room.reader(NEW).id)
    assert row["is_discreet"] is True


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_an_address_that_was_blocked_comes_back_by_agreeing(visitor: Visitor, standing: Standing) -> None:
    """Its owner has pressed the button in a mail that arrived; the choices are the mover's."""
    visitor.room.subscribe(NEW, language=BE)
    visitor.room.suppress(standing, NEW)
    mover = ask(visitor)

    visitor.decide(mover.new)
    visitor.decide(mover.old)

    assert visitor.room.standing(NEW) is Standing.ACTIVE
    assert visitor.room.store.rows("suppression") == []
    assert visitor.room.reader(NEW).language is not BE


def test_a_copy_waits_for_one_of_two_readers_who_became_one(visitor: Visitor) -> None:
    """The same issue does not come twice to the one mailbox."""
    visitor.room.subscribe(NEW)
    visitor.room.store.write(release)
    mover = ask(visitor)

    visitor.decide(mover.new)
    visitor.decide(mover.old)

    resident = visitor.room.reader(NEW)
    states = {row["reader_id"]: row["state"] for row in visitor.room.store.rows("delivery")}
    assert states.pop(resident.id) is DeliveryState.QUEUED
    assert set(states.values()) == {DeliveryState.SKIPPED}


def test_a_reader_who_left_meanwhile_is_not_moved(visitor: Visitor) -> None:
    """There is nothing to move."""
    mover = ask(visitor)
    visitor.decide(mover.new)
    visitor.leave()

    assert visitor.decide(mover.old) is REFUSED
    assert visitor.room.find(NEW) is None


def test_both_press_at_the_same_moment(visitor: Visitor, other_store: Store, database_url: str) -> None:
    """One of them is the second, also when the pages run on two machines."""
    mover, room = ask(visitor), visitor.room
    third = Store(open_database(database_url), room.store.runner)

    async def press() -> list[MoveState]:
        pressed = asyncio.ensure_future(
            both(
                *(
                    new_address.decide(store.database, room.vault, secret, agrees=True, now=NOW)
                    for store, secret in ((room.store, mover.new), (other_store, mover.old))
                )
            )
        )
        with under_way(
            third, lambda tx: tx.execute(reader_link.update().values(purpose=reader_link.c.purpose))
        ):
            await asyncio.sleep(LONG_ENOUGH_S)
        await third.database.close()
        return await pressed

    assert set(room.run(press())) == {WAITING, DONE}
    assert room.find(NEW) is not None
