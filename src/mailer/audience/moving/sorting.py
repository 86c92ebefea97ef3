"""From lines to persons: each line is sealed and piled up, then taken up again person by person."""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from mailer.audience.address import NotAnAddress
from mailer.audience.moving.addressbook import AddressBook
from mailer.audience.moving.entry import Entry
from mailer.audience.moving.reading import Problems, Reading
from mailer.audience.moving.terms import Terms, UnknownList
from mailer.audience.vault import Vault
from mailer.domain.arrival import EVERYWHERE, Arrival, Claim, Mention, gather
from mailer.domain.language import Language
from mailer.domain.provider import provider_group
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.errors import InputError
from mailer.storage.pile import Pile, PiledLine

_TELL_EVERY = 1_000
_LINE_BITS = 32
Tell = Callable[[str, int, int | None], None]
"""Hears what is being done, how much of it is done, and of how much (None: not known)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the files name.

    Attributes:
        index: of the address.
        service: the one that the deciding line came from.
        places: of every line about them, as Places packs them.
        sealed: the address, sealed to *public_id*.
    """

    index: bytes
    arrival: Arrival
    service: str
    places: tuple[int, ...]
    public_id: bytes
    sealed: bytes
    provider_group: str


@dataclass(slots=True)
class Places:
    """Lines of files by number, so that millions of them need little memory.

    Attributes:
        names: of the files, in their order.
    """

    names: Sequence[str]
    packed: array[int] = field(default_factory=lambda: array("Q"))

    def add(self, part: int, line: int) -> None:
        """Note a line."""
        self.packed.append(pack(part, line))

    def __len__(self) -> int:
        return len(self.packed)

    def shown(self, place: int) -> str:
        """Return a place as a person knows it."""
        return f"{self.names[place >> _LINE_BITS]}:{place & ((1 << _LINE_BITS) - 1)}"


def pack(part: int, line: int) -> int:
    """Return a place as one number; they sort by file and line."""
    return part << _LINE_BITS | line


def pile_up(pile: Pile, readings: Sequence[Reading], terms: Terms, *, vault: Vault, tell: Tell) -> Places:
    """
    Read every line of every file onto the pile; return the places of those without a mailable address.

    Raises:
        InputError: a file can't be read to its end, or says something that we don't understand.
    """
    sorter = _Sorter(pile, terms, vault, Places([reading.part.place for reading in readings]))
    count = 0
    for number, reading in enumerate(readings):
        try:
            for entry in reading.entries(terms):
                count += 1
                if count % _TELL_EVERY == 0:
                    tell("reading", count, None)
                sorter.put(number, reading, entry)
        except InputError as error:
            sorter.problems.note(error)
    sorter.problems.refuse()
    tell("reading", count, count)
    return sorter.unusable


class _Sorter:
    """Puts what the lines say onto the pile, and notes what can't be."""

    def __init__(self, pile: Pile, terms: Terms, vault: Vault, unusable: Places) -> None:
        self._pile = pile
        self._terms = terms
        self._vault = vault
        self._addresses = AddressBook()
        self._languages: dict[str, Language | None] = {}
        # Lines that name several lists come as several entries: their address is sealed once.
        self._sealed_at: tuple[int, int, str] | None = None
        self._sealed = _Sealed(b"", b"", b"", "")
        self.unusable = unusable
        self.problems = Problems()

    def put(self, part: int, reading: Reading, entry: Entry) -> None:
        """Put one line onto the pile, unless its list is left out and it says nothing of other lists."""
        if "\0" in entry.list_name:
            # JSON can write it, and PostgreSQL can't store it.
            message = "the name of a list holds a NUL character; take it out, or export the file again"
            self.problems.note(InputError.at(reading.part.place, entry.line, message))
            return
        try:
            language = self._language_for(entry)
        except UnknownList:
            self.problems.note(_unknown_list(reading, entry, self._terms))
            return
        if language is None:
            return
        if language not in self._terms.languages:
            self.problems.note(_not_offered(reading, entry, self._terms))
            return
        place = (part, entry.line, entry.address)
        if place != self._sealed_at:
            try:
                self._sealed = self._seal(entry.address)
            except NotAnAddress:
                self.unusable.add(part, entry.line)
                return
            self._sealed_at = place
        at = entry.at.timestamp() if entry.at else None
        said = (part, entry.line, entry.list_name, language.value, entry.claim.value, at)
        self._pile.add(PiledLine(self._sealed.person, *said, *self._sealed[1:]))

    def _language_for(self, entry: Entry) -> Language | None:
        if entry.claim in EVERYWHERE:
            # Of any list, or of none; nobody will be mailed in it.
            return self._terms.languages[0]
        return entry.language or self._language_of(entry.list_name)

    def _language_of(self, list_name: str) -> Language | None:
        if list_name not in self._languages:
            self._languages[list_name] = self._terms.language_of(list_name)
        return self._languages[list_name]

    def _seal(self, written: str) -> _Sealed:
        address = self._addresses.read(written)
        public_id = os.urandom(PUBLIC_ID_BYTES)
        sealed = self._vault.seal(address.spec.encode(), public_id)
        return _Sealed(self._vault.index(address), public_id, sealed, provider_group(address.domain))


class _Sealed(NamedTuple):
    person: bytes
    public_id: bytes
    sealed: bytes
    provider_group: str


def persons(pile: Pile, readings: Sequence[Reading]) -> Iterator[Person]:
    """Yield everybody on the pile, in the same order every time."""
    for lines in pile.by_person():
        arrival = gather([_mention(line) for line in lines])
        decisive = next(line for line in lines if line.list_name == arrival.list_name)
        yield Person(
            index=decisive.person,
            arrival=arrival,
            service=readings[decisive.part].service,
            places=tuple(dict.fromkeys(pack(line.part, line.line) for line in lines)),
            public_id=decisive.public_id,
            sealed=decisive.sealed,
            provider_group=decisive.provider_group,
        )


def _not_offered(reading: Reading, entry: Entry, terms: Terms) -> InputError:
    offered = ", ".join(terms.languages)
    message = f"{terms.newsletter} is not published in this language; write one of {offered}"
    return InputError.at(reading.part.place, entry.line, message)


def _unknown_list(reading: Reading, entry: Entry, terms: Terms) -> InputError:
    place, name = reading.part.place, entry.list_name
    if not name:
        return InputError.at(
            place,
            None,
            "nothing says which language these readers get; add --list NAME and --map 'NAME=be'",
        )
    # A list's name is no reader's; but only where nothing else can stand in its place is it shown.
    if reading.service == "listmonk" or name == terms.list_name:
        shown = name if "@" not in name else "…"
        return InputError.at(place, None, f"add --map '{shown}=be' (or another language, or =leave-out)")
    return InputError.at(place, entry.line, "column “list” names a list that is not in --map; add it")


def _mention(line: PiledLine) -> Mention:
    at = datetime.fromtimestamp(line.at, UTC) if line.at is not None else None
    return Mention(line.list_name, Language(line.language), Claim(line.claim), at)
