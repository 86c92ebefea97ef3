"""An old key goes only when nothing needs it; what systemd lends, and the last id, end otherwise."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import update

from mailer.audience import key_rotation
from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyFolder, KeyLine
from mailer.audience.key_rotation import SETTLED_AFTER, Retired, Rotated
from mailer.audience.keyring import Keyring
from mailer.audience.keys import load_keys
from mailer.audience.resealing import Resealed
from mailer.audience.vault import Vault
from mailer.errors import KeysError
from mailer.storage import Database
from mailer.storage.return_tables import report
from tests.integration.audience.key_place import Place, files, furnished
from tests.integration.storage.scene import NOW, Store

NEW = {"link": 2, "return-path": 2, "seal": 2}


@pytest.fixture
def place(store: Store, tmp_path: Path) -> Place:
    """A service that runs, with one value sealed in every table."""
    return furnished(store, tmp_path)


def test_what_does_not_open_is_counted_and_left(place: Place) -> None:
    """A damaged row keeps nothing else from being sealed anew, but its key from going."""
    (found,) = {row["id"] for row in place.store.rows("report")}
    damaged = b"\x01\x01" + bytes(40)
    place.store.write(lambda tx: tx.execute(update(report).values(sealed=damaged)))
    whole = place.values()[1]

    rotated = place.rotate()

    assert rotated.resealed == Resealed(whole - 2, unopened=1)
    assert place.values() == {1: 1, 2: whole - 1}
    assert place.store.rows("report", id=found)[0]["sealed"] == damaged
    with pytest.raises(KeysError, match="1 values are still sealed with key 1"):
        place.retire(at_once=True)


def test_an_old_key_goes_a_day_after_the_new_one_came(place: Place) -> None:
    """Sooner a process might still seal with it; whoever knows better says so."""
    place.rotate()

    with pytest.raises(KeysError, match=r"wait until 2026-11-24 09:00 UTC, or restart .* and add --now"):
        place.retire()
    assert place.ids("seal") == [1, 2]
    place.age()

    assert place.retire() == Retired((1,))
    assert place.ids("seal") == [2]
    assert place.ids("link") == place.ids("return-path") == [1, 2]
    assert place.retire() == Retired(())
    reader = place.room.reader("stays@example.org")
    opened = Vault(load_keys(place.folder)).open(reader.sealed_address or b"", reader.public_id)
    assert opened == b"stays@example.org"


def test_an_old_key_goes_at_once_where_that_is_wanted(place: Place) -> None:
    """As after a theft."""
    place.rotate()

    assert place.retire(at_once=True) == Retired((1,))


def test_a_key_in_use_stays(place: Place) -> None:
    """Whatever its age, and whatever was asked for."""
    keys = place.folder.read(VAULT_FILE)
    place.folder.put(VAULT_FILE, [*keys, KeyLine("seal", 2, bytes(32))])
    count = place.values()[1]

    # The installation's own word was sealed anew at the start.
    with pytest.raises(
        KeysError, match=f"{count - 1} values are still sealed with key 1; run “mailer keys rotate”"
    ):
        place.retire(at_once=True)

    assert place.ids("seal") == [1, 2]


@pytest.mark.parametrize("command", [Place.rotate, Place.retire])
def test_only_one_changes_keys(place: Place, command: Callable[[Place], object]) -> None:
    """The other one is told so, at once."""
    place.rotate()
    with (place.data / "run" / "keys.lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)

        with pytest.raises(KeysError, match="another “mailer keys” is changing the keys; wait"):
            command(place)


@pytest.mark.parametrize(("name", "purpose"), [(VAULT_FILE, "seal"), (TOKENS_FILE, "return-path")])
def test_the_last_id_ends_it(place: Place, name: str, purpose: str) -> None:
    """Nothing is written then."""
    place.folder.put(name, [*place.folder.read(name), KeyLine(purpose, 255, bytes(32), NOW - SETTLED_AFTER)])
    before = files(place.folder)

    with pytest.raises(KeysError, match=f"key 255 is the last that “{purpose}” can have"):
        place.rotate()

    assert files(place.folder) == before


def test_lent_keys_wait_to_become_credentials(place: Place) -> None:
    """A rotation then ends in two steps: nothing is sealed with keys that the service has not."""
    lent = replace(place, folder=KeyFolder(place.folder.path, is_lent=True))
    before, values = files(place.folder), place.values()

    waits = lent.rotate()
    again = lent.rotate()

    staged = KeyFolder(place.data / key_rotation.NEW_KEYS)
    assert waits.waits_in == again.waits_in == staged.path
    assert (waits.new, again.new) == (NEW, {})
    assert files(place.folder) == before
    assert place.values() == values
    assert staged.path.stat().st_mode & 0o777 == 0o700

    for name in (VAULT_FILE, TOKENS_FILE):
        shutil.copy(staged.path / name, place.folder.path / name)
    finished = lent.rotate()

    assert finished == Rotated({}, Resealed(values[1] - 1))
    assert place.values() == {2: values[1]}
    assert not staged.path.exists()


def test_lent_keys_are_retired_in_the_same_two_steps(place: Place) -> None:
    """What systemd lends is never written."""
    place.rotate()
    place.age()
    lent = replace(place, folder=KeyFolder(place.folder.path, is_lent=True))

    retired = lent.retire()

    staged = KeyFolder(place.data / key_rotation.NEW_KEYS)
    assert retired == Retired((1,), staged.path)
    assert place.ids("seal") == [1, 2]
    for name in (VAULT_FILE, TOKENS_FILE):
        shutil.copy(staged.path / name, place.folder.path / name)
    assert lent.retire() == Retired(())
    assert not staged.path.exists()


class _WrittenMeanwhile:
    """A database into which somebody writes with key 1 between two looks."""

    def __init__(self) -> None:
        self._found: list[dict[int, int]] = [{}, {1: 1}]

    async def read(self, _work: object) -> dict[int, int]:
        """Return how many values lie under each key."""
        return self._found.pop(0)


@pytest.mark.parametrize("is_lent", [False, True])
def test_a_key_that_is_used_at_the_very_moment_stays(place: Place, *, is_lent: bool) -> None:
    """Nothing is left that looks like a rotation: the next one makes keys."""
    place.rotate()
    place.age()
    there = replace(place, folder=KeyFolder(place.folder.path, is_lent=is_lent))
    database = cast("Database", _WrittenMeanwhile())

    with pytest.raises(KeysError, match="1 values are still sealed with key 1"):
        there.room.run(key_rotation.retire(database, Keyring(there.folder), there.data, now=there.room.now))

    assert there.ids("seal") == [1, 2]
    assert not (place.data / key_rotation.NEW_KEYS).exists()
    assert there.rotate().new == {"link": 3, "return-path": 3, "seal": 3}
