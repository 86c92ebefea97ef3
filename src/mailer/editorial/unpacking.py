"""What somebody uploads becomes named texts and pictures; zip files are opened with bounds on everything.

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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from mailer.editorial.commentary_file import MAX_FILE_BYTES
from mailer.editorial.folder import counts
from mailer.editorial.picture_file import MOST_INPUT_BYTES
from mailer.editorial.picture_places import is_picture
from mailer.errors import InputError

MOST_FILES: Final = 200
MOST_BYTES: Final = 10_000_000
"""All texts together, unpacked."""
MOST_PICTURE_BYTES: Final = 20_000_000
"""All pictures together, unpacked."""
_MOST_ENTRIES: Final = 2_000
"""Folders and notes beside the texts are passed over, but they cost memory too."""
_MOST_NAME_CHARACTERS: Final = 200
_ENTRY_MARK: Final = b"PK\x01\x02"
_ENCRYPTED: Final = 0x1
# Everything that a damaged archive has been seen to raise from the standard library.
_DAMAGE: Final = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What was uploaded.

    Attributes:
        texts: (name, content), in the order they came; names in a zip file keep their folders.
        pictures: name to content.
    """

    texts: Sequence[tuple[str, bytes]]
    pictures: Mapping[str, bytes]


def unpack(uploads: Sequence[tuple[str, bytes]]) -> Unpacked:
    """Return every text and picture that was uploaded.

    Args:
        uploads: name and content of each file as the browser sent it.

    Raises:
        InputError: nothing came, too much came, or an archive can't be read.
    """
    received = _Received()
    for sent_name, content in uploads:
        # Some browsers send the whole path; only its end says anything.
        name = _checked(re.split(r"[/\\]", sent_name)[-1], sent_name)
        if name.lower().endswith(".zip"):
            _unzip(name, content, received)
        elif name.lower().endswith(".md"):
            received.add_text(name, content, "Add texts")
        elif is_picture(name):
            received.add_picture(name, content, "Add texts")
        else:
            raise InputError.at(
                name, None, "this is neither a text (.md), a picture, nor a .zip file of them"
            )
    texts = received.texts
    if not texts:
        what = "text" if received.pictures else "file"
        raise InputError.at("Add texts", None, f"no {what} was chosen; choose .md files or one .zip of them")
    if len(texts) > MOST_FILES:
        raise InputError.at(
            "Add texts", None, f"{len(texts)} files are too many; send at most {MOST_FILES} at once"
        )
    return Unpacked(texts, received.pictures)


class _Received:
    """What has come so far, and how much more may."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, bytes]] = []
        self.pictures: dict[str, bytes] = {}
        self._text_room = MOST_BYTES
        self._picture_room = MOST_PICTURE_BYTES

    @property
    def most_text(self) -> int:
        """How many bytes of one text need to be looked at: one more than we take."""
        return min(MAX_FILE_BYTES, self._text_room) + 1

    @property
    def most_picture(self) -> int:
        """The same for a picture."""
        return min(MOST_INPUT_BYTES, self._picture_room) + 1

    def add_text(self, name: str, content: bytes, place: str) -> None:
        self._text_room -= len(content)
        if self._text_room < 0:
            raise _too_large(place, "texts", MOST_BYTES)
        self.texts.append((name, content))

    def add_picture(self, name: str, content: bytes, place: str) -> None:
        self._picture_room -= len(content)
        if self._picture_room < 0:
            raise _too_large(place, "pictures", MOST_PICTURE_BYTES)
        if self.pictures.setdefault(name, content) != content:
            raise InputError.at(
                place, None, f"two different pictures are called “{name}”; rename one of them"
            )


def _unzip(archive: str, content: bytes, received: _Received) -> None:
    # Counted before it is opened: the standard library makes an object of every entry first.
    if content.count(_ENTRY_MARK) > _MOST_ENTRIES:
        raise InputError.at(archive, None, f"it has more than {_MOST_ENTRIES} entries; send only the texts")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = [(_checked(entry.filename, archive), entry) for entry in opened.infolist()]
            seen = [(PurePosixPath(name), entry) for name, entry in entries if _is_seen(name)]
            texts = [(path, entry) for path, entry in seen if counts(path.name)]
            pictures = [(path, entry) for path, entry in seen if is_picture(path.name)]
            if not texts:
                raise InputError.at(archive, None, "there is no file ending in .md in it")
            if len(texts) > MOST_FILES:
                raise InputError.at(
                    archive, None, f"it holds {len(texts)} texts; send at most {MOST_FILES} at once"
                )
            for path, entry in texts:
                received.add_text(str(path), _read(opened, entry, archive, received.most_text), archive)
            for path, entry in pictures:
                received.add_picture(str(path), _read(opened, entry, archive, received.most_picture), archive)
    except _DAMAGE as error:
        raise InputError.at(
            archive, None, "this zip file is damaged or of a kind we can’t read; make it anew"
        ) from error


def _read(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, archive: str, most: int) -> bytes:
    if entry.flag_bits & _ENCRYPTED:
        raise InputError.at(archive, None, "it is locked by a password; send it without one")
    with opened.open(entry) as file:
        # What the archive says of a size is not believed: a bomb ends here, one byte too late.
        return file.read(most)


def _is_seen(name: str) -> bool:
    """Tell whether an entry is a file that its maker sees: no folder, and nothing hidden."""
    hidden = any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    return not hidden and not name.endswith("/")


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


def _too_large(place: str, what: str, most: int) -> InputError:
    return InputError.at(
        place, None, f"the {what} come to more than {most // 1_000_000} MB; send fewer at once"
    )
