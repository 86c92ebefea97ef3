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
from mailer.errors import KeysError

_FORMAT_AES_GCM = 1
_NONCE_BYTES = 12
_HEAD_BYTES = 2


class Vault:
    """Seals and opens what readers entrusted to us."""

    def __init__(self, keys: Keys) -> None:
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.seal.items()}
        self._newest = max(keys.seal)
        self._index_key = keys.index

    def seal(self, plain: bytes, public_id: bytes) -> bytes:
        """Return *plain* sealed to the row that *public_id* names."""
        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = self._ciphers[self._newest].encrypt(nonce, plain, public_id)
        return bytes((_FORMAT_AES_GCM, self._newest)) + nonce + ciphertext

    def open(self, sealed: bytes, public_id: bytes) -> bytes:
        """Return what was sealed to *public_id*.

        Raises:
            KeysError: the key is missing, or the value was changed or moved to another row.
        """
        head = sealed[:_HEAD_BYTES]
        is_ours = len(head) == _HEAD_BYTES and head[0] == _FORMAT_AES_GCM
        cipher = self._ciphers.get(head[1]) if is_ours else None
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
