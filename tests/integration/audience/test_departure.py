"""Leaving: at once, for good, and the address goes with the last subscription."""

from __future__ import annotations

import pytest

from mailer.audience import departure
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState
from mailer.domain.subscription import Standing
from mailer.domain.token import Token
from mailer.storage import Transaction, deliveries, readers
from tests.integration.audience.reading_room import Room, pressed_together
from tests.integration.storage import scene
from tests.integration.storage.scene import NODE, RU, SLUG, Store, claimed, release

GOODBYE = LetterKind.GOODBYE
ACTIVE, UNSUBSCRIBED = Standing.ACTIVE, Standing.UNSUBSCRIBED


def test_leaving_ends_the_subscription_at_once(room: Room) -> None:
    """A goodbye goes out, the sealed address is gone; the row stays 14 days."""
    reader = room.subscribe(language=RU)

    leaver = room.unsubscribe(room.link(reader))

    assert leaver is not None
    assert (leaver.newsletter, leaver.reader) == (SLUG, reader)
    assert room.standing() is UNSUBSCRIBED
    assert room.letters()[-1] is GOODBYE
    assert room.reader().sealed_address is None
    room.wait(days=14)
    room.forget_expired()
    assert len(room.store.rows("reader")) == 1
    room.wait(seconds=1)
    room.forget_expired()
    assert room.store.rows("reader") == []


def test_leaving_again_changes_nothing(room: Room) -> None:
    """No second goodbye; the link still says whom it names, for ever."""
    reader = room.subscribe()
    link = room.link(reader)
    room.unsubscribe(link)
    before = room.store.contents()

    for _ in range(2):
        leaver = room.unsubscribe(link)
        assert leaver is not None
        assert leaver.newsletter == SLUG
    assert room.store.contents() == before

    room.wait(days=400)
    room.forget_expired()
    forgotten = room.unsubscribe(link)
    assert forgotten is not None
    assert (forgotten.reader, forgotten.newsletter) == (None, SLUG)


def test_looking_changes_nothing(room: Room) -> None:
    """Mail programs open links to look at them; and what they see is the same for ever."""
    reader = room.subscribe()
    before = room.store.contents()

    found = room.run(departure.look_up(room.store.database, room.keys.link, room.link(reader)))

    assert found == SLUG
    assert room.store.contents() == before


def test_two_processes_are_told_at_the_same_moment(room: Room, other_store: Store, database_url: str) -> None:
    """One goodbye, also when a mail program presses twice and the pages run on two machines."""
    link = room.link(room.subscribe())
    pressed = [
        departure.unsubscribe(store.database, room.vault, room.keys.link, link=link, now=room.now)
        for store in (room.store, other_store)
    ]

    assert None not in room.run(pressed_together(room, database_url, *pressed))
    assert room.letters().count(GOODBYE) == 1


@pytest.mark.parametrize("link", ["", "x" * 36, "A" * 36, "ў", "../../etc"])
def test_a_link_that_is_not_ours_does_nothing(room: Room, link: str) -> None:
    """It names nobody."""
    room.subscribe()
    before = room.store.contents()

    assert room.unsubscribe(link) is None
    assert room.run(departure.look_up(room.store.database, room.keys.link, link)) is None
    assert room.store.contents() == before


@pytest.mark.parametrize(
    "token",
    [Token(bytes(12), issue=999), Token(bytes(12), newsletter=999)],
    ids=["an issue", "a newsletter"],
)
def test_a_link_to_what_we_do_not_have_names_nobody(room: Room, token: Token) -> None:
    """As after a restore of an older database."""
    assert room.unsubscribe(room.keys.link.link(token)) is None


def test_who_has_not_confirmed_is_forgotten(room: Room) -> None:
    """The confirm mail has an unsubscribe link too; nothing is left but the counter."""
    room.sign_up()

    room.unsubscribe(room.link(room.reader()))

    assert room.store.rows("reader") == room.store.rows("subscription") == []
    assert GOODBYE not in room.letters()


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_who_is_suppressed_can_leave(room: Room, standing: Standing) -> None:
    """Without a letter: we must not mail them."""
    reader = room.subscribe()
    room.suppress(standing)
    known = room.letters()

    room.unsubscribe(room.link(reader))

    assert (room.standing(), room.letters()) == (UNSUBSCRIBED, known)
    assert room.reader().sealed_address is None


def test_the_address_stays_for_another_newsletter(room: Room) -> None:
    """And goes with the last."""
    reader = room.subscribe()
    room.wait(hours=24)
    room.subscribe(newsletter="other")

    room.unsubscribe(room.link(reader))
    assert room.reader().sealed_address is not None
    assert room.standing(newsletter="other") is ACTIVE

    room.unsubscribe(room.link(reader, newsletter="other"))
    assert room.reader().sealed_address is None


def test_the_address_goes_when_the_last_one_was_never_confirmed(room: Room) -> None:
    """Left here, and then there before confirming."""
    reader = room.subscribe()
    room.wait(hours=24)
    room.sign_up(newsletter="other")
    room.unsubscribe(room.link(reader))
    assert room.reader().sealed_address is not None

    room.unsubscribe(room.link(reader, newsletter="other"))

    assert room.reader().sealed_address is None


def test_leaving_takes_out_the_copies_that_wait(room: Room) -> None:
    """And is attached to the issue whose link was pressed, once."""
    reader = room.subscribe()
    room.subscribe("other@example.org")
    issue_id = room.store.write(release)

    for _ in range(2):
        room.unsubscribe(room.link(reader, issue=issue_id))

    states = {row["reader_id"]: (row["state"], row["reason"]) for row in room.store.rows("delivery")}
    assert states.pop(reader.id) == (DeliveryState.SKIPPED, "unsubscribed")
    assert list(states.values()) == [(DeliveryState.QUEUED, None)]
    (chunk,) = room.store.rows("chunk")
    assert (chunk["queued"], chunk["skipped"], chunk["unsubscribed"]) == (1, 1, 1)


def test_no_body_starts_after_leaving(room: Room) -> None:
    """Though the copy was claimed before."""
    reader = room.subscribe()
    issue_id = room.store.write(release)
    _, (copy,) = room.store.write(lambda tx: claimed(tx, now=room.now))

    room.unsubscribe(room.link(reader, issue=issue_id))

    assert not room.store.write(lambda tx: deliveries.begin(tx, copy, NODE))


def test_an_erased_readers_copy_is_claimed_without_address(room: Room) -> None:
    """The link in the copy that went out still works, and names nobody."""
    reader = room.subscribe()
    issue_id = room.store.write(release)

    def erase(tx: Transaction) -> None:
        readers.end_subscription(tx, reader.id, SLUG)

    room.store.write(erase)

    found = room.store.write(lambda tx: scene.claim(tx, NODE, room.now))
    assert found is not None
    assert [copy.sealed_address for copy in found[1]] == [None]
    leaver = room.unsubscribe(room.link(reader, issue=issue_id))
    assert leaver is not None
    assert leaver.reader is None


def test_who_left_can_come_back(room: Room) -> None:
    """By signing up and confirming, as the same reader."""
    before = room.subscribe()
    room.unsubscribe(room.link(before))
    room.wait(hours=24)

    after = room.subscribe()

    assert (after.id, after.public_id, room.standing()) == (before.id, before.public_id, ACTIVE)
