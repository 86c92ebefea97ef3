"""A finished message with holes: rendered once per edition, joined per reader.

The bytes are final: CRLF line ends, no line over 76 characters but the List headers, no line that
begins with a dot. What differs per reader are the To line, the Message-ID, and the token in the
headers, last in the text part and late in the HTML.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mailer.domain.content import RenderedMail
from mailer.rendering import holes
from mailer.rendering.encoding import Encoded, encode

_LENGTH = struct.Struct(">I")


class Hole(StrEnum):
    """What goes into a hole."""

    # Enum's own hash is a Python function; these are looked up several times for every copy.
    __hash__ = str.__hash__

    TO = "to"
    """The address, as it stands in To."""
    MESSAGE_ID = "message-id"
    """The left side of Message-ID."""
    DATE = "date"
    """When a Letter was asked for (RFC 5322 §3.3); an edition's Date is the same for all."""
    TOKEN = "token"  # noqa: S105 - the name of a hole, not a secret
    """The unsubscribe token's 36 letters."""
    TOKEN_BASE64 = "token-base64"  # noqa: S105 - the name of a hole, not a secret
    """The same 36 letters inside a base64 part: 48 letters."""
    RETURN_TOKEN = "return-token"  # noqa: S105 - the name of a hole, not a secret
    """The return path's 44 letters."""
    SECRET = "secret"  # noqa: S105 - the name of a hole, not a secret
    """The confirm link's 43 letters."""
    REPLY_TO = "reply-to"
    """Whom to answer, where a letter of somebody's is enclosed (rendering/enclosure.py)."""
    ENCLOSED = "enclosed"
    """That letter, as a MIME part."""
    SECRET_BASE64 = "secret-base64"  # noqa: S105 - the name of a hole, not a secret
    """The same with two letters of its surroundings: 60 letters."""


TO_MARK = "hole-for-the-address@example.invalid"
"""Stands in the To header until a copy is joined."""
DATE_MARK = "hole-for-the-date-0000000000000"
"""Stands in a Letter's Date until it is joined."""
MESSAGE_ID_MARK = "hole-for-the-message-id"
"""Stands left of the @ in Message-ID until a copy is joined."""

# Letters of a hole's value that reach beyond its own: base64 goes by groups of three.
_SECRET_TAIL = 2


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A message cut at its holes.

    Attributes:
        literals: what stands before, between and after the holes; one more than *holes*.
        holes: in the order of their place.
        tails: bytes that follow a secret inside its base64 group, by hole index.
    """

    literals: tuple[bytes, ...]
    holes: tuple[Hole, ...]
    tails: Mapping[int, bytes] = field(default_factory=dict)
    _is_encoded: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_is_encoded", Hole.TOKEN_BASE64 in self.holes)

    def fill(self, values: Mapping[Hole, bytes]) -> bytes:
        """Return one reader's message.

        Args:
            values: TO, MESSAGE_ID and, where the mail has them, DATE, TOKEN, RETURN_TOKEN and SECRET;
                the base64 forms are made from these.
        """
        if self._is_encoded:
            values = {**values, Hole.TOKEN_BASE64: base64.b64encode(values[Hole.TOKEN])}
        parts = [b""] * (len(self.holes) + len(self.literals))
        parts[::2] = self.literals
        parts[1::2] = (
            [self._value(i, hole, values) for i, hole in enumerate(self.holes)]
            if self.tails
            else [values[hole] for hole in self.holes]
        )
        return b"".join(parts)

    def _value(self, index: int, hole: Hole, values: Mapping[Hole, bytes]) -> bytes:
        if hole is Hole.SECRET_BASE64:
            return base64.b64encode(values[Hole.SECRET] + self.tails[index])
        return values[hole]

    @property
    def digest(self) -> bytes:
        """SHA-256 of everything that readers share."""
        return hashlib.sha256(self.pack()).digest()

    def pack(self) -> bytes:
        """Return the skeleton as it is stored."""
        index = {
            "lengths": [len(literal) for literal in self.literals],
            "holes": list(self.holes),
            "tails": {i: tail.decode("latin-1") for i, tail in self.tails.items()},
        }
        head = json.dumps(index, separators=(",", ":")).encode("ascii")
        return _LENGTH.pack(len(head)) + head + b"".join(self.literals)

    @classmethod
    def unpack(cls, stored: bytes) -> Skeleton:
        """Return the skeleton that *pack* stored."""
        start = _LENGTH.size + _LENGTH.unpack_from(stored)[0]
        index = json.loads(stored[_LENGTH.size : start])
        literals = []
        for length in index["lengths"]:
            literals.append(stored[start : start + length])
            start += length
        tails = {int(i): tail.encode("latin-1") for i, tail in index["tails"].items()}
        return cls(tuple(literals), tuple(Hole(hole) for hole in index["holes"]), tails)


def build_skeleton(mail: RenderedMail, headers: Sequence[bytes], boundary: str) -> Skeleton:
    """Join headers and both parts into a message and cut it at its holes.

    Args:
        mail: rendered, holes open; without HTML the text is the whole message.
        headers: everything but MIME; each folded, with its CRLF.
        boundary: fixed per edition; must not occur in either part.

    multipart/alternative, text/plain first and text/html last: RFC 2046 §5.1.4.
    """
    wanted = (holes.TOKEN, holes.SECRET)
    common = f"Content-Language: {mail.language}\r\nMIME-Version: 1.0\r\n".encode("ascii")
    head = b"".join(headers) + common
    if not mail.html:
        text = encode(mail.text, wanted)
        return _joined(
            [*_cut(head + _part_head("plain", text), _HEADER_MARKS), *_cut(text.body, _body_marks(text))]
        )
    parts = [("plain", encode(mail.text, wanted)), ("html", encode(mail.html, wanted))]
    head += f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'.encode("ascii")
    pieces = list(_cut(head, _HEADER_MARKS))
    line = f"--{boundary}".encode("ascii")
    for subtype, encoded in parts:
        pieces += [line + b"\r\n" + _part_head(subtype, encoded)]
        pieces += [*_cut(encoded.body, _body_marks(encoded)), b"\r\n"]
    pieces.append(line + b"--\r\n")
    return _joined(pieces)


def _part_head(subtype: str, encoded: Encoded) -> bytes:
    return (
        f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: {encoded.name}\r\n\r\n"
    ).encode("ascii")


_Piece = bytes | tuple[Hole, bytes]
_HEADER_MARKS = {
    TO_MARK.encode(): (Hole.TO, b""),
    DATE_MARK.encode(): (Hole.DATE, b""),
    MESSAGE_ID_MARK.encode(): (Hole.MESSAGE_ID, b""),
    holes.TOKEN.encode(): (Hole.TOKEN, b""),
    holes.RETURN_TOKEN.encode(): (Hole.RETURN_TOKEN, b""),
}


def _body_marks(encoded: Encoded) -> dict[bytes, tuple[Hole, bytes]]:
    """Return what to look for in an encoded part, with the hole and the tail each stands for."""
    if not encoded.is_base64:
        return {holes.TOKEN.encode(): (Hole.TOKEN, b""), holes.SECRET.encode(): (Hole.SECRET, b"")}
    marks = {base64.b64encode(holes.TOKEN.encode()): (Hole.TOKEN_BASE64, b"")}
    # 43 letters are no multiple of three: the two characters that follow belong to the hole.
    start = base64.b64encode(holes.SECRET.encode()[: -(len(holes.SECRET) % 3)])
    at = encoded.body.find(start)
    if at >= 0:
        length = (len(holes.SECRET) + _SECRET_TAIL) // 3 * 4
        mark = encoded.body[at : at + length]
        marks[mark] = (Hole.SECRET_BASE64, base64.b64decode(mark)[len(holes.SECRET) :])
    return marks


def _cut(data: bytes, marks: Mapping[bytes, tuple[Hole, bytes]]) -> Iterator[_Piece]:
    """Yield the literals and holes of *data* in order."""
    while True:
        found = [(at, mark) for mark in marks if (at := data.find(mark)) >= 0]
        if not found:
            yield data
            return
        at, mark = min(found)
        yield data[:at]
        yield marks[mark]
        data = data[at + len(mark) :]


def _joined(pieces: Sequence[_Piece]) -> Skeleton:
    literals = [b""]
    kinds: list[Hole] = []
    tails: dict[int, bytes] = {}
    for piece in pieces:
        if isinstance(piece, bytes):
            literals[-1] += piece
            continue
        hole, tail = piece
        if tail:
            tails[len(kinds)] = tail
        kinds.append(hole)
        literals.append(b"")
    return Skeleton(tuple(literals), tuple(kinds), tails)
