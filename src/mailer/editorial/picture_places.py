"""Where a text's pictures lie: beside it, or in a folder below it, and nowhere else.

A text may come from anybody who writes for the newsletter. It must not be able to publish a file of this
machine by naming it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, TypeAlias
from urllib.parse import unquote

from mailer.domain.nearest import did_you_mean
from mailer.editorial.cell_path import shown_path
from mailer.editorial.picture_file import MOST_INPUT_BYTES

SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".bmp", ".svg", ".heic", ".heif", ".tif", ".tiff"}
)
"""What people call pictures; not all of them can be shown, and whoever tries is told so."""

Finder: TypeAlias = Callable[[str], bytes]
"""Returns the file that a text calls by an address, at most one byte more than the most we take.

It raises ValueError with what is wrong, to stand after the address.
"""


def is_picture(name: str) -> bool:
    """Tell whether a file is a picture, by its name alone."""
    return PurePosixPath(name.lower()).suffix in SUFFIXES


def beside_text(text: Path, root: Path) -> Finder:
    """Return what finds pictures on the disk.

    Args:
        text: the file, by its full path.
        root: the folder that is imported; a link may lead to another place below it, and not out of it.
    """

    def find(address: str) -> bytes:
        folder = text.parent
        for path in _paths(address):
            found = _listed(folder, path)
            if found is not None:
                return _read(found, within=(root, folder))
        raise ValueError(_not_there(address, _names(folder), "save it beside the text"))

    return find


def among_uploads(text: PurePosixPath, pictures: Mapping[str, bytes]) -> Finder:
    """Return what finds pictures in an upload, name to content; names hold the folders of a zip file."""
    by_name = {_composed(name): content for name, content in pictures.items()}

    def find(address: str) -> bytes:
        for path in _paths(address):
            content = by_name.get(_composed(str(text.parent / path)))
            if content is not None:
                return content
        beside = [PurePosixPath(name).name for name in by_name if PurePosixPath(name).parent == text.parent]
        raise ValueError(_not_there(address, beside, "choose it together with the text"))

    return find


def _paths(address: str) -> Iterator[PurePosixPath]:
    """Yield what an address may mean: as it is written, and as a browser would read it."""
    for written in dict.fromkeys((address, unquote(address))):
        path = PurePosixPath(written.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in written or not written.isprintable():
            raise ValueError("is outside the text’s folder; save it beside the text and write its name alone")
        yield path


def _listed(folder: Path, path: PurePosixPath) -> Path | None:
    """Return the file that lies there under this name, however its letters are composed."""
    at = folder
    for part in path.parts:
        wanted = _composed(part)
        # macOS may have stored й and ў as two characters; names are looked at only where the plain one fails.
        names = [part] if (at / part).exists() else _names(at)
        match = next((name for name in names if _composed(name) == wanted), None)
        if match is None:
            return None
        at /= match
    return at


def _read(path: Path, *, within: Iterable[Path]) -> bytes:
    try:
        real = path.resolve(strict=True)
        if not any(real.is_relative_to(folder.resolve()) for folder in within):
            raise ValueError("is a link that leads out of the folder; copy the file itself beside the text")
        if not real.is_file():
            raise ValueError("is no file; write a picture’s name")
        with real.open("rb") as file:
            return file.read(MOST_INPUT_BYTES + 1)
    except (OSError, RuntimeError) as error:
        raise ValueError("can’t be read; check its permissions, or save it again") from error


def _names(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir())
    except OSError:
        return []


def _not_there(address: str, names: Iterable[str], remedy: str) -> str:
    near = did_you_mean(PurePosixPath(address).name, [shown_path(name) for name in names if is_picture(name)])
    return f"is not there{near}; {remedy}, or correct the name"


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
