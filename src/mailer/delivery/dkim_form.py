"""A skeleton in the form that is signed: relaxed headers and a hashed beginning of the body (RFC 6376 §3.4).

Worked out once per skeleton, so that a copy costs two joins and one hash of what follows the first hole.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mailer.rendering.skeleton import Hole, Skeleton

if TYPE_CHECKING:
    from _hashlib import HASH

# RFC 6376 §5.4.1, and what RFC 8058 §4 and Feedback-ID need; nothing that is added or changed on the way
# (Return-Path, Received, Bcc).
_SIGNED = (
    *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id"),
    *("in-reply-to", "references", "mime-version", "content-type", "content-transfer-encoding"),
    *("content-language", "list-id", "list-unsubscribe", "list-unsubscribe-post", "list-help"),
    *(
        "list-subscribe",
        "list-owner",
        "list-archive",
        "list-post",
        "feedback-id",
        "cfbl-address",
        "cfbl-feedback-id",
    ),
    *("precedence", "auto-submitted", "x-auto-response-suppress"),
)
# RFC 6376 §8.15: named once more than they occur, so that one more of them breaks the signature. Else a
# second List-Unsubscribe, put on top, would be obeyed in our name.
_OVERSIGNED = frozenset(
    (
        *("from", "sender", "reply-to", "to", "cc", "subject", "date", "mime-version", "content-type"),
        *("message-id", "content-language", "list-id", "list-unsubscribe", "list-unsubscribe-post"),
        *("list-help", "list-subscribe", "list-owner", "list-archive", "list-post", "feedback-id"),
        *("precedence", "auto-submitted"),
    )
)
_NAME = "DKIM-Signature:"
_LINE = 76
_FIRST_ROOM = _LINE - len(" b=")
_ROOM = _LINE - len(" ")
# As long as a time is until the year 2286; no header holds it.
_TIME_MARK = "\0" * 10
_HOLE_MARK = re.compile(rb"\0(\d+)\0")


@dataclass(frozen=True, slots=True)
class SigningForm:
    """One skeleton, as the signatures of its copies see it.

    Attributes:
        headers: those that are signed: relaxed, in the order of h=, holes open; ends with CRLF.
        field: the signature's own header before and after its time, up to where the body hash goes.
        start: SHA-256 of the body up to its first hole.
        rest: the body from there, without empty lines at its end.
    """

    headers: Skeleton
    field: tuple[bytes, bytes]
    start: HASH
    rest: Skeleton

    def unsigned(self, values: Mapping[Hole, bytes], at_s: int) -> bytes:
        """Return one copy's DKIM-Signature header up to and with ``b=``.

        Args:
            values: as for ``Skeleton.fill``.
            at_s: seconds since 1970, for t=.
        """
        body = self.start.copy()
        body.update(self.rest.fill(values))
        digest = base64.b64encode(body.digest())
        return b"%b%d%b%b;\r\n b=" % (self.field[0], at_s, self.field[1], digest)

    def covered(self, values: Mapping[Hole, bytes], unsigned: bytes) -> bytes:
        """Return what the signature covers (RFC 6376 §3.7): the headers, and *unsigned* in relaxed form.

        Args:
            values: as for ``Skeleton.fill``; in headers without line breaks, or blanks side by side.
            unsigned: what the method of that name returned.
        """
        value = unsigned[len(_NAME) + 1 :].replace(b"\r\n", b"")
        return b"%bdkim-signature:%b" % (self.headers.fill(values), value)


def signing_form(skeleton: Skeleton, domain: str, selector: str) -> SigningForm:
    """Work out how *selector* of *domain* signs the copies of *skeleton*."""
    head, body = _parted(skeleton)
    names, headers = _chosen(_relaxed(head))
    before, after = _field(domain, selector, names).split(_TIME_MARK)
    return SigningForm(
        headers=_cut(headers, head.holes),
        field=(before.encode("ascii"), after.encode("ascii")),
        start=hashlib.sha256(body.literals[0]),
        rest=Skeleton((b"", *body.literals[1:]), body.holes, body.tails),
    )


def finished(unsigned: bytes, signature: bytes) -> bytes:
    """Return the whole header, with its CRLF, to stand before the message."""
    text = base64.b64encode(signature)
    lines = [text[i : i + _ROOM] for i in range(_FIRST_ROOM, len(text), _ROOM)]
    return unsigned + b"\r\n ".join((text[:_FIRST_ROOM], *lines)) + b"\r\n"


def _parted(skeleton: Skeleton) -> tuple[Skeleton, Skeleton]:
    """Cut a skeleton at its first empty line: headers with their last CRLF, and the body (simple)."""
    literals, holes = skeleton.literals, skeleton.holes
    cuts = (literal.find(b"\r\n\r\n") for literal in literals)
    at, cut = next((at, cut) for at, cut in enumerate(cuts) if cut >= 0)
    head = Skeleton((*literals[:at], literals[at][: cut + 2]), holes[:at])
    body = [literals[at][cut + 4 :], *literals[at + 1 :]]
    # RFC 6376 §3.4.3: empty lines at the end do not count, and an empty body is one empty line.
    while body[-1].endswith(b"\r\n\r\n"):
        body[-1] = body[-1][:-2]
    if body == [b""]:
        body = [b"\r\n"]
    tails = {i - at: tail for i, tail in skeleton.tails.items()}
    return head, Skeleton(tuple(body), holes[at:], tails)


def _relaxed(head: Skeleton) -> dict[str, list[bytes]]:
    """Return each header in relaxed form (RFC 6376 §3.4.2) by its name, in their order, holes marked."""
    marks = (b"\0%d\0" % i for i in range(len(head.holes)))
    marked = b"".join(part for pair in zip(head.literals, (*marks, b""), strict=True) for part in pair)
    fields: dict[str, list[bytes]] = {}
    for line in re.sub(rb"\r\n(?=[ \t])", b"", marked).split(b"\r\n")[:-1]:
        name, _, value = line.partition(b":")
        key = name.rstrip(b" \t").lower()
        relaxed = re.sub(rb"[ \t]+", b" ", value).strip(b" ")
        fields.setdefault(key.decode("ascii"), []).append(b"%b:%b\r\n" % (key, relaxed))
    return fields


def _chosen(fields: Mapping[str, Sequence[bytes]]) -> tuple[list[str], bytes]:
    """Return the names for h=, and the headers they stand for, joined.

    A name that is repeated means the next one upwards (RFC 6376 §5.4.2), one without a header nothing.
    """
    names: list[str] = []
    lines: list[bytes] = []
    for name in _SIGNED:
        found = fields.get(name, ())
        names += [name] * (len(found) + (name in _OVERSIGNED))
        lines += reversed(found)
    return names, b"".join(lines)


def _cut(marked: bytes, holes: Sequence[Hole]) -> Skeleton:
    parts = _HOLE_MARK.split(marked)
    return Skeleton(tuple(parts[::2]), tuple(holes[int(i)] for i in parts[1::2]))


def _field(domain: str, selector: str, names: Sequence[str]) -> str:
    """Return the header up to ``bh=``, folded (RFC 6376 §3.5).

    No i=, which then means the domain, and no l=, which would let anybody add to the body.
    """
    tags = ["v=1; ", "a=rsa-sha256; ", "c=relaxed/simple; ", f"d={domain}; ", f"s={selector}; "]
    listed = [f"{name}:" for name in names[:-1]] + [f"{names[-1]};"]
    lines = [f"{_NAME} "]
    for word in (*tags, f"t={_TIME_MARK}; ", f"h={listed[0]}", *listed[1:]):
        # A blank at the end of a line would look like none; the next line begins with one.
        if len((lines[-1] + word).rstrip()) > _LINE:
            lines[-1:] = [lines[-1].rstrip(), f" {word}"]
        else:
            lines[-1] += word
    return "\r\n".join((*lines, " bh="))
