"""The darkroom: what texts show is found, made ready, and named in them as the site will serve it.

``![A map](map.jpg)`` in a file becomes ``![A map](media:0123456789abcdef-1120x630.jpg)`` in the stored
text. The file itself stays as its writer left it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from mailer.domain.picture import SCHEME
from mailer.editorial.commentary_file import CommentaryFile
from mailer.editorial.picture_apart import make_picture_apart
from mailer.editorial.picture_file import PictureFile
from mailer.editorial.picture_places import Finder
from mailer.editorial.pictures import Shown, pictures_in, with_addresses
from mailer.errors import InputError, Problem

MOST_IN_A_TEXT: Final = 20
MOST_AT_ONCE: Final = 200
"""Pictures of one import: they are held in memory until all of it is known to be right."""
_LONGEST_SHOWN: Final = 120

Holds = Callable[[str], bool]
"""Tells whether a picture is stored under a name."""


def holds_nothing(_name: str) -> bool:
    """Tell that no picture is stored."""
    return False


class Darkroom:
    """Takes the texts of one import; holds what they show."""

    def __init__(self, holds: Holds = holds_nothing) -> None:
        """Args: holds: which names a text may use that were stored before."""
        self._holds = holds
        # What a writer sent, by its digest: three languages show one map, which is developed once.
        self._developed: dict[bytes, PictureFile] = {}
        self.pictures: dict[str, bytes] = {}
        """What is to be stored, name to content."""
        self.notes: list[Problem] = []
        """What nobody must mend, and readers would miss."""

    def take(self, file: CommentaryFile, find: Finder, *, body_line: int) -> CommentaryFile:
        """
        Return *file* with its pictures named as they will be served.

        Args:
            file: as it was read.
            find: returns the file behind an address.
            body_line: the line of *file* in which its text begins, from 1.

        Raises:
            InputError: with each picture that can't be shown.
        """
        shown, miswritten = pictures_in(file.text.body)
        if len(shown) > MOST_IN_A_TEXT:
            raise InputError.at(
                file.place,
                body_line + shown[MOST_IN_A_TEXT].line - 1,
                f"{len(shown)} pictures are too many for one text; show at most {MOST_IN_A_TEXT}",
            )
        problems = [
            Problem(file.place, body_line + each.line - 1, _no_picture(each.address)) for each in miswritten
        ]
        named: list[tuple[Shown, str]] = []
        for each in shown:
            line = body_line + each.line - 1
            self.notes += [Problem(file.place, line, note) for note in _notes(each)]
            if _is_elsewhere(each.address):
                continue
            try:
                named.append((each, SCHEME + self._name(each.address, find)))
            except ValueError as error:
                problems.append(Problem(file.place, line, str(error)))
        if problems:
            raise InputError(problems)
        return replace(file, text=replace(file.text, body=with_addresses(file.text.body, named)))

    def _name(self, address: str, find: Finder) -> str:
        """Return the name of a picture that is stored or will be; raise ValueError with a sentence."""
        if not address:
            raise ValueError(
                "this picture has no name; write the name of its file between the round brackets"
            )
        if address.startswith(SCHEME):
            if self._holds(address.removeprefix(SCHEME)):
                return address.removeprefix(SCHEME)
            raise ValueError(
                f"“{_plain(address)}” is not stored here; write the name of a file beside the text"
            )
        try:
            developed = self._develop(find(address))
        except ValueError as error:
            raise ValueError(f"the picture “{_plain(address)}” {error}") from error
        self.pictures[developed.picture.name] = developed.content
        if len(self.pictures) > MOST_AT_ONCE:
            raise ValueError(f"these are more than {MOST_AT_ONCE} pictures; import fewer texts at once")
        return developed.picture.name

    def _develop(self, content: bytes) -> PictureFile:
        digest = hashlib.sha256(content).digest()
        if digest not in self._developed:
            self._developed[digest] = make_picture_apart(content)
        return self._developed[digest]


def _is_elsewhere(address: str) -> bool:
    return address.lower().startswith(("http:", "https:", "//"))


def _notes(shown: Shown) -> list[str]:
    name, notes = _plain(shown.address), []
    if not shown.words:
        notes.append(
            f"nothing says what “{name}” shows, and readers with pictures off will not know; "
            "write it between the square brackets"
        )
    if _is_elsewhere(shown.address):
        notes.append(
            f"“{name}” lies on another site, which would learn who reads, so readers get its description; "
            "save the picture beside the text to show it"
        )
    return notes


def _no_picture(address: str) -> str:
    return (
        f"“{_plain(address)}” would not be seen as a picture; write ![what it shows](name.jpg), "
        "and a name with spaces as <my map.jpg>"
    )


def _plain(address: str) -> str:
    """Return an address that can be printed: a writer's ``&#27;`` would reach the terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in address)[:_LONGEST_SHOWN]
