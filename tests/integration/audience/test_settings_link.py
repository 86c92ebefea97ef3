"""The link to one's settings: it tells nothing, goes to the right mailbox, and opens for half an hour."""

from __future__ import annotations

import pytest

from mailer.audience.address import NotAnAddress
from mailer.audience.link_secret import hash_of
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Standing
from mailer.storage import readers
from tests.integration.audience.own_settings import Visitor
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.storage.scene import EN, RU, SLUG

MANAGE = LetterKind.MANAGE


@pytest.fixture
def visitor(room: Room) -> Visitor:
    """Somebody before the page; one reader is subscribed."""
    room.subscribe()
    return Visitor(room)


def test_a_reader_is_mailed_a_link_that_opens_their_settings(visitor: Visitor) -> None:
    """To the address as it was confirmed, however it was typed now; what is stored does not open it."""
    assert visitor.ask(ADDRESS.lower()) == [MANAGE]

    assert visitor.room.opened_letters()[-1]["to"] == ADDRESS
    visitor.secret = visitor.secrets(MANAGE)[-1]
    assert visitor.page().active == (SLUG,)
    (row,) = visitor.room.store.rows("reader_link")
    assert row["link_hash"] == hash_of(visitor.secret)


@pytest.mark.parametrize("address", ["nobody@example.org", "pending@example.org", "left@example.org"])
def test_nobody_else_is_mailed(visitor: Visitor, address: str) -> None:
    """Who never came, never confirmed or has left gets no mail, and leaves nothing here."""
    visitor.room.sign_up("pending@example.org")
    left = visitor.room.subscribe("left@example.org")
    visitor.room.unsubscribe(visitor.room.link(left))
    before = visitor.room.store.contents()

    assert visitor.ask(address) == []
    assert visitor.room.store.contents() == before


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_who_is_suppressed_is_not_mailed(visitor: Visitor, standing: Standing) -> None:
    """They must not be mailed; they come back by confirming anew."""
    visitor.room.suppress(standing)

    assert visitor.ask() == []


def test_what_is_no_address_is_refused(visitor: Visitor) -> None:
    """And nothing is stored."""
    before = visitor.room.store.contents()

    with pytest.raises(NotAnAddress):
        visitor.ask("somebody at example")

    assert visitor.room.store.contents() == before


def test_three_links_a_day(visitor: Visitor) -> None:
    """A stranger who asks again and again fills nobody's mailbox; the next day there is one more."""
    assert [len(visitor.ask()) for _ in range(4)] == [1, 1, 1, 0]

    visitor.room.wait(hours=24)

    assert visitor.ask() == [MANAGE]


def test_a_link_opens_for_half_an_hour(visitor: Visitor) -> None:
    """For as many changes as its reader likes; then it is dead, and is removed."""
    visitor.open()
    visitor.room.wait(minutes=30)
    assert [visitor.choose(RU), visitor.choose(EN)] == [True, True]

    visitor.room.wait(seconds=1)

    assert [visitor.look(), visitor.choose(RU), visitor.export()] == [None, False, None]
    visitor.room.forget_expired()
    assert visitor.room.store.rows("reader_link") == []


def test_done_closes_the_link(visitor: Visitor) -> None:
    """For who sits at a machine that others use; pressing again changes nothing."""
    visitor.open()

    visitor.close()
    visitor.close()

    assert visitor.look() is None


@pytest.mark.parametrize("secret", ["", "x", "ў" * 43, "\ud800"])
def test_a_link_that_is_not_ours_opens_nothing(visitor: Visitor, secret: str) -> None:
    """Whatever it is."""
    visitor.open()
    visitor.secret = secret

    assert [visitor.look(), visitor.choose(RU)] == [None, False]


def test_looking_changes_nothing(visitor: Visitor) -> None:
    """Mail programs open links to look at them."""
    visitor.open()
    before = visitor.room.store.contents()

    visitor.look()
    visitor.export()

    assert visitor.room.store.contents() == before


def test_a_reader_of_another_newsletters_language_is_written_to_in_the_first(visitor: Visitor) -> None:
    """A letter can only be in a language that its newsletter has."""
    room = visitor.room
    reader = room.reader()
    room.store.write(lambda tx: readers.set_standing(tx, reader.id, SLUG, Standing.ACTIVE))

    visitor.ask()

    (letter,) = room.store.rows("letter", kind=MANAGE)
    assert letter["language"] == EN
