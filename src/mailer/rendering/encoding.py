"""A part's text as bytes for the wire, with holes that can be filled without encoding again.

The shorter of base64 and quoted-printable is taken (Cyrillic: base64). In base64 each hole starts
on a 3-byte boundary and stays inside one 57-byte line, so that its bytes can be replaced by the
base64 of the reader's own; in quoted-printable no hole is broken by a soft line break. Neither
encoding ever puts a dot first on a line, so nothing is dot-stuffed per message.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

_BASE64_LINE_BYTES = 57  # 76 characters, RFC 2045 §6.8
_QP_LINE_CHARS = 76  # RFC 2045 §6.7
# A dot would be stuffed (RFC 5321 §4.5.2); some mailboxes write ">" before "From ", which breaks a signature.
_NEVER_FIRST = (".", "F")


@dataclass(frozen=True, slots=True)
class Encoded:
    """A part's body.

    Attributes:
        name: value of Content-Transfer-Encoding.
        body: CRLF line ends, ends with one.
    """

    name: str
    body: bytes

    @property
    def is_base64(self) -> bool:
        """Whether a hole's value must be put in as base64."""
        return self.name == "base64"


def encode(text: str, holes: Sequence[str]) -> Encoded:
    """Encode *text* (LF line ends), keeping each of *holes* that occurs in it fillable."""
    text = re.sub(r"\r\n?|\n", "\n", text).rstrip("\n") + "\n"
    quoted = _quoted_printable(text, holes)
    encoded = _base64(text, holes)
    return encoded if len(encoded.body) < len(quoted.body) else quoted


def _base64(text: str, holes: Sequence[str]) -> Encoded:
    raw = text.replace("\n", "\r\n").encode("utf-8", "replace")
    for hole in sorted((h.encode() for h in holes if h in text), key=raw.index):
        raw = _aligned(raw, hole)
    lines = [raw[i : i + _BASE64_LINE_BYTES] for i in range(0, len(raw), _BASE64_LINE_BYTES)]
    return Encoded("base64", b"".join(base64.b64encode(line) + b"\r\n" for line in lines))


def _aligned(raw: bytes, hole: bytes) -> bytes:
    """Put blanks at the end of the line before the hole until base64 can be replaced there."""
    at = raw.index(hole)
    padding = 0
    while (at + padding) % 3 or (at + padding) % _BASE64_LINE_BYTES + len(hole) > _BASE64_LINE_BYTES:
        padding += 1
    line_end = max(raw.rfind(b"\r\n", 0, at), 0)
    return raw[:line_end] + b" " * padding + raw[line_end:]


def _quoted_printable(text: str, holes: Sequence[str]) -> Encoded:
    pattern = re.compile("|".join(re.escape(hole) for hole in holes) or r"(?!)")
    lines = [_quoted_line(line, pattern) for line in text.removesuffix("\n").split("\n")]
    return Encoded("quoted-printable", b"".join(line + b"\r\n" for line in lines))


def _quoted_line(line: str, holes: re.Pattern[str]) -> bytes:
    """Encode one line: RFC 2045 §6.7, with a leading dot and trailing blanks encoded."""
    atoms = _atoms(line, holes)
    out: list[str] = []
    length = 0
    for i, atom in enumerate(atoms):
        shown = (
            f"={ord(atom):02X}" if _must_quote(atom, first=length == 0, last=i == len(atoms) - 1) else atom
        )
        room = _QP_LINE_CHARS if i == len(atoms) - 1 else _QP_LINE_CHARS - 1
        if length + len(shown) > room:
            out.append("=\r\n")
            length = 0
            if atom in _NEVER_FIRST:
                shown = f"={ord(atom):02X}"
        out.append(shown)
        length += len(shown)
    return "".join(out).encode("ascii")


def _atoms(line: str, holes: re.Pattern[str]) -> list[str]:
    """Split *line* into holes, escapes of one UTF-8 byte each, and single ASCII characters."""
    atoms: list[str] = []
    position = 0
    for match in holes.finditer(line):
        atoms += _escaped(line[position : match.start()])
        atoms.append(match[0])
        position = match.end()
    return atoms + _escaped(line[position:])


def _escaped(text: str) -> list[str]:
    atoms = []
    for byte in text.encode("utf-8", "replace"):
        literal = byte == 0x09 or (0x20 <= byte < 0x7F and byte != 0x3D)  # noqa: PLR2004 - RFC 2045's ranges
        atoms.append(chr(byte) if literal else f"={byte:02X}")
    return atoms


def _must_quote(atom: str, *, first: bool, last: bool) -> bool:
    return (atom in _NEVER_FIRST and first) or (atom in " \t" and last)
