"""Where a commentary file lies: ``2026-W47/russia.be.md`` names week, topic and language of its cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from mailer.domain.language import Language
from mailer.domain.period import Period
from mailer.editorial.slug import is_slug

# Only forms nobody gives a folder by chance; a folder 2026-11 may well hold all weeks of November.
_PERIOD_FOLDER = re.compile(r"\d{4}-W\d{1,2}|\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d", re.IGNORECASE | re.ASCII)
_FILE_NAME = re.compile(r"([^.]+)\.([a-z]{2,3})\.md", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class CellPath:
    """What a path says about its cell, as written; None where it says nothing.

    Attributes:
        period: the folder's name when it looks like a week or two dates; may name no real week.
        topic: the file name's first part, in small letters.
        language: its second part, in small letters; may be no language of ours.
    """

    period: str | None
    topic: str | None
    language: str | None


def read_cell_path(path: PurePath) -> CellPath:
    """Read what *path* says about its cell.

    A name that is not ``topic.language.md`` says nothing, so files may be named freely when their
    headers say it all.
    """
    folder = path.parent.name
    period = folder if _PERIOD_FOLDER.fullmatch(folder) else None
    match = _FILE_NAME.fullmatch(path.name)
    if match is None or not is_slug(match[1].lower()):
        return CellPath(period, None, None)
    return CellPath(period, match[1].lower(), match[2].lower())


def cell_path(period: Period, topic: str, language: Language) -> str:
    """Return the suggested path of a cell, relative to the folder of all commentaries."""
    return f"{period.key}/{topic}.{language}.md"


def short_path(path: PurePath) -> str:
    """Return folder and file name: how an editor knows a file, without the folders of one machine."""
    return shown_path(PurePath(*path.parts[-2:]))


def shown_path(path: PurePath | str) -> str:
    """Return a path that can be printed and stored: a name of an older machine may not be UTF-8."""
    return str(path).encode("utf-8", "replace").decode()
