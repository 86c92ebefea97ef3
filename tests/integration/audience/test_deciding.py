"""Sign-ups are decided by a clock of their own, a few at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from mailer.audience import deciding, settings_link, signup
from mailer.audience.deciding import Deciding, Judging
from mailer.audience.flood import Flood
from mailer.audience.inquiry import look_up
from mailer.audience.keys import seeded_keys
from mailer.audience.signup import SignUpForm
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.storage import signups
from mailer.storage.signups import SignupRequest
from tests.integration.audience.reading_room import ADDRESS, WIDE_OPEN, Room
from tests.integration.storage.scene import EN, SLUG, Store


@pytest.fixture
def room(store: Store) -> Room:
    """A room without limits."""
    return Room(store)


async def press(room: Room, count: int) -> None:
    """Have so many sign up."""
    for number in range(count):
        form = SignUpForm(f"reader{number}@example.org", (SLUG,), EN)
        await signup.receive(room.store.database, room.vault, form, now=room.now)


async def waiting(room: Room) -> int:
    """Return how many nobody has decided."""
    return len(await room.store.database.read(lambda tx: signups.due(tx, room.now, 1_000)))


async def decided_by_themselves(room: Room, keys: Vault, until: asyncio.Event, within_s: float) -> None:
    """Let the clock decide until it says that it has, or time is up."""
    judging = Judging(keys, Flood(WIDE_OPEN))
    task = asyncio.create_task(
        Deciding(room.store.database, judging, clock=lambda: room.now, decided=until.set).run()
    )
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await until.wait()
    assert not task.done()
    task.cancel()


def test_nobody_has_to_say_that_somebody_signed_up(room: Room) -> None:
    """They are found on the next beat, and whoever sends Letters is told."""

    async def scene() -> None:
        told = asyncio.Event()
        await press(room, 3)
        await decided_by_themselves(room, room.vault, told, within_s=20)
        assert (told.is_set(), await waiting(room)) == (True, 0)

    room.run(scene())


def test_what_does_not_open_is_tried_again(room: Room) -> None:
    """With keys that open nothing it stays, and is looked at once more a minute later."""

    async def scene() -> None:
        told = asyncio.Event()
        await press(room, 1)
        await decided_by_themselves(room, Vault(seeded_keys(b"of somewhere else")), told, within_s=1.2)
        assert await waiting(room) == 0

        room.wait(minutes=1)
        assert await waiting(room) == 1
        judging = Judging(room.vault, room.flood)
        assert await deciding.decide_waiting(room.store.database, judging, now=room.now) == 1

    room.run(scene())
    assert room.letters() == [LetterKind.CONFIRM]


@pytest.mark.parametrize("plain", [b"{}", b"no JSON", b'{"address": "no address"}', None])
def test_one_damaged_sign_up_holds_up_nobody_else(room: Room, plain: bytes | None) -> None:
    """Neither those behind it, nor the look at a reader, nor an erasure."""
    public_id = bytes(12)
    sealed = room.vault.seal(plain, public_id) if plain is not None else b"damaged"
    damaged = SignupRequest(public_id, sealed, room.now)
    room.store.write(lambda tx: signups.add_all(tx, [damaged]))

    assert room.sign_up() == [LetterKind.CONFIRM]
    assert room.run(look_up(room.store.database, room.vault, ADDRESS, now=room.now)).is_known
    assert room.erase()


def test_those_who_come_in_meanwhile_wait_for_ten_at_most(room: Room) -> None:
    """25 sign-ups and 11 requests for settings are five transactions, and one for those that wait."""

    async def scene() -> None:
        await press(room, 25)
        for number in range(11):
            await settings_link.ask(
                room.store.database, room.vault, f"reader{number}@example.org", now=room.now
            )
        before = room.store.database.commits

        await deciding.decide_waiting(room.store.database, Judging(room.vault, room.flood), now=room.now)

        assert (room.store.database.commits - before, await waiting(room)) == (6, 0)

    room.run(scene())
