"""A newsletter's own mail templates: ``themes/SLUG/`` beside mailer.toml, laid over ours file by file.

Where they lie follows from the newsletter's slug alone. No setting, page or request names a path, so
nothing that is typed at the desk or sent to us can ever be a template or choose one.

Templates are programs of the operator's own on the server's disk, trusted as the settings are: there
is no sandbox, only the limits of the process that renders (apart.py). A link may lead anywhere.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailer.errors import RenderingError

FOLDER: Final = "themes"
"""Stands beside mailer.toml."""

# Ours lie one folder deep; a link that leads back up must not be followed for ever.
_DEEPEST: Final = 4

Stamp = tuple[tuple[str, int, int], ...]
"""Name, time of change and size of each file: another one when a theme was changed."""


@dataclass(frozen=True, slots=True)
class Themes:
    """Every newsletter's own templates.

    Attributes:
        folder: holds one folder per newsletter that has some, and may be missing; None has none.
    """

    folder: Path | None = None

    def of(self, newsletter: str) -> Path | None:
        """Return the folder of a newsletter's own templates, or None where there is none.

        Args:
            newsletter: slug.

        Raises:
            RenderingError: the folder can't be looked into.
        """
        if self.folder is None:
            return None
        theme = self.folder / newsletter
        try:
            return theme if any(theme.iterdir()) else None
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(shown(theme), error) from error

    def strays(self, newsletters: Sequence[str]) -> list[str]:
        """Return the folders that belong to none of *newsletters*, in order: a slug misspelt, mostly."""
        try:
            found = sorted(each.name for each in self.folder.iterdir()) if self.folder else []
        except OSError:
            return []
        return [name for name in found if name not in newsletters and not name.startswith(".")]


OURS_ALONE: Final = Themes()
"""No newsletter has templates of its own."""


def shown(theme: Path) -> str:
    """Return a theme's folder as operators know it: ``themes/belarus-weekly``."""
    return "/".join(theme.parts[-2:])


def stamp(theme: Path | None) -> Stamp:
    """Return what changes when a file in *theme* does; nothing is read but names and times.

    Raises:
        RenderingError: a file can't be looked at.
    """
    return () if theme is None else tuple(sorted(_seen(theme, theme)))


def files(theme: Path) -> list[str]:
    """Return the names of a theme's files, as templates name each other, in order.

    What begins with a dot or ends with ~ is what editors and systems leave behind.

    Raises:
        RenderingError: a file can't be looked at.
    """
    return [name for name, _, _ in stamp(theme)]


def _seen(theme: Path, folder: Path, depth: int = 0) -> Iterator[tuple[str, int, int]]:
    at = folder
    try:
        for at in folder.iterdir():
            if at.name.startswith(".") or at.name.endswith("~"):
                continue
            there = at.stat()
            if not stat.S_ISDIR(there.st_mode):
                _refuse_odd(theme, at, there)
                yield at.relative_to(theme).as_posix(), there.st_mtime_ns, there.st_size
            elif depth < _DEEPEST:
                yield from _seen(theme, at, depth + 1)
    except OSError as error:
        raise _unreadable(_place(theme, at), error) from error


def _place(theme: Path, at: Path) -> str:
    return "/".join((shown(theme), *at.relative_to(theme).parts))


def _refuse_odd(theme: Path, at: Path, there: os.stat_result) -> None:
    """Refuse what is neither file nor folder: whoever opened a pipe or a device might wait for ever."""
    if not stat.S_ISREG(there.st_mode):
        raise RenderingError(f"{_place(theme, at)} is no file; take it away")


def _unreadable(place: str, error: OSError) -> RenderingError:
    return RenderingError(f"{place} can’t be read ({error.strerror}); let the service’s user read it")
