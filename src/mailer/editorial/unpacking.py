"""What somebody uploads becomes named files: texts as they are, zip files opened with bounds on everything.

A zip file can claim a thousand entries, unpack to gigabytes, or name places outside its folder. Nothing
is written to a disk here, nothing is believed that the archive says of itself, and what is refused is
said in a sentence with the name of the file.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Final

from mailer.editorial.commentary_file import MAX_FILE_BYTES
from mailer.editorial.folder import counts
from mailer.errors import InputError

MOST_FILES: Final = 200
MOST_BYTES: Final = 10_000_000
"""All texts together, unpacked."""
_MOST_ENTRIES: Final = 2_000
"""Folders and pictures beside the texts are passed over, but they cost memory too."""
_MOST_NAME_CHARACTERS: Final = 200
_ENTRY_MARK: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
# Everything that a damaged archive has been seen to raise from the standard library.
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError,
)  # fmt: skip


def unpack(uploads: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return every text that was uploaded, as (name, content); names in a zip file keep their folders.

    Args:
        uploads: name and content of each file as the browser sent it.

    Raises:
        InputError: nothing came, too much came, or an archive can't be read.
    """
    files: list[tuple[str, bytes]] = []
    for sent_name, content in uploads:
        # Some browsers send the whole path; only its end says anything.
        name = _checked(re.split(r"[/\\]", sent_name)[-1], sent_name)
        if name.lower().endswith(".zip"):
            files += _unzipped(name, content, room=MOST_BYTES - _size(files))
        elif name.lower().endswith(".md"):
            files.append((name, content))
        else:
            raise InputError.at(name, None, "this is neither a text (.md) nor a .zip file of texts")
    if not files:
        raise InputError.at("Add texts", None, "no file was chosen; choose .md files or one .zip of them")
    if len(files) > MOST_FILES:
        raise InputError.at(
            "Add texts", None, f"{len(files)} files are too many; send at most {MOST_FILES} at once"
        )
    if _size(files) > MOST_BYTES:
        raise _too_large("Add texts")
    return files


def _unzipped(archive: str, content: bytes, *, room: int) -> list[tuple[str, bytes]]:
    # Counted before it is opened: the standard library makes an object of every entry first.
    if content.count(_ENTRY_MARK) > _MOST_ENTRIES:
        raise InputError.at(archive, None, f"it has more than {_MOST_ENTRIES} entries; send only the texts")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            texts = [entry for entry in opened.infolist() if _is_text(entry, archive)]
            if len(texts) > MOST_FILES:
                raise InputError.at(
                    archive, None, f"it holds {len(texts)} texts; send at most {MOST_FILES} at once"
                )
            return _contents(opened, texts, archive, room=room)
    except _DAMAGE as error:
        raise InputError.at(
            archive, None, "this zip file is damaged or of a kind we can’t read; make it anew"
        ) from error


def _contents(
    opened: zipfile.ZipFile, texts: Sequence[zipfile.ZipInfo], archive: str, *, room: int
) -> list[tuple[str, bytes]]:
    found = []
    for entry in texts:
        if entry.flag_bits & _ENCRYPTED:
            raise InputError.at(archive, None, "it is locked by a password; send it without one")
        with opened.open(entry) as file:
            # What the archive says of a size is not believed: a bomb ends here, one byte too late.
            held = file.read(min(MAX_FILE_BYTES, room) + 1)
        room -= len(held)
        if room < 0:
            raise _too_large(archive)
        found.append((_checked(entry.filename, archive), held))
    if not found:
        raise InputError.at(archive, None, "there is no file ending in .md in it")
    return found


def _is_text(entry: zipfile.ZipInfo, archive: str) -> bool:
    path = PurePosixPath(_checked(entry.filename, archive))
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts[:-1])
    return not entry.is_dir() and not hidden and counts(path.name)


def _checked(name: str, shown: str) -> str:
    """Return a name with slashes, or refuse one that leads out of its folder or that no page could show."""
    if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable():
        raise InputError.at(
            "".join(letter for letter in shown if letter.isprintable())[:_MOST_NAME_CHARACTERS] or "a file",
            None,
            f"a name in it is empty, longer than {_MOST_NAME_CHARACTERS} letters or not printable; rename it",
        )
    name = name.replace("\\", "/")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in name:
        raise InputError.at(shown, None, f"“{name}” leads out of its folder; make the zip file anew")
    return name


def _size(files: Sequence[tuple[str, bytes]]) -> int:
    return sum(len(content) for _, content in files)


def _too_large(place: str) -> InputError:
    megabytes = MOST_BYTES // 1_000_000
    return InputError.at(place, None, f"the texts come to more than {megabytes} MB; send fewer at once")
