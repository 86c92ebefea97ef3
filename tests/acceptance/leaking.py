"""Looks for addresses in everything that an installation leaves behind, in every form they could take.

Every canary's address bears marks that occur nowhere else: in its local part, behind the plus and in its
domain. So a search for a handful of marks finds any part of any number of addresses, and stays quick.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import io
import re
import sqlite3
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

LOCAL, TAG, DOMAIN = "qzkanarikwolny", "wvbotulkaplyta", "xjhnizdowierch"
CYRILLIC_LOCAL, CYRILLIC_DOMAIN = "жэцканаркавол", "фцгняздоверхал"
MARKS = (LOCAL, TAG, DOMAIN, CYRILLIC_LOCAL, CYRILLIC_DOMAIN)
"""Words that stand in canaries' addresses and nowhere else."""

_NEWLINES = re.compile(rb"=?\r?\n[ \t]?")
_GZIP, _ZIP = b"\x1f\x8b\x08", b"PK\x03\x04"
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]")
_MOST_UNPACKED = 50_000_000
_AROUND = 60


@dataclass(frozen=True, slots=True)
class Find:
    """A mark that was found.

    Attributes:
        place: the document.
        form: how it is written there.
        around: what stands beside it.
    """

    place: str
    form: str
    around: bytes


Documents = Mapping[str, bytes]
"""What is searched, by a name that says where it was."""


def forms(word: str) -> Iterator[tuple[str, bytes]]:
    """Yield the name of each form that a word can take, and its bytes there; base64 is not among them."""
    raw = word.encode()
    yield "plain", raw
    yield "reversed", word[::-1].encode()
    yield "hex", raw.hex().encode()
    yield "percent", "".join(f"%{byte:02x}" for byte in raw).encode()
    yield "quoted-printable", "".join(f"={byte:02x}" for byte in raw).encode()
    yield "Python bytes", "".join(f"\\x{byte:02x}" for byte in raw).encode()
    yield "JSON", "".join(f"\\u{ord(letter):04x}" for letter in word).encode()
    yield "HTML, decimal", "".join(f"&#{ord(letter)};" for letter in word).encode()
    yield "HTML, hexadecimal", "".join(f"&#x{ord(letter):x};" for letter in word).encode()
    yield "UTF-16 LE", word.encode("utf-16-le")
    yield "UTF-16 BE", word.encode("utf-16-be")
    yield "spaced", " ".join(word).encode()
    if word.isascii():
        yield "rot13", codecs.encode(word, "rot13").encode()
    else:
        yield "punycode", word.encode("punycode")
        yield "UTF-7", word.encode("utf-7").strip(b"+-")
        for charset in ("cp1251", "iso8859-5", "koi8-r"):
            yield charset, word.encode(charset)
    for skipped in range(5):
        yield f"base32 at {skipped}", _middle(base64.b32encode, raw, skipped, group=5, letters=8)


def exact_forms(word: str) -> Iterator[tuple[str, bytes]]:
    """Yield the forms in which the case of letters counts."""
    for charset in ("utf-8", "utf-16-le"):
        raw = word.encode(charset)
        for skipped in range(3):
            core = _middle(base64.b64encode, raw, skipped, group=3, letters=4)
            yield f"base64 of {charset} at {skipped}", core
            yield f"base64 for URLs of {charset} at {skipped}", core.translate(_FOR_URLS)


_FOR_URLS = bytes.maketrans(b"+/", b"-_")


def _middle(encode: object, raw: bytes, skipped: int, *, group: int, letters: int) -> bytes:
    """Return the encoded letters that *raw* alone decides when *skipped* bytes stand before it."""
    assert callable(encode)
    first = -skipped % group
    whole = (len(raw) - first) // group
    encoded: bytes = encode(raw[first : first + whole * group])
    assert len(encoded) == whole * letters
    return encoded


def _needles(words: Iterable[str]) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """Return what is sought whatever its case, and what is sought exactly."""
    loose: set[tuple[str, bytes]] = set()
    exact: set[tuple[str, bytes]] = set()
    for word in words:
        for variant in (word, word.upper(), word.capitalize()):
            loose |= {(form, needle.lower()) for form, needle in forms(variant)}
            exact |= set(exact_forms(variant))
    return sorted(loose), sorted(exact)


class Search:
    """Knows what to look for.

    Args:
        addresses: a few whole ones, whose plain hashes would give them away as well: who guesses an
            address can try it.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        self._loose, self._exact = _needles(MARKS)
        for address in addresses:
            for name in ("md5", "sha1", "sha256"):
                digest = hashlib.new(name, address.lower().encode(), usedforsecurity=False).digest()
                self._exact += [(f"{name} without a key", digest), (name, base64.b64encode(digest))]
                self._loose.append((f"{name} without a key", digest.hex().encode()))

    def through(self, documents: Documents) -> list[Find]:
        """Return what is found, at most once for each form and document."""
        return [
            find
            for name, content in documents.items()
            for place, opened in _opened(name, content)
            for find in self._in(place, opened)
        ]

    def _in(self, place: str, content: bytes) -> Iterator[Find]:
        # Encoded text is broken into lines: a mark may stand across the break.
        joined = _NEWLINES.sub(b"", content)
        for needles, texts in (
            (self._loose, (content.lower(), joined.lower())),
            (self._exact, (content, joined)),
        ):
            for form, needle in needles:
                for text in texts:
                    if (at := text.find(needle)) >= 0:
                        yield Find(place, form, text[max(0, at - _AROUND) : at + len(needle) + _AROUND])
                        break


def _opened(name: str, content: bytes, depth: int = 2) -> Iterator[tuple[str, bytes]]:
    """Yield a document and everything compressed that can be read out of it."""
    yield name, content
    if depth == 0:
        return
    for place, packed in _unpacked(content):
        yield from _opened(f"{name}, unpacked from byte {place}", packed, depth - 1)


def _unpacked(content: bytes) -> Iterator[tuple[int, bytes]]:
    for found in re.finditer(re.escape(_GZIP), content):
        yield from _inflated(content, found.start(), 31)
    for found in _ZLIB.finditer(content):
        yield from _inflated(content, found.start(), zlib.MAX_WBITS)
    if content.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            for number, name in enumerate(packed.namelist()):
                yield number, name.encode() + b"\n" + packed.read(name)
    else:
        yield from _inflated(content, 0, -zlib.MAX_WBITS)


def _inflated(content: bytes, at: int, window: int) -> Iterator[tuple[int, bytes]]:
    stream = zlib.decompressobj(window)
    unpacked = b""
    try:
        # Piece by piece: what comes before a torn end is read all the same.
        for start in range(at, len(content), 65_536):
            unpacked += stream.decompress(content[start : start + 65_536], _MOST_UNPACKED)
            if stream.eof or len(unpacked) > _MOST_UNPACKED:
                break
    except zlib.error:
        pass
    # A few bytes come out of anything.
    if len(unpacked) > len(LOCAL):
        yield at, unpacked


def files_in(folder: Path, *, but: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return every file under *folder* with its name, but those under some folders or files in it."""
    left_out = tuple(but)
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes()
        for path in found
        if not any(path.is_relative_to(each) for each in left_out)
    }


def values_in(database: Path) -> dict[str, bytes]:
    """Return every value of every table, a table at a time.

    In the file itself a long value is scattered over pages; what was deleted can only be seen there.
    """
    found = {}
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'SELECT * FROM "{table}"')
            values = (value for row in rows for value in row if value is not None)
            found[f"table {table}"] = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode() for value in values
            )
    return found
