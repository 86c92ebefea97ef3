"""How a file is to be read: what the person who moves says beside what stands in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.domain.arrival import Claim, fold
from mailer.domain.language import Language, parse_language

LEAVE_OUT = "leave-out"


class UnknownList(LookupError):  # noqa: N818 - reads as what it is where it is caught
    """Nobody has said what the readers of a list get."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for every line of an import.

    Attributes:
        newsletter: slug of ours that the readers come to.
        languages: of that newsletter.
        lists: by the other service's name of a list, what its readers get; None leaves the list out.
        list_name: of the one list, where the file names none.
        status: what holds for every line; a line that says something lower goes before it.
        source: how these readers came, for the consent record; may be empty.
        since: when they consented, where the lines do not say, aware UTC.
    """

    newsletter: str
    languages: Sequence[Language]
    lists: Mapping[str, Language | None] = field(default_factory=dict)
    list_name: str = ""
    status: Claim | None = None
    source: str = ""
    since: datetime | None = None

    def language_of(self, list_name: str) -> Language | None:
        """Return what the readers of a list get; None where the list is left out.

        Raises:
            UnknownList: neither --map nor a newsletter of one language says so.
        """
        folded = {fold(name): language for name, language in self.lists.items()}
        if fold(list_name) in folded:
            return folded[fold(list_name)]
        # Whoever maps lists means those: another one is forgotten or mistyped, not meant too.
        if not folded and len(self.languages) == 1:
            return self.languages[0]
        raise UnknownList(list_name)


def parse_map(text: str) -> tuple[str, Language | None]:
    """Read ``Weekly BE=be``, or ``Old test=leave-out``.

    Raises:
        ValueError: it is none of these; the message says what to write.
    """
    name, _, language = text.rpartition("=")
    if not name.strip():
        raise ValueError("write it as 'Weekly BE=be', or 'Old test=leave-out'")
    if language.strip().lower() == LEAVE_OUT:
        return name, None
    return name, parse_language(language)
