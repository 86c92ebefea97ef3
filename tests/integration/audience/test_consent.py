"""The consent record says by which words, in which language, by which way and in which hour."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mailer.audience import signup
from mailer.audience.confirmation import CONSENT_VERSION
from mailer.audience.signup import SignUpForm
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Standing
from mailer.storage import readers
from tests.integration.audience.own_settings import Visitor
from tests.integration.audience.reading_room import ADDRESS, Room
from tests.integration.storage.scene import BE, RU, SLUG

NEW = "new@example.net"
IMPORTED = "imported from listmonk, list “Weekly BE”: the old site"


def record(room: Room, newsletter: str = SLUG) -> tuple[Any, ...]:
    """Return the record of the only reader's subscription: version, language, channel, hour."""
    number = {row["slug"]: row["id"] for row in room.store.rows("newsletter")}[newsletter]
    (row,) = room.store.rows("subscription", newsletter_id=number)
    return tuple(row[f"consent_{name}"] for name in ("version", "language", "channel", "at"))


def hour(room: Room) -> datetime:
    return room.now.replace(minute=0, second=0, microsecond=0)


def invited(room: Room) -> None:
    """Be entered by an operator, and confirm."""
    form = SignUpForm(ADDRESS, (SLUG,), BE, source="a list at the conference")
    room.run(signup.receive(room.store.database, room.vault, form, now=room.now))
    room.decide()
    room.wait(minutes=90)
    room.confirm(room.opened_letters()[-1]["secret"])


def imported(room: Room, standing: Standing = Standing.ACTIVE) -> None:
    """Have been brought by a file, without a word of ours."""
    reader = room.subscribe(language=BE)
    words = {"consent_version": None, "consent_channel": IMPORTED}
    room.store.write(lambda tx: readers.set_standing(tx, reader.id, SLUG, standing, **words))


def test_who_signed_up(room: Room) -> None:
    """Our words, to the hour in which the button was pressed."""
    room.sign_up(language=BE)
    room.wait(minutes=90)
    room.confirm()

    assert record(room) == (CONSENT_VERSION, BE, "sign-up form", hour(room))


def test_who_was_invited(room: Room) -> None:
    """Our words, and how the operator came by the address."""
    invited(room)

    assert record(room) == (CONSENT_VERSION, BE, "a list at the conference", hour(room))


def test_who_adds_a_newsletter(room: Room) -> None:
    """Our words, on the settings page."""
    room.subscribe(language=RU)
    visitor = Visitor(room).open()
    room.wait(minutes=20)

    visitor.add("other")

    assert record(room, "other") == (CONSENT_VERSION, RU, "settings page", hour(room))


def test_another_address_takes_the_record_along(room: Room) -> None:
    """What was agreed to is the reader's, not the mailbox's."""
    room.subscribe(language=BE)
    before = record(room)
    visitor = Visitor(room).open()
    visitor.move(NEW)

    for kind in (LetterKind.MOVE_IN, LetterKind.MOVE_OUT):
        visitor.decide(visitor.secrets(kind)[-1])

    assert room.standing(NEW) is Standing.ACTIVE
    assert record(room) == before


@pytest.mark.parametrize("standing", [Standing.UNSUBSCRIBED, Standing.COMPLAINED])
def test_a_stranger_does_not_wipe_out_that_a_list_was_left(room: Room, standing: Standing) -> None:
    """Whoever types the address: a mark is left, which only confirming lifts."""
    imported(room, standing)
    room.wait(hours=24)

    room.sign_up()

    assert (room.standing(), room.mark()) == (Standing.PENDING, standing)
    room.wait(days=11)
    room.forget_expired()
    assert (room.find(), room.mark()) == (None, standing)


def test_who_declines_an_invitation_leaves_a_mark(room: Room) -> None:
    """Else the next export of the same list would have them invited again."""
    imported(room, Standing.PENDING)

    room.unsubscribe(room.link(room.reader()))

    assert (room.find(), room.mark()) == (None, Standing.UNSUBSCRIBED)


def test_who_declines_what_they_signed_up_for_leaves_nothing(room: Room) -> None:
    """They asked us, not a list; and somebody else may have typed the address."""
    room.sign_up()

    room.unsubscribe(room.link(room.reader()))

    assert (room.find(), room.mark()) == (None, None)
