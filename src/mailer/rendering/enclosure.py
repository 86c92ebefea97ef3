"""A letter of somebody's inside a Letter of ours, as it came.

What is enclosed is a stranger's: it may hold any bytes and any line. It travels as message/rfc822 where it
can do so unchanged, else as a file that mail programs open as a mail.
"""

from __future__ import annotations

import base64
import re

from mailer.rendering.skeleton import Hole, Skeleton

MAX_BYTES = 5_000_000
"""Of a longer letter the beginning is enclosed, where its words are: few servers would take the whole."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_LONGEST_LINE = 998
_ALTERNATIVE = re.compile(rb'Content-Type: multipart/alternative;\r\n boundary="=_(\w+)"\r\n')


def enclosure(letter: bytes) -> bytes:
    """
    Return somebody's letter as a MIME part: ASCII, CRLF line ends, no line begins with a dot.

    Args:
        letter: as it came, any line ends; of a long one the beginning is taken.
    """
    is_whole = len(letter) <= MAX_BYTES
    octets = _LINE_END.sub(b"\r\n", letter[:MAX_BYTES])
    name = "letter" if is_whole else "letter-cut-short"
    if travels(octets):
        kind, encoding, body = "message/rfc822", "7bit", octets
    else:
        kind, encoding = "application/octet-stream", "base64"
        body = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    head = (
        f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n"
        f'Content-Disposition: attachment; filename="{name}.eml"\r\n\r\n'
    )
    return head.encode("ascii") + body


def travels(letter: bytes) -> bool:
    """
    Tell whether a letter can travel as message/rfc822 unchanged.

    RFC 2046 §5.2.1 forbids to encode such a part: its header has to come first, every letter is ASCII, no
    line is longer than 998, none begins with a dot, and none could end a part of ours.
    """
    lines = letter.split(b"\r\n")
    return (
        _FIELD.match(letter) is not None
        and letter.isascii()
        and b"\0" not in letter
        and all(len(line) <= _LONGEST_LINE and not line.startswith((b".", b"--=_")) for line in lines)
    )


def enclosing(letter: Skeleton) -> Skeleton:
    """
    Return a Letter's skeleton with room for an enclosure behind its words, and for whom to answer.

    Args:
        letter: with text and HTML, without Reply-To, and with holes in its header only.
    """
    *others, last = letter.literals
    found = _ALTERNATIVE.search(last)
    assert found is not None
    # No boundary may begin as another does (RFC 2046 §5.1.1).
    outer = b"=_m" + found[1]
    last = b"".join(
        (
            last[: found.start()],
            b'Content-Type: multipart/mixed;\r\n boundary="',
            outer,
            b'"\r\n\r\n--',
            outer,
            b"\r\n",
            last[found.start() :],
            b"\r\n--",
            outer,
            b"\r\n",
        )
    )
    first, *rest = (*others, last)
    return Skeleton(
        (b"Reply-To: ", b"\r\n" + first, *rest, b"\r\n--" + outer + b"--\r\n"),
        (Hole.REPLY_TO, *letter.holes, Hole.ENCLOSED),
    )
