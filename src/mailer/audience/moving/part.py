"""The files an import reads: one, those of a folder, or those in a zip, each opened as often as needed."""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from mailer.errors import InputError

_READ_FROM_FOLDERS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".sql", ".zip")
_ZIP = b"PK\x03\x04"
# What zipfile raises for damage, cut ends, passwords and methods it does not know.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OverflowError,
    RuntimeError,
    NotImplementedError,
)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_LINE_CHARS = 1_000_000
_BLOCK_BYTES = 1 << 20
_MOST_UNPACKED_BYTES = 2_000_000_000
_LOOKED_AT_BYTES = 256
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_CYRILLIC = re.compile(rb"[\xc0-\xff]{3}")
_HOW_TO_SAVE = "save it again as UTF-8 (Excel: “CSV UTF-8”; LibreOffice: Character set, Unicode (UTF-8))"


@dataclass(frozen=True, slots=True)
class Part:
    """One file, or one in a zip.

    Attributes:
        place: as the person knows it: ``export.zip: subscribed.csv``.
        open: opens it for reading, from the beginning.
    """

    place: str
    open: Callable[[], IO[bytes]]

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """
        Open it for as long as the context lasts.

        Raises:
            InputError: the zip around it is damaged, or locked by a password.
        """
        try:
            with self.open() as stream:
                yield stream
        except _DAMAGE as error:
            raise InputError.at(self.place, None, "the zip is damaged or locked; export it again") from error

    def head(self) -> bytes:
        """Return how it begins."""
        with self.opened() as stream:
            return stream.read(_BLOCK_BYTES >> 4)

    def lines(self) -> Iterator[tuple[int, str]]:
        """
        Yield every line with its number from 1, its line end left on it, without a BOM.

        Raises:
            InputError: not UTF-8 or UTF-16, or a line is endless; names the encoding and the line.
        """
        is_utf_16 = self.head().startswith(_UTF_16)
        with self.opened() as stream:
            number, text = 0, ""
            source = TextIOWrapper(stream, "utf-16", newline="") if is_utf_16 else _Utf8(stream)
            try:
                while text := source.readline(_MOST_LINE_CHARS):
                    number += 1
                    if len(text) == _MOST_LINE_CHARS:
                        raise InputError.at(self.place, number, "this line has no end; is it the right file?")
                    yield number, text.removeprefix("\ufeff") if number == 1 else text
            except UnicodeDecodeError as error:
                raise InputError.at(self.place, number + 1, _not_readable(error)) from None
            finally:
                # It would close the stream, which is the context's to close.
                if isinstance(source, TextIOWrapper):
                    source.detach()


def parts_of(path: Path) -> list[Part]:
    """
    Return the files at *path*, by name: itself, those of a folder, those in a zip.

    Raises:
        InputError: there is nothing to read.
        OSError: it can't be read.
    """
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.suffix.lower() in _READ_FROM_FOLDERS)
        if not files:
            known = ", ".join(_READ_FROM_FOLDERS)
            raise InputError.at(str(path), None, f"there is no file to read in this folder ({known})")
        return [part for file in files for part in parts_of(file)]
    with path.open("rb") as stream:
        is_zip = stream.read(len(_ZIP)) == _ZIP
    return _zipped(path) if is_zip else [Part(str(path), lambda: path.open("rb"))]


def refuse_unmarked(part: Part, head: bytes) -> None:
    """
    Refuse UTF-16 without a BOM, by how the file begins: half of what is not Cyrillic is zeros in it.

    Raises:
        InputError: it is; names the encoding.
    """
    start = head[:_LOOKED_AT_BYTES]
    if not start.startswith(_UTF_16) and start.count(b"\0") * 8 > len(start):
        raise InputError.at(
            part.place, None, f"the file is UTF-16 without the mark (BOM) that says so; {_HOW_TO_SAVE}"
        )


def digest(parts: list[Part]) -> bytes:
    """Return the SHA-256 of what is in the files, 32 bytes; the same files by other names are the same."""
    found = hashlib.sha256()
    for part in parts:
        with part.opened() as stream:
            own = hashlib.sha256()
            while block := stream.read(_BLOCK_BYTES):
                own.update(block)
            found.update(own.digest())
    return found.digest()


def _zipped(path: Path) -> list[Part]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {
                each.filename: each.file_size for each in archive.infolist() if each.compress_type in _METHODS
            }
    except (*_DAMAGE, ValueError) as error:
        raise InputError.at(str(path), None, "the zip is damaged; export it again") from error
    wanted = [name for name in sorted(sizes) if name.lower().endswith(_READ_FROM_FOLDERS[:-1])]
    # What macOS puts beside each file.
    wanted = [name for name in wanted if not name.startswith("__MACOSX")]
    if not wanted:
        raise InputError.at(str(path), None, "there is no table in this zip; is it the right one?")
    # No more is read of a file than the zip says that it holds.
    if sum(sizes[name] for name in wanted) > _MOST_UNPACKED_BYTES:
        raise InputError.at(
            str(path),
            None,
            "this zip unpacks to more than 2 GB, which no list of readers is; import its files one by one",
        )
    return [Part(f"{path}: {_shown(name)}", _in_zip(path, name)) for name in wanted]


def _in_zip(path: Path, name: str) -> Callable[[], IO[bytes]]:
    def opened() -> IO[bytes]:
        # The member keeps the file open after the archive is closed, and closes it with itself.
        with zipfile.ZipFile(path) as archive:
            return archive.open(name)

    return opened


def _shown(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


class _Utf8:
    """Decodes line by line, so that an error is known by its line."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readline(self, limit: int) -> str:
        return self._stream.readline(limit).decode("utf-8")


def _not_readable(error: UnicodeDecodeError) -> str:
    if error.encoding.lower().startswith("utf-16"):
        return f"the file is damaged UTF-16; {_HOW_TO_SAVE}"
    guess = "windows-1251 or KOI8-R" if _CYRILLIC.search(error.object) else "windows-1252"
    return f"the file is not UTF-8 but most likely {guess}; {_HOW_TO_SAVE}"
