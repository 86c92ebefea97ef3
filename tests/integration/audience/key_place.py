"""An installation whose keys are changed: a service that runs, and the command line beside it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert

from mailer.audience import key_rotation
from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyFolder
from mailer.audience.key_rotation import Held, Retired, Rotated
from mailer.audience.keycheck import check_keys
from mailer.audience.keyring import Keyring
from mailer.audience.keys import create_keys
from mailer.audience.moving.sorting import Tell
from mailer.storage import installation, resealing
from mailer.storage.installation import Identity
from mailer.storage.return_tables import report
from tests.integration.audience.reading_room import Room
from tests.integration.storage.scene import NOW, Store


@dataclass(frozen=True)
class Place:
    """An installation: its database as a service uses it, and its keys as a command line finds them."""

    room: Room
    data: Path
    folder: KeyFolder

    @property
    def store(self) -> Store:
        """The database."""
        return self.room.store

    def start(self) -> Keyring:
        """Start a process."""
        ring = Keyring(self.folder)
        self.store.run(check_keys(self.store.database, ring.keys, ring.vault))
        return ring

    def rotate(self, tell: Tell = lambda *_: None) -> Rotated:
        """Run “mailer keys rotate”."""
        ring, database = self.start(), self.store.database
        return self.store.run(
            key_rotation.rotate(database, ring, self.data, now=self.room.now, tell=tell, between_s=0.01)
        )

    def retire(self, *, at_once: bool = False) -> Retired:
        """Run “mailer keys retire”."""
        ring, database = self.start(), self.store.database
        return self.store.run(
            key_rotation.retire(database, ring, self.data, now=self.room.now, at_once=at_once)
        )

    def held(self) -> list[Held]:
        """Run “mailer keys show”."""
        return self.store.run(key_rotation.held(self.store.database, self.start()))

    def ids(self, purpose: str) -> list[int]:
        """Return which keys of a purpose lie in the files."""
        lines = [*self.folder.read(VAULT_FILE), *self.folder.read(TOKENS_FILE)]
        return [line.id for line in lines if line.purpose == purpose]

    def values(self) -> dict[int, int]:
        """Return how many values lie under each key."""
        return self.store.read(resealing.counts)

    def age(self) -> None:
        """Let a day pass."""
        self.room.wait(days=1)


def furnished(store: Store, data: Path) -> Place:
    """Return one whose service runs, with one value sealed in every table."""
    create_keys(data / "keys")
    folder = KeyFolder(data / "keys")
    store.write(lambda tx: installation.make(tx, Identity("ab" * 16, 0, NOW, is_sample=False)))
    service = Keyring(folder)
    store.run(check_keys(store.database, service.keys, service.vault))
    room = Room(store, keys=service.keys)
    room.subscribe("stays@example.org")
    leaver = room.subscribe("leaves@example.org")
    room.unsubscribe(room.link(leaver))
    room.ask("asks@example.org")
    sealed = room.vault.seal(b"a report", b"seal-id-0012")
    store.write(
        lambda tx: tx.execute(
            insert(report).values(
                digest=bytes(32), door="smtp", seal_id=b"seal-id-0012", sealed=sealed, received_at=NOW
            )
        )
    )
    return Place(room, data, folder)


def files(folder: KeyFolder) -> dict[str, bytes]:
    """Return what lies in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.path.iterdir()}


def written(folder: KeyFolder) -> list[str]:
    """Return every key as it stands in the files."""
    lines = [*folder.read(VAULT_FILE), *folder.read(TOKENS_FILE)]
    return [base64.urlsafe_b64encode(line.key).decode() for line in lines]
