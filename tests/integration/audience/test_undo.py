"""Second thoughts: the goodbye undoes the leaving for 14 days, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.audience import undo
from mailer.audience.keys import seeded_keys
from mailer.audience.undo import WayBack, WayBackState
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.missing import MissingRule
from mailer.domain.subscription import Standing
from mailer.errors import KeysError
from mailer.storage import preferences, readers
from mailer.storage.readers import Reader
from tests.integration.audience.reading_room import ADDRESS, Room, pressed_together
from tests.integration.storage.scene import EN, RU, SLUG, Store, release

ACTIVE, UNSUBSCRIBED = Standing.ACTIVE, Standing.UNSUBSCRIBED
OPEN, DONE, DEAD = WayBackState


def mailed(room: Room) -> str:
    """Return the secret that the newest goodbye carries."""
    pairs = zip(room.letters(), room.opened_letters(), strict=True)
    return [values["secret"] for kind, values in pairs if kind is LetterKind.GOODBYE][-1]


def leave(room: Room, reader: Reader, newsletter: str = SLUG) -> str:
    """Leave; return what the page offers."""
    leaver = room.unsubscribe(room.link(reader, newsletter=newsletter))
    assert leaver is not None
    return leaver.way_back


def look(room: Room, secret: str) -> WayBack:
    return room.run(undo.look_up(room.store.database, secret, now=room.now))


def come_back(room: Room, secret: str) -> WayBack:
    return room.run(undo.come_back(room.store.database, room.vault, secret, now=room.now))


def test_the_goodbye_undoes_the_leaving(room: Room) -> None:
    """Active at once, without a confirmation: the same row, address, choices and consent."""
    before = room.subscribe(language=RU, missing=MissingRule(EN))
    (consent,) = room.store.rows("subscription")
    leave(room, before)

    done = come_back(room, mailed(room))

    assert done == WayBack(DONE, SLUG)
    after = room.reader()
    assert after.sealed_address is not None
    assert room.vault.open(after.sealed_address, after.public_id).decode() == ADDRESS
    assert replace(after, sealed_address=None) == replace(before, sealed_address=None)
    (restored,) = room.store.rows("subscription")
    kept = ("standing", "consent_version", "consent_language", "consent_channel", "consent_at", "forget_at")
    assert [restored[name] for name in kept] == [consent[name] for name in kept]
    assert room.letters()[-1] is LetterKind.WELCOME


def test_it_works_for_14_days(room: Room) -> None:
    """Up to the moment, and the reader's row lives as long."""
    secret = _left(room)
    room.wait(days=14)
    room.forget_expired()

    assert look(room, secret) == WayBack(OPEN, SLUG)

    room.wait(seconds=1)
    assert look(room, secret) == come_back(room, secret) == WayBack(DEAD)
    room.forget_expired()
    assert look(room, secret) == come_back(room, secret) == WayBack(DEAD)
    assert room.store.rows("reader_link") == []


def test_looking_changes_nothing(room: Room) -> None:
    """Mail programs open links to look at them."""
    secret = _left(room)
    before = room.store.contents()

    assert look(room, secret) == WayBack(OPEN, SLUG)

    assert room.store.contents() == before


def test_a_second_press_says_the_same(room: Room) -> None:
    """And changes nothing: no second welcome."""
    secret = _left(room)
    first, before = come_back(room, secret), room.store.contents()

    assert come_back(room, secret) == first
    assert look(room, secret) == first
    assert room.store.contents() == before


def test_two_processes_are_told_at_the_same_moment(room: Room, other_store: Store, database_url: str) -> None:
    """One welcome."""
    secret = _left(room)
    pressed = [
        undo.come_back(store.database, room.vault, secret, now=room.now)
        for store in (room.store, other_store)
    ]

    assert room.run(pressed_together(room, database_url, *pressed)) == [WayBack(DONE, SLUG)] * 2
    assert room.letters().count(LetterKind.WELCOME) == 2  # the first is that of the sign-up


def test_a_link_undoes_its_own_leaving_only(room: Room) -> None:
    """Who left, came back and leaves for good is not brought back by the older mail."""
    reader = room.subscribe()
    leave(room, reader)
    older = mailed(room)
    come_back(room, older)
    leave(room, reader)

    assert look(room, older) == come_back(room, older) == WayBack(DEAD)
    assert room.standing() is UNSUBSCRIBED
    assert come_back(room, mailed(room)) == WayBack(DONE, SLUG)


@pytest.mark.parametrize("standing", [Standing.BOUNCED, Standing.COMPLAINED])
def test_a_bounce_or_complaint_is_never_undone(room: Room, standing: Standing) -> None:
    """Neither while it stands, nor after the suppressed reader has left."""
    reader = room.subscribe()
    leave(room, reader)
    secret = mailed(room)
    come_back(room, secret)
    room.suppress(standing)
    leave(room, reader)

    assert room.standing() is UNSUBSCRIBED
    assert come_back(room, secret).state is DEAD
    assert room.standing() is UNSUBSCRIBED


def test_a_complaint_after_the_goodbye_stays(room: Room) -> None:
    """“This is spam” about the goodbye itself is the last word."""
    secret = _left(room)
    room.suppress(Standing.COMPLAINED)

    assert come_back(room, secret) == WayBack(DEAD, SLUG)
    assert room.standing() is Standing.COMPLAINED


def test_the_page_of_the_press_has_the_same_way_back(room: Room) -> None:
    """Only the press that unsubscribed; who presses or looks later is referred to the mail."""
    reader = room.subscribe()

    assert leave(room, reader) == mailed(room)
    assert leave(room, reader) == ""


def test_a_forwarded_issue_can_at_worst_unsubscribe_its_owner(room: Room) -> None:
    """Leaving and coming back in turns ends at the second leaving; the owner is told and can undo it."""
    reader = room.subscribe()
    issue_id = room.store.write(release)
    forwarded = room.link(reader, issue=issue_id)
    known = len(room.letters())

    for _ in range(10):
        leaver = room.unsubscribe(forwarded)
        assert leaver is not None
        if leaver.way_back:
            come_back(room, leaver.way_back)

    assert room.standing() is UNSUBSCRIBED
    assert room.letters()[known:] == [LetterKind.GOODBYE, LetterKind.WELCOME, LetterKind.GOODBYE]
    assert come_back(room, mailed(room)) == WayBack(DONE, SLUG)
    assert room.standing() is ACTIVE


def test_the_address_opens_only_with_link_and_keys_together(room: Room) -> None:
    """Neither our database and keys without the mail, nor the mail without our keys."""
    secret = _left(room)
    (row,) = room.store.rows("reader_link")
    assert room.reader().sealed_address is None

    locked = room.vault.open(row["sealed"], row["seal_id"])

    assert ADDRESS.encode() not in row["sealed"] + locked
    assert secret.encode() not in locked + row["link_hash"]
    stranger = Vault(seeded_keys(b"another installation"))
    with pytest.raises(KeysError):
        room.run(undo.come_back(room.store.database, stranger, secret, now=room.now))


@pytest.mark.parametrize("secret", ["", "A" * 43, "ў", "../../etc", "\ud800"])
def test_a_link_that_is_not_ours_opens_nothing(room: Room, secret: str) -> None:
    """It names nobody and changes nothing."""
    _left(room)
    before = room.store.contents()

    assert look(room, secret) == come_back(room, secret) == WayBack(DEAD)
    assert room.store.contents() == before


def test_who_reads_another_newsletter_keeps_what_they_chose_since(room: Room) -> None:
    """The way back to one newsletter does not turn back the choices for all."""
    reader = room.subscribe(language=RU)
    room.wait(hours=24)
    room.subscribe(newsletter="other", language=RU)
    leave(room, reader)
    secret = mailed(room)
    since = replace(room.reader(), language=EN)
    room.store.write(lambda tx: readers.change(tx, since))

    assert come_back(room, secret) == WayBack(DONE, SLUG)
    assert (room.standing(), room.reader().language) == (ACTIVE, EN)


def test_who_signs_up_meanwhile_confirms_as_everybody(room: Room) -> None:
    """A stranger who types the address into the form opens no second door."""
    secret = _left(room)
    room.wait(hours=24)
    room.sign_up()

    assert come_back(room, secret) == WayBack(DEAD, SLUG)
    assert room.standing() is Standing.PENDING


def test_a_row_that_is_another_addresss_by_now_is_not_given_the_old_one(room: Room) -> None:
    """Who left one newsletter, moved to another address and left the other one."""
    reader = room.subscribe()
    room.wait(hours=24)
    room.subscribe(newsletter="other")
    leave(room, reader)
    secret = mailed(room)
    room.store.write(lambda tx: preferences.move(tx, replace(reader, address_index=b"i" * 32)))

    assert come_back(room, secret) == WayBack(DEAD, SLUG)


def _left(room: Room) -> str:
    """Subscribe and leave; return the secret of the goodbye."""
    leave(room, room.subscribe())
    return mailed(room)
