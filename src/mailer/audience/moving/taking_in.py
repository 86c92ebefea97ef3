"""Taking readers in: every line is read and sorted by person first, then persons are decided in slices.

So nothing is stored of files that can't be read to their end, one person on several lists becomes one
reader, and a run that was cut off goes on after the last slice that is in.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from mailer.audience.moving.part import digest, parts_of
from mailer.audience.moving.reading import Reading, recognise
from mailer.audience.moving.sorting import Person, Places, Tell, persons, pile_up
from mailer.audience.moving.terms import Terms
from mailer.audience.vault import Vault
from mailer.domain.arrival import REASONS, STRANGER, Change, Claim, as_of, decide
from mailer.domain.subscription import Standing
from mailer.storage import Database, Transaction, deliveries, import_runs, intake, letters, readers
from mailer.storage.intake import IMPORTED, Found, Newcomer
from mailer.storage.pile import Pile
from mailer.storage.readers import Reader

SLICE = 1_000
"""Persons in one transaction: pages and senders wait for no more than these."""
INVITABLE_FOR = timedelta(days=90)
"""How long somebody without a proven consent waits for a request to confirm, before they are forgotten."""
_ROW_KEPT = timedelta(days=14)
_CHANGES = tuple(Change)
_CHANGE_BITS = 3
_STRANGER = Found(None, STRANGER)


@dataclass(frozen=True, slots=True)
class Move:
    """Files, and how they are read.

    Attributes:
        digest: names the run: the same files read in the same way are the same run.
    """

    readings: Sequence[Reading]
    terms: Terms
    digest: bytes

    @property
    def unread(self) -> tuple[str, ...]:
        """Columns of plain tables that nothing is read from, as they are written, each once."""
        return tuple(dict.fromkeys(column for reading in self.readings for column in reading.unread))


@dataclass(slots=True)
class Report:
    """What an import did, or would do.

    Attributes:
        changes: how many persons by what becomes of them; of this run alone, when it went on.
        unusable: lines without a mailable address.
        unread: columns that nothing was read from.
        skipped: persons that an earlier run had taken in before it was cut off.
        done_at: when the same files were taken in before; then nothing was done.
        of_lines: for each line its place and, in the lowest bits, what becomes of its person; empty
            unless it was asked for.
    """

    unusable: Places
    unread: tuple[str, ...] = ()
    changes: Counter[Change] = field(default_factory=Counter)
    skipped: int = 0
    done_at: datetime | None = None
    of_lines: array[int] = field(default_factory=lambda: array("Q"))

    def lines(self) -> Iterator[tuple[str, str]]:
        """Yield every line's place with what becomes of its person, in the order of the files."""
        lines = [*self.of_lines, *(place << _CHANGE_BITS | len(_CHANGES) for place in self.unusable.packed)]
        for packed in sorted(lines):
            number = packed & ((1 << _CHANGE_BITS) - 1)
            change = _CHANGES[number].value if number < len(_CHANGES) else "no address"
            yield self.unusable.shown(packed >> _CHANGE_BITS), change


def plan_move(path: Path, named: str | None, terms: Terms) -> Move:
    """
    Look at the files at *path* and say how they are read; nothing is stored.

    Args:
        path: a file, a zip or a folder.
        named: what --from says; None looks by itself.

    Raises:
        InputError: nobody exports such files.
        UsageError: they are another service's than --from says.
        OSError: they can't be read.
    """
    parts = parts_of(path)
    run = hashlib.sha256(digest(parts) + repr(terms).encode("utf-8", "backslashreplace")).digest()
    return Move([recognise(part, named) for part in parts], terms, run)


async def take_in(
    database: Database, vault: Vault, move: Move, *, now: datetime, tell: Tell, at_once: int = SLICE
) -> Report:
    """
    Take everybody in whom the files name, *at_once* persons in a transaction; once more does nothing.

    Raises:
        InputError: a line can't be understood; nothing is stored.
        StorageError: the database said no; the next run goes on where this one stopped.
    """
    with Pile() as pile:
        report = Report(pile_up(pile, move.readings, move.terms, vault=vault, tell=tell), move.unread)
        run = await database.write(lambda tx: import_runs.begin(tx, move.digest, now))
        if run.ended_at is not None:
            report.done_at = run.ended_at
            return report
        count, done = pile.person_count(), run.done_count
        report.skipped = done
        everybody = islice(persons(pile, move.readings), done, None)
        while some := list(islice(everybody, at_once)):
            done += len(some)
            report.changes += await database.write(_slice(move, some, done, now))
            tell("taking in", done, count)
        await database.write(lambda tx: import_runs.end(tx, move.digest, now))
        return report


async def foresee(
    database: Database, vault: Vault, move: Move, *, now: datetime, with_places: bool, tell: Tell
) -> Report:
    """
    Say what *take_in* would do, storing nothing.

    Raises:
        InputError: a line can't be understood.
    """
    with Pile() as pile:
        report = Report(pile_up(pile, move.readings, move.terms, vault=vault, tell=tell), move.unread)
        count = pile.person_count()
        everybody = persons(pile, move.readings)
        while some := list(islice(everybody, SLICE)):
            decided = await database.read(lambda tx, some=some: _decided(tx, move, some, now))  # type: ignore[misc]
            report.changes.update(change for _, _, change in decided)
            if with_places:
                report.of_lines.extend(
                    place << _CHANGE_BITS | _CHANGES.index(change)
                    for person, _, change in decided
                    for place in person.places
                )
            tell("deciding", sum(report.changes.values()), count)
        return report


def _slice(
    move: Move, some: Sequence[Person], done: int, now: datetime
) -> Callable[[Transaction], Counter[Change]]:
    """Return what takes a slice in and notes that *done* persons are in, in one transaction."""

    def write(tx: Transaction) -> Counter[Change]:
        decided = _decided(tx, move, some, now)
        month = f"{now:%Y-%m}"
        slug = move.terms.newsletter
        intake.admit(tx, slug, list(_newcomers(move, decided, now)), changed_month=month)
        intake.stop(
            tx,
            [
                (who.index, REASONS[who.arrival.claim])
                for who, _, change in decided
                if change is Change.STOPPED
            ],
            since_month=month,
        )
        ended = [
            found.reader_id for _, found, change in decided if change is Change.ENDED and found.reader_id
        ]
        letters.withdraw_invitations(tx, ended, slug)
        for person, found, change in decided:
            if change is Change.ENDED:
                _end(tx, slug, person, found, now=now)
        import_runs.advance(tx, move.digest, done)
        return Counter(change for _, _, change in decided)

    return write


def _decided(
    tx: Transaction, move: Move, some: Sequence[Person], now: datetime
) -> list[tuple[Person, Found, Change]]:
    found = intake.find(tx, move.terms.newsletter, [person.index for person in some])
    heard = [replace(person, arrival=as_of(person.arrival, now)) for person in some]
    theirs = [(person, found.get(person.index, _STRANGER)) for person in heard]
    return [(person, here, decide(here.known, person.arrival)) for person, here in theirs]


def _newcomers(
    move: Move, decided: Sequence[tuple[Person, Found, Change]], now: datetime
) -> Iterator[Newcomer]:
    for person, found, change in decided:
        if change is Change.SUBSCRIBED:
            yield _newcomer(move, person, found, standing=Standing.ACTIVE, forget_at=None)
        elif change is Change.WAITING:
            yield _newcomer(move, person, found, standing=Standing.PENDING, forget_at=now + INVITABLE_FOR)


def _newcomer(
    move: Move, person: Person, found: Found, *, standing: Standing, forget_at: datetime | None
) -> Newcomer:
    arrival = person.arrival
    reader = Reader(
        id=found.reader_id or 0,
        public_id=person.public_id,
        sealed_address=person.sealed,
        address_index=person.index,
        provider_group=person.provider_group,
        language=arrival.language,
        missing_choice=arrival.missing,
    )
    proven_at = arrival.at if arrival.claim is Claim.CONFIRMED else None
    return Newcomer(
        reader,
        standing,
        channel=_channel(move.terms, person),
        consent_at=proven_at.replace(minute=0, second=0, microsecond=0) if proven_at else None,
        forget_at=forget_at,
    )


def _channel(terms: Terms, person: Person) -> str:
    """Return the consent record's words for how somebody came."""
    named = person.arrival.list_name
    words = f"{IMPORTED}{person.service}" + (f", list “{named}”" if named else "")
    return f"{words}: {terms.source}" if terms.source else words


def _end(tx: Transaction, slug: str, person: Person, found: Found, *, now: datetime) -> None:
    """End what an earlier import began: they left, or may not be mailed."""
    assert found.reader_id is not None
    reason = REASONS[person.arrival.claim]
    if found.known.standing is Standing.PENDING:
        readers.end_subscription(tx, found.reader_id, slug)
    else:
        readers.set_standing(
            tx,
            found.reader_id,
            slug,
            reason,
            changed_month=f"{now:%Y-%m}",
            confirm_hash=None,
            forget_at=now + _ROW_KEPT,
        )
        deliveries.skip_reader(tx, found.reader_id, slug, now)
    if not readers.has_live_subscription(tx, found.reader_id):
        readers.forget_address(tx, found.reader_id)
        intake.stop(tx, [(person.index, reason)], since_month=f"{now:%Y-%m}")
