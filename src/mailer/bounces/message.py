"""A message that came back as a flat row of parts, opened within bounds.

Whoever knows a return path can send it anything: a million parts, multiparts in multiparts, headers of
100 MB. So only the first megabyte is looked at, splitting is a loop of our own with a limit on everything,
and nothing that is packed is unpacked. The standard library's email (compat32) reads one header at a time
and undoes the transfer encoding; what it never sees is a whole message.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

MAX_BYTES = 1_000_000
"""How much of a message is looked at. Reports put what we need in front of the returned original."""
_MAX_HEAD_BYTES = 64_000
_MAX_FIELD_CHARS = 4_000
_MAX_PARTS = 100
_MAX_DEPTH = 10
_MAX_PART_BYTES = 200_000

_LINE_END = re.compile(rb"\r+\n|\r")
# A boundary nobody declared: a line of dashes and more, and a part's header below it.
_UNDECLARED = re.compile(rb"^--(\S[^\n]{0,69})\nContent-", re.IGNORECASE | re.MULTILINE)
_FIELDS = re.compile(rb"(?:(?:From |[!-9;-~]*:|[ \t])[^\n]*(?:\n|\Z))*")
_FOLD = re.compile(r"\n[ \t]*")
_NO_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_MBOX = re.compile(rb"^>?From [^\n]*\n")
# "punycode" and "idna" take quadratic time; escapes are no letters.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"})


class Fields:
    """The header fields of a message or part: unfolded, in order, names without regard to case."""

    __slots__ = ("_values",)

    def __init__(self, message: Message) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            text = letters(str(value)[:_MAX_FIELD_CHARS].encode("utf-8", "surrogateescape"), None)
            self._values.setdefault(name.lower(), []).append(_FOLD.sub(" ", text).strip())

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def first(self, name: str) -> str:
        """Return the first value of field *name* as it stands; empty where there is none."""
        return self._values.get(name.lower(), [""])[0]

    def every(self, name: str) -> list[str]:
        """Return all values of field *name*, in order."""
        return self._values.get(name.lower(), [])

    def shown(self, name: str) -> str:
        """Return the first value of field *name* with its encoded-words read (RFC 2047)."""
        value = self.first(name)
        if "=?" not in value:
            return value
        try:
            pieces = decode_header(value)
        except (ValueError, MessageError):
            return value
        return "".join(
            piece if isinstance(piece, str) else letters(piece, charset) for piece, charset in pieces
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message: a body that is no multipart.

    Attributes:
        content_type: lower case, such as ``text/plain``.
        fields: its own header; of a message of one part, the message's.
        body: transfer encoding undone, lines end with LF, at most 200,000 bytes.
        charset: as declared, or None.
    """

    content_type: str
    fields: Fields
    body: bytes
    charset: str | None

    @property
    def text(self) -> str:
        """The body as text; what fits no charset is replaced, never refused."""
        return letters(self.body, self.charset)


@dataclass(frozen=True, slots=True)
class Opened:
    """A message, opened.

    Attributes:
        fields: the message's own header.
        content_type: of the whole, such as ``multipart/report``.
        report_type: the parameter of multipart/report (RFC 6522), lower case; empty without.
        parts: its leaves, in order. A message in it (message/rfc822) is one leaf.
    """

    fields: Fields
    content_type: str
    report_type: str
    parts: tuple[Part, ...]


def open_message(raw: bytes) -> Opened:
    """Open *raw*, whatever it is: bytes that are no message are one part of text."""
    data = _LINE_END.sub(b"\n", raw[:MAX_BYTES]).lstrip(b"\n")
    head, body = _split(_MBOX.sub(b"", data))
    fields = Fields(head)
    content_type = head.get_content_type()
    report_type = _told(lambda: head.get_param("report-type"))
    return Opened(fields, content_type, report_type.strip().lower(), tuple(_leaves(head, body)))


def head_of(body: bytes) -> Fields:
    """Read the header that *body* begins with, as a returned original or a message/rfc822 part has it."""
    return Fields(_split(_MBOX.sub(b"", body.lstrip(b"\n")))[0])


def letters(octets: bytes, charset: str | None) -> str:
    """Decode *octets*; a charset that is missing, unknown or untrue gives UTF-8, else Latin-1."""
    names = [charset] if charset and charset.lower().replace("-", "_") not in _NO_CHARSETS else []
    if charset and charset.lower() in ("us-ascii", "ascii"):
        names = []
    for name in [*names, "utf-8"]:
        try:
            return octets.decode(name)
        except (LookupError, ValueError):
            continue
    # One wrong octet among megabytes of a declared charset must not cost all its letters.
    if names:
        try:
            return octets.decode(names[0], "replace")
        except (LookupError, ValueError):
            pass
    return octets.decode("latin-1")


def _split(data: bytes) -> tuple[Message, bytes]:
    """Split an entity into its header, read, and its body."""
    if data.startswith(b"\n"):
        return Message(policy=compat32), data[1:]
    end = data.find(b"\n\n")
    # Cut before it is looked at: matching a megabyte of fields takes sixty.
    head = (data if end < 0 else data[: end + 1])[:_MAX_HEAD_BYTES]
    body = b"" if end < 0 else data[end + 2 :]
    # A line that is no field ends a header without its blank line.
    fields = _FIELDS.match(head)
    stray = head[fields.end() :] if fields else head
    # No charset or boundary has a NUL in it, and the library raises on some that do.
    known = head[: len(head) - len(stray)].replace(b"\0", b"")
    message: Message = BytesHeaderParser(policy=compat32).parsebytes(known)
    return message, stray + b"\n" + body if stray.strip() else body


def _leaves(head: Message, body: bytes) -> Iterator[Part]:
    """Walk the parts without recursion, at most _MAX_PARTS of them and _MAX_DEPTH deep."""
    waiting = [(head, body, 0)]
    seen = 0
    while waiting and seen < _MAX_PARTS:
        seen += 1
        entity, octets, depth = waiting.pop()
        pieces = _pieces(entity, octets) if depth < _MAX_DEPTH else []
        if pieces:
            waiting.extend((*_split(piece), depth + 1) for piece in reversed(pieces))
        else:
            yield _leaf(entity, octets)


def _pieces(entity: Message, body: bytes) -> list[bytes]:
    """Cut a multipart at its boundary; nothing where there is none to cut at."""
    if entity.get_content_maintype() != "multipart":
        return []
    declared = _boundary(entity)
    if not declared or b"--" + declared not in body:
        found = _UNDECLARED.search(body[:_MAX_HEAD_BYTES])
        if found is None:
            return []
        declared = found[1].rstrip()
    return _cut(body, b"--" + declared)


def _boundary(entity: Message) -> bytes:
    return _told(entity.get_boundary)[:200].encode("utf-8", "surrogateescape")


def _told(parameter: Callable[[], object]) -> str:
    """Return what a header's *parameter* says; nothing where the library stumbles over it.

    RFC 2231 lets parameters have charsets and numbered pieces; the library believes any charset, and
    raises where a piece with a number stands beside one without.
    """
    try:
        return str(parameter() or "")
    except (LookupError, ValueError, TypeError):
        return ""


def _cut(body: bytes, line: bytes) -> list[bytes]:
    """Return what stands between the lines that begin with *line*, at most _MAX_PARTS pieces."""
    pieces: list[bytes] = []
    start, at = -1, 0
    while (at := body.find(line, at)) >= 0 and len(pieces) < _MAX_PARTS:
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end
        rest = body[at + len(line) : end].rstrip(b" \t")
        # RFC 2046 §5.1.1: at the start of a line, alone, or with two dashes for the last.
        if rest not in (b"", b"--") or body[at - 1 : at] not in (b"", b"\n"):
            at += len(line)
            continue
        if start >= 0:
            pieces.append(body[start:at])
        start = -1 if rest else end + 1
        at = end
    if start >= 0 and len(pieces) < _MAX_PARTS:
        pieces.append(body[start:])
    return pieces


def _leaf(entity: Message, octets: bytes) -> Part:
    octets = octets[:_MAX_PART_BYTES]
    encoding = str(entity.get("Content-Transfer-Encoding") or "").strip().lower()
    if encoding in ("base64", "quoted-printable"):
        octets = _LINE_END.sub(b"\n", _undone(octets, encoding))
    charset = _told(entity.get_content_charset) or None
    return Part(entity.get_content_type(), Fields(entity), octets, charset)


def _undone(octets: bytes, encoding: str) -> bytes:
    """Undo a transfer encoding (RFC 2045 §6.7, §6.8) as far as it goes."""
    if encoding == "quoted-printable":
        return binascii.a2b_qp(octets)
    digits = _NO_BASE64.sub(b"", octets.partition(b"=")[0])
    # One digit too many holds no whole octet.
    whole = digits[: len(digits) - (len(digits) % 4 == 1)]
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
