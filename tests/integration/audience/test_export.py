"""Every reader leaves in one file, which opens with one key and with no other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import pyrage
import pytest
from pyrage import x25519

from mailer.audience.address import parse_address
from mailer.audience.keys import seeded_keys
from mailer.audience.moving.export import FORMAT, export, parse_recipient
from mailer.audience.vault import Vault
from mailer.domain.missing import MissingRule
from mailer.errors import KeysError, MailerError, UsageError
from mailer.storage import intake
from mailer.storage.readers import Reader
from tests.integration.audience.reading_room import Room
from tests.integration.storage.scene import BE, EN, RU, SLUG

OWNER = x25519.Identity.generate()


def silence(doing: str, done: int, whole: int | None) -> None:
    """Hear nothing."""


def written(room: Room, path: Path, vault: Vault | None = None) -> int:
    """Export to the owner's key."""
    recipient = OWNER.to_public()
    return room.run(
        export(
            room.store.database, vault or room.vault, path, recipient=recipient, now=room.now, tell=silence
        )
    )


def opened(path: Path) -> list[Mapping[str, Any]]:
    """Return what the owner of the key finds in it."""
    return [orjson.loads(line) for line in pyrage.decrypt(path.read_bytes(), [OWNER]).splitlines()]


def test_every_reader_is_in_it_with_choices_and_consent(room: Room, tmp_path: Path) -> None:
    """Also who reads two newsletters, or has not confirmed; of who left there is no address."""
    room.subscribe("one@example.org", language=BE, missing=MissingRule(RU), also=("other",))
    room.sign_up("two@example.org", language=EN)
    room.unsubscribe(room.link(room.subscribe("three@example.org")))

    count = written(room, tmp_path / "readers.age")

    heading, one, two = opened(tmp_path / "readers.age")
    assert (count, heading["format"]) == (2, FORMAT)
    assert (one["email"], one["language"], one["missing_choice"]) == ("one@example.org", "be", "ru")
    assert [each["newsletter"] for each in one["subscriptions"]] == ["other", SLUG]
    consent = one["subscriptions"][1]
    assert (consent["standing"], consent["consent_channel"]) == ("active", "sign-up form")
    assert consent["consent_at"] == room.now.isoformat()
    assert (two["email"], two["subscriptions"][0]["standing"]) == ("two@example.org", "pending")


def test_more_readers_than_a_page_are_all_in_it(room: Room, tmp_path: Path) -> None:
    """Each once, in order."""
    newcomers = [newcomer(room, number) for number in range(1, 1_051)]
    room.store.write(lambda tx: intake.take_in(tx, SLUG, newcomers, changed_month="2026-11"))

    count = written(room, tmp_path / "readers.age")

    addresses = [reader["email"] for reader in opened(tmp_path / "readers.age")[1:]]
    assert count == len(addresses) == 1_050
    assert set(addresses) == {f"reader{number}@example.org" for number in range(1, 1_051)}


def newcomer(room: Room, number: int) -> Reader:
    """Return a reader with an address."""
    address = parse_address(f"reader{number}@example.org")
    public_id = b"%012d" % number
    sealed = room.vault.seal(address.spec.encode(), public_id)
    return Reader(0, public_id, sealed, room.vault.index(address), "other", EN, None)


def test_nobody_else_can_open_or_read_it(room: Room, tmp_path: Path) -> None:
    """No address stands in it in plain, another key does not open it, and the file is its owner's alone."""
    room.subscribe("one@example.org")
    path = tmp_path / "readers.age"

    written(room, path)

    assert b"example" not in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(path.read_bytes(), [x25519.Identity.generate()])


def test_a_file_that_is_there_stays(room: Room, tmp_path: Path) -> None:
    """An export is never written over another one."""
    path = tmp_path / "readers.age"
    path.write_bytes(b"before")

    with pytest.raises(MailerError, match="exists already"):
        written(room, path)

    assert path.read_bytes() == b"before"


def test_an_address_that_does_not_open_ends_it_with_nothing_left(room: Room, tmp_path: Path) -> None:
    """Half an export would pass for a whole one."""
    room.subscribe("one@example.org")
    path = tmp_path / "readers.age"

    with pytest.raises(KeysError, match="does not open"):
        written(room, path, Vault(seeded_keys(b"of another installation")))

    assert not path.exists()


@pytest.mark.parametrize(
    "text",
    ["", "age1abc", str(OWNER), "ssh-ed25519 AAAA", "ключ"],
    ids=["none", "cut", "secret", "ssh", "word"],
)
def test_only_a_public_age_key_is_taken(text: str) -> None:
    """The private one belongs on no command line; the sentence says how to make a key and shows none."""
    with pytest.raises(UsageError, match="age-keygen") as caught:
        parse_recipient(text)

    assert not text or text not in str(caught.value)
