"""The vault: addresses are stored sealed and found by a keyed index, never in plain (design §5).

A sealed value is ``format ‖ key id ‖ nonce ‖ ciphertext``. Format 1 is AES-256-GCM with a 12-byte
public id as associated data, so that a value moved to another row does not open; format 2 is kept
for X25519 sealed boxes.
"""

from __future__ import annotations

import hmac
import os

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailer.audience.address import Address
from mailer.audience.keys import Keys
from mailer.domain.key_ring import ring_of
from mailer.errors import KeysError

_FORMAT_AES_GCM = 1
_NONCE_BYTES = 12
_HEAD_BYTES = 2


def head_of(key_id: int) -> bytes:
    """Return what everything begins with that is sealed with a key."""
    return bytes((_FORMAT_AES_GCM, key_id))


def key_id_of(sealed: bytes) -> int:
    """Return under which key a value lies; 0 for what we did not seal."""
    is_ours = len(sealed) >= _HEAD_BYTES and sealed[0] == _FORMAT_AES_GCM
    return sealed[1] if is_ours else 0


class Vault:
    """Seals and opens what readers entrusted to us."""

    def __init__(self, keys: Keys) -> None:
        self._ring = ring_of(keys.seal)
        self._ciphers: dict[int, AESGCM] = {}
        self._index_key = keys.index

    @property
    def newest(self) -> int:
        """The id of the key that seals."""
        return self._ring.newest

    def seal(self, plain: bytes, public_id: bytes) -> bytes:
        """Return *plain* sealed to the row that *public_id* names."""
        newest, nonce = self._ring.newest, os.urandom(_NONCE_BYTES)
        cipher = self._cipher(newest)
        assert cipher is not None
        return head_of(newest) + nonce + cipher.encrypt(nonce, plain, public_id)

    def open(self, sealed: bytes, public_id: bytes) -> bytes:
        """Return what was sealed to *public_id*.

        Raises:
            KeysError: the key is missing, or the value was changed or moved to another row.
        """
        cipher = self._cipher(key_id_of(sealed))
        if cipher is None:
            raise KeysError(
                "a stored address is sealed with a key that is not in keys/vault.keys; restore that file"
            )
        nonce = sealed[_HEAD_BYTES : _HEAD_BYTES + _NONCE_BYTES]
        try:
            return cipher.decrypt(nonce, sealed[_HEAD_BYTES + _NONCE_BYTES :], public_id)
        except (InvalidTag, ValueError) as error:
            # ValueError: cut so short that not even a nonce is left.
            raise KeysError(
                "a stored address does not open with keys/vault.keys; put the keys of this installation back"
            ) from error

    def reseal(self, sealed: bytes, public_id: bytes) -> bytes:
        """Return the same value sealed anew, with the newest key.

        Raises:
            KeysError: as *open*.
        """
        return self.seal(self.open(sealed, public_id), public_id)

    def seal_values(self, values: dict[str, str], public_id: bytes) -> bytes:
        """Seal named values, such as a Letter's recipient and parameters."""
        return self.seal(orjson.dumps(values), public_id)

    def open_values(self, sealed: bytes, public_id: bytes) -> dict[str, str]:
        """Open what *seal_values* sealed.

        Raises:
            KeysError: as *open*.
        """
        values: dict[str, str] = orjson.loads(self.open(sealed, public_id))
        return values

    def index(self, address: Address) -> bytes:
        """Return the 32 bytes under which an address is found: HMAC-SHA256 of its lookup form."""
        return hmac.digest(self._index_key, address.index_form.encode("utf-8"), "sha256")

    def _cipher(self, key_id: int) -> AESGCM | None:
        """Return a key ready to use; None when there is none of that id."""
        cipher = self._ciphers.get(key_id)
        if cipher is None and (key := self._ring.find(key_id)) is not None:
            cipher = self._ciphers[key_id] = AESGCM(key)
        return cipher
