"""The installation's keys: two files that must be copied away, for without them readers are lost.

``vault.keys`` opens the addresses, ``tokens.keys`` signs the links in mails. A rotated key stands
beside the old one; the lines are those of key_file.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailer.audience.key_file import PURPOSES, TOKENS_FILE, VAULT_FILE, KeyFolder, new_key, write_new
from mailer.domain.key_ring import KeyRing
from mailer.domain.token import TokenKeys
from mailer.errors import KeysError

__all__ = ["TOKENS_FILE", "VAULT_FILE", "Keys", "create_keys", "load_keys", "seeded_keys"]


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of an installation; each by key id (1 to 255). A KeyRing may gain keys later.

    Attributes:
        seal: AES-256 keys of the vault.
        index: the HMAC key of address_index; one only, for an index can't be computed anew.
        link: of unsubscribe tokens.
        return_path: of VERP tokens.
        message_id: of Message-IDs.
    """

    seal: Mapping[int, bytes]
    index: bytes
    link: TokenKeys
    return_path: TokenKeys
    message_id: bytes

    def __repr__(self) -> str:
        return "Keys(…)"


def create_keys(folder: Path, *, made_at: datetime | None = None) -> None:
    """Write new keys into *folder*, readable by nobody else.

    Args:
        folder: is made where there is none.
        made_at: aware UTC, told by “mailer keys show”.

    Raises:
        KeysError: there are keys already; they are left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Looked at together first: one new file beside an old one would open no old address.
    for name in PURPOSES:
        if (folder / name).exists():
            raise KeysError(_kept(folder / name))
    for name, purposes in PURPOSES.items():
        try:
            write_new(folder / name, [new_key(purpose, 1, made_at) for purpose in purposes])
        except FileExistsError as error:
            raise KeysError(_kept(folder / name)) from error


def load_keys(folder: KeyFolder | Path) -> Keys:
    """Read the keys, in rings that may be renewed.

    Raises:
        KeysError: a file is missing or damaged, or others may read it.
    """
    place = folder if isinstance(folder, KeyFolder) else KeyFolder(folder)
    vault, tokens = (_by_purpose(place, name) for name in (VAULT_FILE, TOKENS_FILE))
    return Keys(
        seal=KeyRing(vault["seal"]),
        index=_only(vault["index"], place.path / VAULT_FILE, "index"),
        link=TokenKeys(KeyRing(tokens["link"])),
        return_path=TokenKeys(KeyRing(tokens["return-path"])),
        message_id=_only(tokens["message-id"], place.path / TOKENS_FILE, "message-id"),
    )


def seeded_keys(seed: bytes) -> Keys:
    """Return keys that follow from *seed*: for the packaged sample only, whose bytes never change."""
    import hashlib

    def key(purpose: str) -> bytes:
        return hashlib.sha256(seed + purpose.encode()).digest()

    return Keys(
        seal={1: key("seal")},
        index=key("index"),
        link=TokenKeys({1: key("link")}),
        return_path=TokenKeys({1: key("return-path")}),
        message_id=key("message-id"),
    )


def _by_purpose(place: KeyFolder, name: str) -> dict[str, dict[int, bytes]]:
    keys: dict[str, dict[int, bytes]] = {purpose: {} for purpose in PURPOSES[name]}
    for line in place.read(name):
        keys[line.purpose][line.id] = line.key
    for purpose, found in keys.items():
        if not found:
            raise KeysError(
                f"{place.path / name} has no key for “{purpose}”; restore the file from your copy"
            )
    return keys


def _kept(path: Path) -> str:
    return f"{path} exists already; keys are never written over"


def _only(keys: Mapping[int, bytes], path: Path, purpose: str) -> bytes:
    if len(keys) != 1:
        raise KeysError(f"{path} must hold exactly one key for “{purpose}”; restore it from your copy")
    return next(iter(keys.values()))
