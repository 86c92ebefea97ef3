"""A rotation leaves nothing under the old key, every link alive, and no key where it must not be."""

from __future__ import annotations

import asyncio
import base64
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from mailer.audience import key_rotation, undo
from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyLine
from mailer.audience.key_rotation import Rotated
from mailer.audience.keys import load_keys
from mailer.audience.resealing import SLICE, Resealed
from mailer.audience.undo import WayBackState
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Standing
from mailer.errors import KeysError
from mailer.storage import resealing
from mailer.storage.tables import signup_request
from tests.integration.audience.key_place import Place, furnished, written
from tests.integration.storage.scene import NOW, Store

NEW = {"link": 2, "return-path": 2, "seal": 2}


class Died(Exception):  # noqa: N818 - it is no error
    """This process is no more."""


@pytest.fixture
def place(store: Store, tmp_path: Path) -> Place:
    """A service that runs, with one value sealed in every table."""
    return furnished(store, tmp_path)


def many(place: Place, count: int) -> None:
    """Let many sign up, without anything being decided."""
    rows = [
        {
            "public_id": b"public-id-12",
            "sealed": place.room.vault.seal(b"%d" % number, b"public-id-12"),
            "received_at": NOW,
        }
        for number in range(count)
    ]
    place.store.write(lambda tx: tx.execute(insert(signup_request), rows))


def test_everything_lies_under_the_new_key_afterwards(place: Place) -> None:
    """In every table; and the new key alone opens it."""
    many(place, 2 * SLICE)
    before = place.values()

    rotated = place.rotate()

    assert before.keys() == {1}
    assert rotated == Rotated(NEW, Resealed(before[1] - 1))  # the installation's word is counted apart
    assert place.values() == {2: before[1]}
    keys = load_keys(place.folder)
    alone = Vault(replace(keys, seal={2: keys.seal[2]}))
    for found in resealing.PLACES:
        values = place.store.read(lambda tx, found=found: resealing.slice_of(tx, found, b"", None, 9_999))  # type: ignore[misc]
        assert values, found.name
        assert all(alone.open(value.sealed, value.seal_id) for value in values)


def test_what_was_mailed_before_works_afterwards(place: Place) -> None:
    """The link that confirms, the one that leaves, and the way back that only the goodbye holds."""
    room = place.room
    stays = room.reader("stays@example.org")
    room.decide()
    confirm, leave = room.secret(), room.link(stays)
    goodbye = room.opened_letters()[room.letters().index(LetterKind.GOODBYE)]["secret"]

    place.rotate()
    place.age()
    place.retire()

    room.confirm(confirm)
    assert room.standing("asks@example.org") is Standing.ACTIVE
    room.unsubscribe(leave)
    assert room.standing("stays@example.org") is Standing.UNSUBSCRIBED
    back = room.run(undo.come_back(place.store.database, room.vault, goodbye, now=room.now))
    assert back.state is WayBackState.DONE
    assert room.standing("leaves@example.org") is Standing.ACTIVE


def test_a_service_that_runs_goes_on(place: Place) -> None:
    """It opens what was sealed anew before it ever looked, and seals with the new key itself."""
    place.rotate()

    assert place.room.opened_letters()
    place.room.ask("later@example.org")
    assert place.values().keys() == {2}
    assert base64.urlsafe_b64decode(place.room.link(place.room.reader("stays@example.org")))[0] == 2


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_rotation_that_died_is_finished_without_a_further_key(place: Place, at: int) -> None:
    """Wherever it was, and whatever was written meanwhile."""
    many(place, SLICE)
    told: list[str] = []

    def die(doing: str, *_: object) -> None:
        told.append(doing)
        if len(told) == at:
            raise Died

    with pytest.raises(Died):
        place.rotate(die)
    place.room.ask("meanwhile@example.org")
    values = place.values()

    finished = place.rotate()

    assert values.keys() == {1, 2}
    assert finished == Rotated({}, Resealed(values[1]))
    assert place.values() == {2: sum(values.values())}
    assert place.ids("seal") == place.ids("link") == [1, 2]


def test_a_rotation_that_died_between_the_files_is_made_again(place: Place) -> None:
    """Nothing was sealed yet; a token key more does no harm."""
    lines = place.folder.read(TOKENS_FILE)
    place.folder.put(TOKENS_FILE, [*lines, KeyLine("link", 2, bytes(32), NOW)])

    rotated = place.rotate()

    assert rotated.new == NEW | {"link": 3}
    assert place.values().keys() == {2}


def test_a_second_rotation_adds_a_further_key(place: Place) -> None:
    """Also when something of long ago was left under an old one."""
    place.rotate()
    place.age()
    keys = load_keys(place.folder)
    sealed = Vault(replace(keys, seal={1: keys.seal[1]})).seal(b"of long ago", b"public-id-12")
    place.store.write(
        lambda tx: tx.execute(
            insert(signup_request).values(public_id=b"public-id-12", sealed=sealed, received_at=NOW)
        )
    )

    assert place.rotate().new == {"link": 3, "return-path": 3, "seal": 3}
    assert place.values().keys() == {3}


def test_a_process_that_goes_on_with_the_old_key_is_told_of(place: Place) -> None:
    """It never ends else; what to do is one sentence."""
    keys = load_keys(place.folder)
    ring, old = place.start(), Vault(replace(keys, seal={1: keys.seal[1]}))
    database = place.store.database

    async def go_on() -> None:
        while True:
            sealed = old.seal(b"with the old key", b"public-id-12")
            row = {"public_id": b"public-id-12", "sealed": sealed, "received_at": NOW}
            await database.write(lambda tx, row=row: tx.execute(insert(signup_request).values(row)))  # type: ignore[misc]

    async def scene() -> None:
        going_on = asyncio.create_task(go_on())
        try:
            await key_rotation.rotate(
                database, ring, place.data, now=NOW, tell=lambda *_: None, between_s=0.1
            )
        finally:
            going_on.cancel()

    with pytest.raises(KeysError, match="something goes on sealing with an old key: restart every process"):
        place.store.run(scene())


def test_yesterdays_copy_is_refused_after_a_rotation(place: Place, tmp_path: Path) -> None:
    """By whichever file is old."""
    shutil.copytree(place.folder.path, tmp_path / "copy")
    place.rotate()

    for name in (VAULT_FILE, TOKENS_FILE):
        newest = (place.folder.path / name).read_bytes()
        shutil.copy(tmp_path / "copy" / name, place.folder.path / name)
        with pytest.raises(KeysError, match=f"{name} lacks a key .*: it is a copy from before"):
            place.start()
        (place.folder.path / name).write_bytes(newest)
    place.start()


def test_what_is_shown_holds_no_key(place: Place) -> None:
    """Purpose, id, age, and how much lies under it."""
    place.rotate()

    shown = place.held()

    assert [(key.purpose, key.id, key.is_newest, key.made_at) for key in shown] == [
        ("seal", 1, False, None),
        ("seal", 2, True, NOW),
        ("index", 1, True, None),
        ("link", 1, False, None),
        ("link", 2, True, NOW),
        ("return-path", 1, False, None),
        ("return-path", 2, True, NOW),
        ("message-id", 1, True, None),
    ]
    assert [key.values for key in shown] == [0, place.values()[2], *[None] * 6]
    assert not any(word in repr(shown) for word in written(place.folder))


def test_no_key_lies_in_the_database(place: Place) -> None:
    """Neither its bytes nor as it is written, in any row of any table, before and after a rotation."""
    place.rotate()
    lines = [*place.folder.read(VAULT_FILE), *place.folder.read(TOKENS_FILE)]

    stored = repr(place.store.contents())

    for line, word in zip(lines, written(place.folder), strict=True):
        assert repr(line.key)[2:-1] not in stored
        assert line.key.hex() not in stored
        assert word.rstrip("=") not in stored
