"""The installation's keys: two files that must be copied away, for without them readers are lost.

``vault.keys`` opens the addresses, ``tokens.keys`` signs the links in mails. One key per line:
``purpose id base64``, so that a rotated key can stand beside the old one.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.domain.token import TokenKeys
from mailer.errors import KeysError

KEY_BYTES = 32
VAULT_FILE = "vault.keys"
TOKENS_FILE = "tokens.keys"
_MOST_KEY_ID = 255  # one byte in every token and sealed value
_PURPOSES = {VAULT_FILE: ("seal", "index"), TOKENS_FILE: ("link", "return-path", "message-id")}


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of an installation; each by key id (1 to 255).

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


def create_keys(folder: Path) -> None:
    """Write new keys into *folder*, readable by nobody else.

    Raises:
        KeysError: there are keys already; they are left as they are.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Looked at together first: one new file beside an old one would open no old address.
    for name in _PURPOSES:
        if (folder / name).exists():
            raise KeysError(_kept(folder / name))
    for name, purposes in _PURPOSES.items():
        lines = [f"{purpose} 1 {_encode(secrets.token_bytes(KEY_BYTES))}\n" for purpose in purposes]
        try:
            descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise KeysError(_kept(folder / name)) from error
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())


def load_keys(folder: Path) -> Keys:
    """Read the keys.

    Raises:
        KeysError: a file is missing or damaged, or others may read it.
    """
    vault, tokens = (_read(folder / name) for name in (VAULT_FILE, TOKENS_FILE))
    return Keys(
        seal=vault["seal"],
        index=_only(vault["index"], folder / VAULT_FILE, "index"),
        link=TokenKeys(tokens["link"]),
        return_path=TokenKeys(tokens["return-path"]),
        message_id=_only(tokens["message-id"], folder / TOKENS_FILE, "message-id"),
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


def _read(path: Path) -> dict[str, dict[int, bytes]]:
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except FileNotFoundError as error:
        raise KeysError(
            f"{path} is missing; copy it back from where you keep the keys (a new one opens no old address)"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path} can't be read; restore it from your copy") from error
    if mode & 0o077:
        raise KeysError(f"{path} can be read by others; run “chmod 600 {path}”")
    keys: dict[str, dict[int, bytes]] = {purpose: {} for purpose in _PURPOSES[path.name]}
    for number, line in enumerate(text.splitlines(), 1):
        try:
            purpose, key_id, encoded = line.split()
            keys[purpose][_new_id(key_id, keys[purpose])] = _whole(base64.urlsafe_b64decode(encoded))
        except (ValueError, KeyError, binascii.Error) as error:
            raise KeysError(f"{path}, line {number} is damaged; restore the file from your copy") from error
    for purpose, found in keys.items():
        if not found:
            raise KeysError(f"{path} has no key for “{purpose}”; restore the file from your copy")
    return keys


def _kept(path: Path) -> str:
    return f"{path} exists already; keys are never written over"


def _new_id(written: str, known: Mapping[int, bytes]) -> int:
    key_id = int(written)
    if not 1 <= key_id <= _MOST_KEY_ID or key_id in known:
        raise ValueError("a key id that is none, or stands there twice")
    return key_id


def _whole(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("a key of the wrong length")
    return key


def _only(keys: Mapping[int, bytes], path: Path, purpose: str) -> bytes:
    if len(keys) != 1:
        raise KeysError(f"{path} must hold exactly one key for “{purpose}”; restore it from your copy")
    return next(iter(keys.values()))


def _encode(key: bytes) -> str:
    return base64.urlsafe_b64encode(key).decode("ascii")
