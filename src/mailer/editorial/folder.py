"""Folders of commentary files: all of them are read, or none, and every problem is said at once.

One broken file among sixty must neither slip through nor leave an import half-done. The pictures that
texts show are read with them (darkroom.py).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath

from mailer.editorial.agreement import check_together
from mailer.editorial.blank_files import is_untouched
from mailer.editorial.cell_path import shown_path
from mailer.editorial.commentary_file import MAX_FILE_BYTES, CommentaryFile, Defaults, parse_commentary_file
from mailer.editorial.darkroom import Darkroom, Holds, holds_nothing
from mailer.editorial.encoding import read_text
from mailer.editorial.picture_places import Finder, among_uploads, beside_text
from mailer.errors import InputError, Problem

_SUFFIX = ".md"
_IGNORED = {"readme.md"}


@dataclass(frozen=True, slots=True)
class ReadFiles:
    """What an import read.

    Attributes:
        files: in the order of the paths, a folder's files sorted by path.
        untouched: places of files from “commentary new” in which nobody has written yet; passed over.
        pictures: name to content, of every picture that came with the texts that show it.
        notes: what nobody must mend, and readers would miss: a picture without words.
    """

    files: tuple[CommentaryFile, ...]
    untouched: tuple[str, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    notes: tuple[Problem, ...] = ()


def read_paths(
    paths: Sequence[Path], *, defaults: Defaults | None = None, holds: Holds = holds_nothing
) -> ReadFiles:
    """Read files and folders, recursively.

    In folders ``*.md`` counts, but neither README.md nor what begins with a dot; a file that is named
    itself is read whatever its name. A file reached twice is read once. A picture lies beside the text
    that shows it or below that, and never outside the folder that is read.

    Args:
        paths: files and folders.
        defaults: what holds for a text that does not say otherwise.
        holds: tells which pictures are stored already; a text may name these as ``media:…``.

    Raises:
        InputError: with the problems of all files, each on its own and together; nothing was read then.
    """
    batch = _Batch(defaults, Darkroom(holds))
    for path, root in _found(paths, batch.problems):
        # The full path: "commentary import ." in the folder 2026-W47 knows its week too.
        whole = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links out of the week
        batch.read(path, whole, partial(_content, path), beside_text(whole, root))
    return batch.agreed()


def read_files(
    files: Sequence[tuple[str, bytes]],
    *,
    pictures: Mapping[str, bytes] | None = None,
    defaults: Defaults | None = None,
    holds: Holds = holds_nothing,
) -> ReadFiles:
    """Read files that were handed over as (name, content); a name may hold folders, as in a zip file.

    Args:
        files: the texts.
        pictures: what they may show, name to content; folders count as they do for texts.
        defaults, holds: as for *read_paths*.

    Raises:
        InputError: with the problems of all files, each on its own and together; nothing was read then.
    """
    batch = _Batch(defaults, Darkroom(holds))
    for name, content in files:
        place = PurePosixPath(name)
        batch.read(place, place, partial(bytes, content), among_uploads(place, pictures or {}))
    return batch.agreed()


def counts(name: str) -> bool:
    """Tell whether a file in a folder is a text, by its name alone."""
    lower = name.lower()
    return lower.endswith(_SUFFIX) and not lower.startswith(".") and lower not in _IGNORED


@dataclass(slots=True)
class _Batch:
    """Files on their way in, and what is wrong with them."""

    defaults: Defaults | None
    darkroom: Darkroom
    files: list[CommentaryFile] = field(default_factory=list)
    untouched: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    order: dict[str, int] = field(default_factory=dict)

    def read(self, place: PurePath, path: PurePath, content: Callable[[], bytes], find: Finder) -> None:
        """Read one file; *path* is where it lies when *place*, as the person named it, does not tell."""
        shown = shown_path(place)
        self.order[shown] = len(self.order)
        try:
            held = content()
            if is_untouched(held):
                self.untouched.append(shown)
                return
            file = parse_commentary_file(held, place=place, path=path, defaults=self.defaults)
            self.files.append(self.darkroom.take(file, find, body_line=_body_line(held, file)))
        except InputError as error:
            self.problems += error.problems

    def agreed(self) -> ReadFiles:
        """Return what was read, if all of it is right and agrees."""
        problems = self.problems + check_together(self.files)
        if problems:
            raise InputError(
                sorted(problems, key=lambda each: (self.order.get(each.place, -1), each.line or 0))
            )
        room = self.darkroom
        return ReadFiles(tuple(self.files), tuple(self.untouched), room.pictures, tuple(room.notes))


def _body_line(content: bytes, file: CommentaryFile) -> int:
    """Return the line of a file in which its text begins: the text is the last that is in it."""
    lines = read_text(content, place=file.place, max_bytes=MAX_FILE_BYTES).rstrip().count("\n")
    return lines - file.text.body.count("\n") + 1


def _found(paths: Sequence[Path], problems: list[Problem]) -> Iterator[tuple[Path, Path]]:
    """Yield each file once, with the folder it was named by; a path that leads nowhere becomes a problem."""
    seen: set[str] = set()
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises where a folder above may not be entered
            root, found = path.parent, [path]
        else:
            root = path
            found = _in_folder(path, problems)
            if not found:
                problems.append(
                    Problem(shown_path(path), None, f"there is no file ending in {_SUFFIX} in this folder")
                )
        for file in found:
            real = os.path.realpath(file)
            if real not in seen:
                seen.add(real)
                yield file, root


def _in_folder(folder: Path, problems: list[Problem]) -> list[Path]:
    def unreadable(error: OSError) -> None:
        problems.append(Problem(shown_path(error.filename), None, _sentence(error)))

    found: list[Path] = []
    entered: set[str] = set()
    # A linked folder may hold texts too; one that leads back to where we came from is not entered again.
    for parent, folders, names in os.walk(folder, onerror=unreadable, followlinks=True):
        real = os.path.realpath(parent)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if counts(name)]
    return sorted(found)


def _content(path: Path) -> bytes:
    """Read a file, but never more than shows that it is too large."""
    try:
        # A pipe or device would be waited for without end.
        if path.exists() and not path.is_file():
            raise InputError.at(
                shown_path(path), None, "this is neither a file nor a folder; name one of these"
            )
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError.at(shown_path(path), None, _sentence(error)) from error


def _sentence(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder; check the name"
    if isinstance(error, PermissionError):
        return "you may not read it; change its permissions or run this as its owner"
    reason = (error.strerror or "unknown reason").lower()
    return f"it can’t be read ({reason}); check the disk and try again"
