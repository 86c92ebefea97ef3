"""A newsletter's logo: a file beside newsletter.toml, made ready and named as the site will serve it.

``logo = "logo.png"`` becomes a picture of ours; what is exported, ``logo = "media:…"``, is one already.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from mailer.domain.picture import SCHEME, Picture, parse_picture
from mailer.editorial.darkroom import Holds
from mailer.editorial.picture_apart import make_picture_apart
from mailer.editorial.picture_file import MOST_INPUT_BYTES, Size
from mailer.editorial.theme_table import by_name_alone

MOST: Final[Size] = (560, 120)
"""Pixels; it is shown at half of them, so that it is sharp on every screen."""
LEAST: Final = 10
"""Pixels each way; less would be a line, and half of one is nothing."""


class LogoShelf:
    """Finds logos for *parse_newsletter_file*; holds what is to be stored when the file is right."""

    def __init__(self, folder: Path, holds: Holds) -> None:
        """
        Hold nothing yet.

        Args:
            folder: where newsletter.toml lies; a logo lies there or below.
            holds: tells whether a picture is stored under a name.
        """
        self._folder = folder
        self._holds = holds
        self.pictures: dict[str, bytes] = {}
        """What is to be stored, name to content."""

    def hang(self, logo: str) -> str:
        """Return the name of the picture that *logo* means.

        Raises:
            ValueError: with what is wrong and what to do, to stand after the logo's name.
        """
        if logo.startswith(SCHEME):
            name = by_name_alone(logo)
            if not self._holds(name):
                raise ValueError("is not stored here; write the name of a file beside this one")
            _refuse_thin(parse_picture(name))
            return name
        made = make_picture_apart(self._content(logo), MOST)
        _refuse_thin(made.picture)
        self.pictures[made.picture.name] = made.content
        return made.picture.name

    def _content(self, logo: str) -> bytes:
        # Whoever imports may read every file of this machine; whoever wrote the newsletter.toml may not.
        try:
            file = (self._folder / logo).resolve(strict=True)
            if not file.is_relative_to(self._folder.resolve()):
                raise ValueError("is outside this file’s folder; save it beside this file")
            # A pipe would be waited for, and a device has no end.
            if not file.is_file():
                raise ValueError("is no file; write a picture’s name")
            with file.open("rb") as opened:
                return opened.read(MOST_INPUT_BYTES + 1)
        except FileNotFoundError as error:
            raise ValueError("is not there; save it beside this file, or correct the name") from error
        except (OSError, RuntimeError) as error:
            raise ValueError("can’t be read; check its permissions, or save it again") from error


def _refuse_thin(picture: Picture) -> None:
    if min(picture.width, picture.height) < LEAST:
        raise ValueError(
            f"comes to {picture.width} × {picture.height} pixels, too few to be seen; "
            f"save a larger or less narrow one, with at least {LEAST} each way"
        )
