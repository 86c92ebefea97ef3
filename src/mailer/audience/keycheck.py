"""Whether the keys are those this database was made with: asked at start, not at the first reader.

With keys of another installation no address would open, and sign-ups would be sealed so that the
right keys can't open them. So the database keeps a word, sealed with the vault's newest key, that holds a
digest of each other key. Keys that were added since it was written (rotation) are taken into it, so that
from then on a copy of the files from before is refused.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator

from mailer.audience.keys import TOKENS_FILE, VAULT_FILE, Keys
from mailer.audience.vault import Vault, key_id_of
from mailer.domain.key_ring import ring_of
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.errors import KeysError
from mailer.storage import Database, key_check

_PURPOSE = b"mailer: whose keys are these"
# Associated data of the seal; no reader has this public id, for theirs are random.
_SEAL_ID = b"key check\0\0\0"
assert len(_SEAL_ID) == PUBLIC_ID_BYTES


async def check_keys(database: Database, keys: Keys, vault: Vault) -> None:
    """
    Refuse keys of another installation or from before a rotation; remember those that are new.

    Raises:
        KeysError: the keys are not those of this database.
        StorageError: the database can't be read or written.
    """
    found = await database.read(key_check.find)
    # A database from before there was a word: a reader of it tells as well.
    if found.sealed_word is None and found.sealed_address is not None:
        _opened(vault, *found.sealed_address)
    await remember_keys(database, keys, vault)


async def remember_keys(database: Database, keys: Keys, vault: Vault) -> None:
    """
    Write the word for *keys* unless it stands there; whoever does so at the same time knows as much.

    Raises:
        KeysError: the keys are not those of this database.
        StorageError: the database can't be read or written.
    """
    before = (await database.read(key_check.find)).sealed_word
    if before is not None:
        verify_word(keys, vault, before)
        if knows_all(keys, vault, before):
            return
    word = sealed_word(keys, vault)
    await database.write(lambda tx: key_check.put(tx, word, before=before))


def sealed_word(keys: Keys, vault: Vault) -> bytes:
    """Return the word to store for *keys*."""
    return vault.seal_values(dict(_digests(keys)), _SEAL_ID)


def verify_word(keys: Keys, vault: Vault, word: bytes) -> None:
    """
    Hold *keys* against the stored word.

    Raises:
        KeysError: a key differs or is missing; the message names the file.
    """
    if ring_of(keys.seal).find(key_id_of(word)) is None:
        raise _older(VAULT_FILE)
    _opened(vault, word, _SEAL_ID)
    stored, ours = vault.open_values(word, _SEAL_ID), dict(_digests(keys))
    for name, digest in stored.items():
        if name not in ours:
            raise _older(TOKENS_FILE)
        if ours[name] != digest:
            raise _foreign(VAULT_FILE if name == "index" else TOKENS_FILE)


def knows_all(keys: Keys, vault: Vault, word: bytes) -> bool:
    """Tell whether a word of ours holds every key there is, sealed with the newest."""
    is_newest = key_id_of(word) == ring_of(keys.seal).newest
    return is_newest and vault.open_values(word, _SEAL_ID).keys() == dict(_digests(keys)).keys()


def _digests(keys: Keys) -> Iterator[tuple[str, str]]:
    yield "index", _digest(keys.index)
    yield "message-id", _digest(keys.message_id)
    for purpose, ring in (("link", keys.link), ("return-path", keys.return_path)):
        for key_id, key in ring.keys.items():
            yield f"{purpose} {key_id}", _digest(key)


def _digest(key: bytes) -> str:
    return hmac.digest(key, _PURPOSE, "sha256").hex()


def _opened(vault: Vault, sealed: bytes, public_id: bytes) -> None:
    try:
        vault.open(sealed, public_id)
    except KeysError as error:
        raise _foreign(VAULT_FILE) from error


def _foreign(file: str) -> KeysError:
    return KeysError(
        f"data/keys/{file} is not the one this database was made with; put your copy of it back, or name "
        "the right database in [database] url"
    )


def _older(file: str) -> KeysError:
    return KeysError(
        f"data/keys/{file} lacks a key that this database has had since “mailer keys rotate”: it is a copy "
        "from before, or another installation's; put your newest copy of it back"
    )
