"""Signed tokens that live for ever: in unsubscribe links and return paths (design §4).

Layout: key id (1 byte) ‖ reader's public_id (12) ‖ number (4) ‖ HMAC-SHA256 truncated (10) = 27
bytes: 36 letters of base64url in a link, 44 of base32 in a return path (relays change the case of
local parts). *number* is the issue, or the newsletter when its high bit is set (Letters).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mailer.domain.key_ring import KeyRing, ring_of
from mailer.domain.mac import Mac

PUBLIC_ID_BYTES = 12
LINK_CHARS = 36
_LAYOUT = struct.Struct(">B12sI")
_MAC_BYTES = 10
_LETTER_BIT = 1 << 31
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(first + second for first in _BASE32 for second in _BASE32)
_SHIFTS = tuple(range(210, -1, -10))


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says: who, and by which issue or newsletter.

    Attributes:
        public_id: the reader's, 12 bytes.
        issue: the issue's id, or None in a Letter.
        newsletter: the newsletter's id in a Letter, or None.
    """

    public_id: bytes
    issue: int | None = None
    newsletter: int | None = None

    @property
    def number(self) -> int:
        """The 32-bit number on the wire."""
        if self.issue is not None:
            return self.issue
        return _LETTER_BIT | (self.newsletter or 0)


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Keys by id; the newest signs, all verify, so that no link ever dies.

    Attributes:
        keys: key id (1 to 255) to 32 bytes; at least one. A KeyRing may gain keys later.
    """

    keys: Mapping[int, bytes] = field(repr=False)
    _ring: KeyRing = field(init=False, repr=False, compare=False)
    _macs: dict[int, Mac] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_ring", ring_of(self.keys))

    def link(self, token: Token) -> str:
        """Return *token* as the 36 letters of an unsubscribe link."""
        return self.links(token.number)(token.public_id).decode("ascii")

    def return_path(self, token: Token) -> str:
        """Return *token* as the 44 lower-case letters of a return path's local part."""
        return self.return_paths(token.number)(token.public_id)

    def links(self, number: int) -> Callable[[bytes], bytes]:
        """Return what makes the links of one issue or newsletter, by reader's public_id."""
        signed = self._signing(number)
        return lambda public_id: binascii.b2a_base64(signed(public_id), newline=False).translate(_URL_SAFE)

    def return_paths(self, number: int) -> Callable[[bytes], str]:
        """Return what makes the return paths of one issue or newsletter, by reader's public_id."""
        signed, pairs, shifts = self._signing(number), _PAIRS, _SHIFTS

        def return_path(public_id: bytes) -> str:
            # 216 bits and 4 of padding, two letters at a time: the standard library takes twice as long.
            bits = int.from_bytes(signed(public_id), "big") << 4
            return "".join([pairs[bits >> shift & 1023] for shift in shifts])

        return return_path

    def read_link(self, text: str) -> Token | None:
        """Return what a link's token says, or None when it is not ours."""
        try:
            return self._verified(base64.urlsafe_b64decode(text.encode("ascii")))
        except (binascii.Error, UnicodeEncodeError, ValueError):
            return None

    def read_return_path(self, text: str) -> Token | None:
        """Return what a return path's token says, or None when it is not ours."""
        padded = text.upper() + "=" * (-len(text) % 8)
        try:
            return self._verified(base64.b32decode(padded.encode("ascii")))
        except (binascii.Error, UnicodeEncodeError, ValueError):
            return None

    def _signing(self, number: int) -> Callable[[bytes], bytes]:
        newest = self._ring.newest
        mac, head, tail = self._mac(newest), newest.to_bytes(1, "big"), number.to_bytes(4, "big")
        assert mac is not None

        def signed(public_id: bytes) -> bytes:
            body = head + public_id + tail
            return body + mac.digest(body)[:_MAC_BYTES]

        return signed

    def _verified(self, raw: bytes) -> Token | None:
        body, signature = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
        if len(body) != _LAYOUT.size or len(signature) != _MAC_BYTES:
            return None
        key_id, public_id, number = _LAYOUT.unpack(body)
        mac = self._mac(key_id)
        if mac is None or not hmac.compare_digest(signature, mac.digest(body)[:_MAC_BYTES]):
            return None
        if number & _LETTER_BIT:
            return Token(public_id, newsletter=number ^ _LETTER_BIT)
        return Token(public_id, issue=number)

    def _mac(self, key_id: int) -> Mac | None:
        """Return a key ready to use; None when there is none of that id."""
        mac = self._macs.get(key_id)
        if mac is None and (key := self._ring.find(key_id)) is not None:
            mac = self._macs[key_id] = Mac(key)
        return mac
