"""An operator looks one address up, has it mailed once more, and erases it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from mailer.audience import asking_again, erasure, inquiry
from mailer.audience.address import NotAnAddress
from mailer.audience.confirmation import LinkState
from mailer.audience.flood import Flood
from mailer.audience.inquiry import Card
from mailer.audience.inquiry_words import in_words
from mailer.domain.content import LetterKind
from mailer.domain.flood import FloodLimits
from mailer.domain.subscription import Standing
from mailer.errors import InvalidMove
from tests.integration.audience.reading_room import ADDRESS, Room, pressed_together
from tests.integration.storage.scene import EN, NOW, SLUG, Store

NOTHING = Card(None, (), has_address=False, block=None, copies=(), came_back=(), letters=(), asked_at=None,
               next_ask_at=NOW, waits_until=None)  # fmt: skip


def look(room: Room, address: str = ADDRESS) -> Card:
    return room.run(inquiry.look_up(room.store.database, room.vault, address, now=room.now))


def send(room: Room, address: str = ADDRESS) -> None:
    room.run(asking_again.send_now(room.store.database, room.vault, address, now=room.now))


def erase(room: Room, address: str = ADDRESS, **choice: Any) -> bool:
    choice = {"keeps_block": False, **choice}
    return room.run(erasure.erase_address(room.store.database, room.vault, address, now=room.now, **choice))


def lines(card: Card) -> str:
    return "\n".join(line for section in in_words(card, NOW) for line in section.lines)


def rows(room: Room, *tables: str) -> int:
    return sum(len(room.store.rows(table)) for table in tables)


def test_nothing_is_known_of_a_stranger(room: Room) -> None:
    """The card of an unknown address is empty, whoever else is a reader."""
    room.subscribe()

    card = look(room, "stranger@example.org")

    assert card == NOTHING
    assert (card.is_known, card.can_be_asked) == (False, False)


def test_a_sign_up_that_is_not_confirmed(room: Room) -> None:
    """It shows when it was asked, that the mail waits, and when the next one may go."""
    room.sign_up(ADDRESS)

    card = look(room, ADDRESS.upper())

    assert [(each.newsletter, each.standing) for each in card.memberships] == [(SLUG, Standing.PENDING)]
    assert [each.kind for each in card.letters] == [LetterKind.CONFIRM]
    assert (card.asked_at, card.next_ask_at) == (NOW, NOW + timedelta(days=1))
    assert card.can_be_asked
    assert "signed up, not confirmed yet, since 2026-11" in lines(card)
    assert "The mail to confirm of Mon 23 Nov 2026" in lines(card)


def test_a_reader_with_their_consent(room: Room) -> None:
    """Who confirmed shows with words, channel and hour; they can't be asked again."""
    room.subscribe()

    card = look(room)

    (found,) = card.memberships
    assert card.zone == "Europe/Warsaw"
    assert (found.standing, found.consent_version) == (Standing.ACTIVE, "2")
    assert (found.consent_channel, found.consent_language) == ("sign-up form", EN)
    assert not card.can_be_asked
    assert "Agreed by “sign-up form”, to version 2 of the words beside the button, in English" in lines(card)


def test_the_address_is_nowhere_on_the_card(room: Room) -> None:
    """Neither in its values nor in its words."""
    room.subscribe()

    card = look(room)

    assert "seven" not in (str(dataclasses.asdict(card)) + lines(card)).lower()


def test_one_more_mail_in_spite_of_the_cap(room: Room) -> None:
    """It goes on the day of the first, its link confirms, and that of the first works no more."""
    room.sign_up(ADDRESS)
    first = room.secret()
    room.wait(hours=1)
    assert room.sign_up(ADDRESS) == []

    send(room)

    assert room.letters() == [LetterKind.CONFIRM] * 2
    assert look(room).asked_at == room.now
    assert room.look(first).state is LinkState.DEAD
    assert room.confirm().state is LinkState.DONE


def test_a_second_press_sends_nothing(room: Room) -> None:
    """Nor does a page that is reloaded; after five minutes one more goes."""
    room.sign_up(ADDRESS)
    room.wait(minutes=5)
    send(room)

    with pytest.raises(InvalidMove, match="in the last five minutes"):
        send(room)
    room.wait(minutes=5)
    send(room)

    assert len(room.letters()) == 3


def test_presses_at_the_same_moment_send_one(room: Room, other_store: Store, database_url: str) -> None:
    """Whichever is first, also when the desk runs on two machines; the other is told."""
    room.sign_up(ADDRESS)
    room.wait(hours=1)

    async def press(store: Store) -> str:
        try:
            await asking_again.send_now(store.database, room.vault, ADDRESS, now=room.now)
        except InvalidMove:
            return "refused"
        return "sent"

    pressed = [press(store) for store in (room.store, other_store)]

    assert sorted(room.run(pressed_together(room, database_url, *pressed))) == ["refused", "sent"]
    assert len(room.letters()) == 2


def test_who_did_not_sign_up_is_never_asked(room: Room) -> None:
    """Nobody, a reader, and somebody who left: nothing is written."""
    reader = room.subscribe()
    known = len(room.letters())
    for address in (ADDRESS, "stranger@example.org"):
        with pytest.raises(InvalidMove):
            send(room, address)
    room.unsubscribe(room.link(reader))
    with pytest.raises(InvalidMove):
        send(room)

    assert LetterKind.CONFIRM not in room.letters()[known:]


def test_a_sign_up_that_a_flood_holds_back(room: Room) -> None:
    """It shows until when; one press decides it, for all that was asked, and it is not decided again."""
    room.flood = Flood(FloodLimits(per_domain=1))
    room.sign_up("first@example.org")
    assert room.sign_up(ADDRESS, also=("other",)) == []
    card = look(room)
    assert card.waits_until is not None
    assert (card.waits_until > NOW, card.is_known, card.can_be_asked) == (True, True, True)

    send(room)

    pending = [each.newsletter for each in look(room).memberships if each.standing is Standing.PENDING]
    assert pending == ["other", SLUG]
    assert rows(room, "signup_request") == 0
    assert room.letters() == [LetterKind.CONFIRM] * 2


def test_erasing_leaves_nothing(room: Room) -> None:
    """Reader, subscription, counters, waiting mail and what is not decided yet; others stay."""
    room.subscribe("other@example.org")
    before = {table: rows(room, table) for table in ("reader", "subscription", "letter", "letter_count")}
    room.sign_up(ADDRESS)
    room.ask(ADDRESS, newsletter="other")

    assert erase(room)

    assert {table: rows(room, table) for table in before} == before
    assert rows(room, "signup_request", "suppression") == 0
    assert look(room) == NOTHING
    assert not erase(room)


def test_a_mark_is_kept_where_it_is_wanted(room: Room) -> None:
    """It shows, in words, that the address must not be mailed."""
    room.subscribe()

    erase(room, keeps_block=True)

    card = look(room)
    assert card.block is not None
    assert (card.preferences, card.block.reason) == (None, Standing.BLOCKED)
    assert "Do not mail: asked never to be mailed again since 2026-11." in lines(card)


def test_a_complaint_outlives_erasing(room: Room) -> None:
    """Else an old list would bring back who complained."""
    room.subscribe()
    room.suppress(Standing.COMPLAINED)

    erase(room)

    assert "Do not mail: reported as spam since 2026-11." in lines(look(room))
    assert rows(room, "reader", "subscription") == 0


def test_a_mailbox_that_was_gone_is_forgotten(room: Room) -> None:
    """That mark protects nobody but us."""
    room.subscribe()
    room.suppress(Standing.BOUNCED)

    assert erase(room)

    assert look(room) == NOTHING


def test_never_again_goes_before_any_other_mark(room: Room) -> None:
    """Who complained and then asks never to be mailed is not asked by any form."""
    room.set_mark(Standing.COMPLAINED)

    erase(room, keeps_block=True)

    assert room.mark() is Standing.BLOCKED
    with pytest.raises(InvalidMove):
        send(room)


def test_what_is_no_address_is_refused(room: Room) -> None:
    """Before anything is looked at."""
    for act in (look, send, erase):
        with pytest.raises(NotAnAddress):
            act(room, "nobody")
