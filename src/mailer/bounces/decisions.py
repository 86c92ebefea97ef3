"""What people decide about returned mail: the desk and the command line call these.

Whoever decides sees the evidence: the rule that decided, the code and the masked words it was judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailer.audience import departure
from mailer.audience.vault import Vault
from mailer.bounces.forwarding import put_away
from mailer.bounces.retirement import restore, retire
from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind
from mailer.domain.subscription import Event
from mailer.domain.token import Token
from mailer.errors import InvalidMove
from mailer.storage import Database, Transaction, consequences, guards, preferences, readers
from mailer.storage.consequences import Consequence
from mailer.storage.guards import Guard

_EXAMPLES = 5
_LOOKED_AT = 100
"""Of so many bounces: a provider says mostly the same, and one line of it is evidence enough."""
_AT_ONCE = 100
"""Readers in one transaction: senders and pages wait for no more than these."""
_MOST = 10_000_000


@dataclass(frozen=True, slots=True)
class Held:
    """A provider group that a person has to look at.

    Attributes:
        count: how many readers wait for the decision.
        examples: the newest of what the provider said, each answer once, at most five.
    """

    guard: Guard
    count: int
    examples: tuple[Consequence, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything about returned mail that waits for a person."""

    held: tuple[Held, ...]
    proposals: tuple[Consequence, ...]


def waiting(tx: Transaction) -> Waiting:
    """Return what waits for a person, oldest first."""
    held = []
    for guard in guards.open_guards(tx):
        newest = consequences.held(tx, guard.group, _LOOKED_AT, newest=True)
        held.append(Held(guard, consequences.held_count(tx, guard.group), _different(newest)))
    return Waiting(tuple(held), tuple(consequences.proposed(tx)))


def history(tx: Transaction, reader_id: int) -> list[Consequence]:
    """Return everything that came back from a reader and what it led to, newest first."""
    return consequences.of_reader(tx, reader_id)


def stats(tx: Transaction, issue_id: int) -> list[consequences.Count]:
    """Return how many readers of an issue something came back from, by language, provider group and kind.

    The numbers are exact; pages show those below ten as "fewer than 10".
    """
    return consequences.counts(tx, issue_id)


async def undo(database: Database, consequence_id: int, *, operator: str, now: datetime) -> None:
    """
    Take a suppression for a bounce back: the reader is subscribed again as before, without a mail.

    Raises:
        NotFound: there is no such consequence.
        InvalidMove: it suppressed nobody, was undone before, or the reader is kept no more.
    """

    def work(tx: Transaction) -> None:
        found = consequences.get(tx, consequence_id)
        if found.kind is not MailKind.BOUNCE or found.effect is not Effect.SUPPRESSED:
            raise InvalidMove("this mail ended no subscription for a bounce; there is nothing to undo")
        if found.undone_at is not None:
            raise InvalidMove("this has been undone already")
        reader = readers.by_id(tx, found.reader_id)
        if reader is None or not restore(tx, reader, now):
            raise InvalidMove(
                "this reader is kept no more, has left, or is mailed again; if need be, they can sign up anew"
            )
        consequences.take_back(tx, [found.id], Effect.SUPPRESSED, operator=operator, now=now)

    await database.write(work, urgent=True)


async def apply_held(database: Database, guard_id: int, *, operator: str, now: datetime) -> int:
    """
    Believe a provider after all: end the subscriptions that its guard held back; return how many.

    Raises:
        NotFound: there is no such guard.
        InvalidMove: it has been decided before.
    """
    count = 0
    group = (await database.read(lambda tx: guards.still_open(tx, guard_id))).group
    # Some at a time; whoever is stopped in between presses again.
    while some := await database.write(lambda tx: _apply_some(tx, group, now)):
        count += some

    def end(tx: Transaction) -> int:
        rest = 0
        while some := _apply_some(tx, group, now):
            rest += some
        guards.end(tx, guard_id, operator=operator, now=now)
        return rest

    return count + await database.write(end, urgent=True)


async def dismiss(database: Database, guard_id: int, *, operator: str, now: datetime) -> int:
    """
    Do not believe a provider: drop what its guard held back, for all that comes later of that issue too.

    Returns how many bounces were dropped; their readers have been mailed all along.

    Raises:
        NotFound: there is no such guard.
        InvalidMove: it has been decided before.
    """

    def work(tx: Transaction) -> int:
        # One moment for both: by it, guards.state knows that this guard was dismissed.
        guard = guards.end(tx, guard_id, operator=operator, now=now)
        held = [each.id for each in consequences.held(tx, guard.group, _MOST)]
        consequences.take_back(tx, held, Effect.NONE, operator=operator, now=now)
        return len(held)

    return await database.write(work, urgent=True)


async def press_proposal(database: Database, vault: Vault, consequence_id: int, *, now: datetime) -> None:
    """
    Unsubscribe who wrote that they want to leave; they get the goodbye, with its way back.

    Raises:
        NotFound: there is no such consequence.
        InvalidMove: it is no proposal, or has been decided before.
    """

    def work(tx: Transaction) -> None:
        found = _proposal(tx, consequence_id)
        reader = readers.by_id(tx, found.reader_id)
        if reader is not None:
            departure.leave(tx, vault, Token(reader.public_id, newsletter=found.newsletter_id), now)
        consequences.change(tx, [found.id], Effect.UNSUBSCRIBED)
        if found.report_id is not None:
            # What they asked for is done: nobody has to read their letter besides.
            put_away(tx, found.report_id, now)

    await database.write(work, urgent=True)


async def drop_proposal(database: Database, consequence_id: int, *, operator: str, now: datetime) -> None:
    """
    Say that somebody's mail asked for nothing of the kind.

    Raises:
        NotFound: there is no such consequence.
        InvalidMove: it is no proposal, or has been decided before.
    """

    def work(tx: Transaction) -> None:
        found = _proposal(tx, consequence_id)
        consequences.take_back(tx, [found.id], Effect.NONE, operator=operator, now=now)

    await database.write(work, urgent=True)


def _different(newest: list[Consequence]) -> tuple[Consequence, ...]:
    said = {(each.evidence, each.reply): each for each in reversed(newest)}
    return tuple(sorted(said.values(), key=lambda each: -each.id)[:_EXAMPLES])


def _apply_some(tx: Transaction, group: str, now: datetime) -> int:
    some = consequences.held(tx, group, _AT_ONCE)
    for each in some:
        reader = readers.by_id(tx, each.reader_id)
        if reader is not None:
            retire(tx, reader, Event.BOUNCE, now)
    consequences.change(tx, [each.id for each in some], Effect.SUPPRESSED)
    return len(some)


def _proposal(tx: Transaction, consequence_id: int) -> Consequence:
    found = consequences.get(tx, consequence_id)
    preferences.hold(tx, found.reader_id)
    again = consequences.get(tx, consequence_id)
    if again.effect is not Effect.PROPOSED:
        raise InvalidMove("somebody has decided this already; look at the list again")
    return again
