"""HMAC-SHA256 (RFC 2104) keyed once, for a million short messages.

The standard library's ``hmac`` keys itself anew or copies through Python: three times the price of
this, and every copy of an issue needs three.
"""

from __future__ import annotations

import hashlib

_BLOCK = 64
_INNER = bytes(byte ^ 0x36 for byte in range(256))
_OUTER = bytes(byte ^ 0x5C for byte in range(256))


class Mac:
    """One key, ready to use; gives the same as ``hmac.digest(key, message, "sha256")``."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        """Args: key: at most 64 bytes."""
        if len(key) > _BLOCK:
            raise ValueError("a key of more than one block")
        padded = key.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(padded.translate(_INNER))
        self._outer = hashlib.sha256(padded.translate(_OUTER))

    def digest(self, message: bytes) -> bytes:
        """Return the 32 bytes that prove *message*."""
        inner = self._inner.copy()
        inner.update(message)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()
