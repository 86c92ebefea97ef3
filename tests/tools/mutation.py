"""Messages turned into others that nobody wrote, for fuzzing what reads them; a seed gives the same again."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

# What has broken parsers before: MIME's own words, half an encoding, letters that change length.
_DICTIONARY = (
    b"Content-Type: multipart/mixed; boundary=b1\n\n",
    b"Content-Type: message/delivery-status\n\n",
    b"Content-Type: message/rfc822\n\n",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: x-uuencode\n\nbegin 666 x\n",
    b"Content-Type: text/plain; charset=",
    b"; charset*=utf-16''%ff; boundary*0=a; boundary*99999999999=b; name=\"",
    b"punycode", b"idna", b"utf-7", b"iso-2022-jp", b"unicode_escape", b"zlib",
    b"--b1\n", b"--b1--\n", b"\n\n", b"\r\n", b"\r", b"\x00", b"\xff\xfe", b"\xc3", b"\xe2\x80\xa8",
    b"=?utf-8?b?////?=", b"=?x?q?=zz?=", b"=?utf-16?b?AAA?=", b"=", b"=\n", b"<", b">", b"@", b"<<@>>",
    b"Final-Recipient: rfc822;", b"Action: failed\n", b"Status: 9.9.9\n", b"Diagnostic-Code: smtp; 550 ",
    b"\\x{110000}", b"\\x{D800}", b"+FF", b"Feedback-Type: abuse\n", b'{"Message":"{\\"Message\\":',
    b"\xc4\xb0<style",
    b"</style", b"&#x110000;", b"&#99999999999;", b"  " * 60, b"-" * 80,
    b"(" * 50, b"a." * 60,
)  # fmt: skip
_MAX_BYTES = 100_000


def mutated(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """Yield *count* messages under 100 kB, each made from one or two of *seeds* by a few changes."""
    chance = random.Random(seed)
    for _ in range(count):
        message = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(1, 6)):
            _change(message, seeds, chance)
        yield bytes(message[:_MAX_BYTES])


def _change(message: bytearray, seeds: Sequence[bytes], chance: random.Random) -> None:
    at = chance.randrange(len(message) + 1)
    end = min(len(message), at + chance.choice((1, 4, 40, 400)))
    match chance.randrange(7):
        case 0:
            message[at:end] = chance.randbytes(end - at)
        case 1:
            del message[at:end]
        case 2:
            message[at:at] = chance.choice(_DICTIONARY)
        case 3:
            message[at:at] = message[at:end] * chance.choice((1, 3, 30))
        case 4:
            other = chance.choice(seeds)
            start = chance.randrange(len(other) + 1)
            message[at:at] = other[start : start + chance.choice((40, 400, 4000))]
        case 5:
            del message[at:]
        case _:
            lines = bytes(message).split(b"\n")
            chance.shuffle(lines[: chance.randint(1, 30)])
            first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
            lines[first], lines[second] = lines[second], lines[first]
            message[:] = b"\n".join(lines)
