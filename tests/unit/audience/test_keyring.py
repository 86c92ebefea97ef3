"""A process learns keys that are added to its files, and goes on with its own whatever becomes of those."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailer.audience import keyring
from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyFolder, KeyLine
from mailer.audience.keyring import Keyring
from mailer.audience.keys import create_keys, load_keys
from mailer.audience.vault import Vault
from mailer.domain.token import Token
from mailer.errors import KeysError

NEW = bytes(range(32))
READER = Token(b"public-id-12", issue=7)


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    """A folder with new keys."""
    create_keys(tmp_path / "keys")
    return KeyFolder(tmp_path / "keys")


@pytest.fixture
def ring(folder: KeyFolder) -> Keyring:
    """A process that runs with them."""
    return Keyring(folder)


def add(folder: KeyFolder, name: str, purpose: str, key: bytes = NEW, key_id: int = 2) -> None:
    """Do what another process does."""
    folder.put(name, [*folder.read(name), KeyLine(purpose, key_id, key)])


def test_what_was_added_seals_and_signs_after_a_look(ring: Keyring, folder: KeyFolder) -> None:
    """For whoever holds the vault or the token keys."""
    vault, link, return_path = ring.vault, ring.keys.link, ring.keys.return_path
    add(folder, VAULT_FILE, "seal")
    add(folder, TOKENS_FILE, "link")
    add(folder, TOKENS_FILE, "return-path")

    assert ring.renew()

    assert vault.newest == 2
    assert load_keys(folder).link.link(READER) == link.link(READER)
    assert load_keys(folder).return_path.return_path(READER) == return_path.return_path(READER)
    assert not ring.renew()


def test_what_another_process_sealed_opens_at_once(ring: Keyring, folder: KeyFolder) -> None:
    """Before the next look."""
    add(folder, VAULT_FILE, "seal")

    assert (
        ring.vault.open(Vault(load_keys(folder)).seal(b"plain", READER.public_id), READER.public_id)
        == b"plain"
    )


def test_what_another_process_signed_is_known_at_once(ring: Keyring, folder: KeyFolder) -> None:
    """A reader's link works before the next look."""
    add(folder, TOKENS_FILE, "link")
    add(folder, TOKENS_FILE, "return-path")
    theirs = load_keys(folder)

    assert ring.keys.link.read_link(theirs.link.link(READER)) == READER
    assert ring.keys.return_path.read_return_path(theirs.return_path.return_path(READER)) == READER


def test_keys_that_were_retired_still_open_here(ring: Keyring, folder: KeyFolder) -> None:
    """What is in memory was sealed before."""
    sealed = ring.vault.seal(b"plain", READER.public_id)
    add(folder, VAULT_FILE, "seal")
    ring.renew()
    folder.put(VAULT_FILE, folder.read(VAULT_FILE)[1:])

    assert not ring.renew()

    assert ring.vault.open(sealed, READER.public_id) == b"plain"


def _gone(folder: KeyFolder) -> None:
    (folder.path / TOKENS_FILE).unlink()


def _damaged(folder: KeyFolder) -> None:
    (folder.path / VAULT_FILE).write_text("seal 2 half")


def _other_seal(folder: KeyFolder) -> None:
    lines = folder.read(VAULT_FILE)
    folder.put(VAULT_FILE, [KeyLine("seal", 1, NEW), KeyLine("seal", 2, NEW), *lines[1:]])


def _other_index(folder: KeyFolder) -> None:
    folder.put(VAULT_FILE, [folder.read(VAULT_FILE)[0], KeyLine("seal", 2, NEW), KeyLine("index", 1, NEW)])


def _other_link(folder: KeyFolder) -> None:
    folder.put(TOKENS_FILE, [KeyLine("link", 1, NEW), *folder.read(TOKENS_FILE)[1:]])


class _Shy(KeyFolder):
    """Files that can't be read as often as *refusals* says, as when a process has too many open."""

    refusals = 0

    def read(self, name: str) -> list[KeyLine]:
        """Read a file, or not yet."""
        if _Shy.refusals:
            _Shy.refusals -= 1
            raise KeysError("too many open files")
        return KeyFolder.read(self, name)


def test_files_that_could_not_be_read_once_are_read_again(folder: KeyFolder) -> None:
    """Though nothing touched them since: else the process would never learn those keys."""
    ring = Keyring(_Shy(folder.path))
    add(folder, VAULT_FILE, "seal")
    _Shy.refusals = 1

    assert [ring.renew(), ring.renew(), ring.renew()] == [False, True, False]
    assert ring.vault.newest == 2


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (_gone, TOKENS_FILE),
        (_damaged, VAULT_FILE),
        (_other_seal, VAULT_FILE),
        (_other_index, VAULT_FILE),
        (_other_link, TOKENS_FILE),
    ],
)
def test_files_that_cannot_be_ours_change_nothing(
    ring: Keyring, folder: KeyFolder, change: Callable[[KeyFolder], None], name: str
) -> None:
    """The log says so once, by file and without a key; what was held goes on."""
    before = ring.keys.link.link(READER)
    change(folder)

    with capture_logs() as logs:
        assert [ring.renew(), ring.renew()] == [False, False]

    assert [entry["event"] for entry in logs] == ["keys.not_taken_up"]
    assert name in logs[0]["reason"]
    assert ring.vault.newest == 1
    assert ring.keys.link.link(READER) == before


def test_a_service_looks_by_itself(ring: Keyring, folder: KeyFolder) -> None:
    """Within seconds, without a restart."""
    add(folder, VAULT_FILE, "seal")

    async def a_while() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(keyring.LOOK_S + 0.5):
                await ring.watch()

    asyncio.run(a_while())

    assert ring.vault.newest == 2
