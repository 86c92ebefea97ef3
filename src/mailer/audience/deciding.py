"""Deciding sign-ups: requests that the pages have written down become subscriptions and Letters."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeAlias, TypeVar

import structlog

from mailer.audience import settings_link
from mailer.audience.application import Application, carry_out, opened
from mailer.audience.flood import Flood, Joins, Weighing
from mailer.audience.proof import Proof, Proofs
from mailer.audience.vault import Vault
from mailer.domain.flood import Drop, Go, Wait
from mailer.errors import KeysError, MailerError
from mailer.storage import Database, Transaction, signups, spent_proofs
from mailer.storage.signups import SignupRequest

T = TypeVar("T")

_BEAT_S: Final = 0.5
"""Between two looks: a mail to confirm leaves so much later at most."""
_BATCH: Final = 100
_SLICE: Final = 10
"""Sign-ups written down in one transaction: those that are coming in wait for no more than these."""
_REST: Final = 2.0
"""While many wait, for each second of deciding so many are left to the pages."""
_UNREADABLE_FOR: Final = timedelta(minutes=1)
"""After which what could not be read is tried again: its key may be on the way (audience/keyring.py)."""
_log = structlog.get_logger()


class Deciding:
    """Looks for requests by its own clock: nobody's sign-up sets it off (docs/sign-up-defence.md)."""

    def __init__(
        self,
        database: Database,
        judging: Judging,
        *,
        clock: Callable[[], datetime],
        decided: Callable[[], None],
    ) -> None:
        """
        Decide nothing yet.

        Args:
            database: of the installation.
            judging: with what sign-ups are decided.
            clock: aware UTC.
            decided: called when Letters may have been written.
        """
        self._database = database
        self._judging = judging
        self._clock = clock
        self._decided = decided

    async def run(self) -> None:
        """Decide until cancelled."""
        while True:
            # On the beat, whenever the last look ended: how long that took tells of those it decided.
            await asyncio.sleep(_BEAT_S - time.monotonic() % _BEAT_S)
            try:
                while await self._decide_some() == _BATCH:
                    pass
            except MailerError as error:
                _log.error("signups.failed", reason=str(error))

    async def _decide_some(self) -> int:
        began = time.monotonic()
        count = await decide_waiting(self._database, self._judging, now=self._clock())
        if count:
            self._decided()
            # Those who wait can wait; the pages share this process, and must answer everybody.
            await asyncio.sleep(_REST * (time.monotonic() - began))
        return count


@dataclass(frozen=True, slots=True)
class Judging:
    """With what sign-ups are decided.

    Attributes:
        vault: opens what visitors typed.
        flood: holds back what is too much.
        proofs: check the proofs of work; None where nobody sets any.
    """

    vault: Vault
    flood: Flood
    proofs: Proofs | None = None


_Wish: TypeAlias = tuple[Application | settings_link.Asked, Proof | None]
"""What a request asks for, and the work that was done for it."""


@dataclass(slots=True)
class _Decided:
    """What becomes of each request of one look, before it is written down."""

    going: list[tuple[Application, Proof | None]] = field(default_factory=list)
    asked_settings: list[tuple[settings_link.Asked, Proof | None]] = field(default_factory=list)
    later: dict[int, datetime] = field(default_factory=dict)
    joined: list[tuple[int, SignupRequest]] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    dropped: int = 0


async def decide_waiting(database: Database, judging: Judging, *, now: datetime) -> int:
    """Decide up to 100 sign-ups that are due, oldest first; return how many."""

    def look(tx: Transaction) -> tuple[list[SignupRequest], int]:
        return signups.due(tx, now, _BATCH), signups.waiting(tx, now).many

    waiting, held = await database.read(look)
    judging.flood.heard(sum(request.due_at is None for request in waiting), held, now)
    if not waiting:
        return 0
    # A proof costs the checker milliseconds too.
    wishes, unreadable = await asyncio.to_thread(_opened, judging, waiting)
    # What a flood brings is nearly all not to be mailed now: that is found out beside the writer, which
    # has an issue's copies to write down.
    decided = await database.read(lambda tx: _weighed(tx, judging.flood, wishes, now=now, held=held))
    decided.later.update(dict.fromkeys(unreadable, now + _UNREADABLE_FOR))
    await database.write(lambda tx: _put_aside(tx, decided))
    for going in _slices(decided.going):
        await database.write(partial(_carry_out, vault=judging.vault, going=going, now=now))
    for asked in _slices(decided.asked_settings):
        await database.write(partial(_answer, vault=judging.vault, asked=asked, now=now))
    judging.flood.dropped(decided.dropped)
    return len(waiting)


def _opened(judging: Judging, waiting: Sequence[SignupRequest]) -> tuple[list[_Wish], list[int]]:
    """Return what is asked for, and the ids of requests that can't be read: they hold up nobody else."""
    wishes: list[_Wish] = []
    unreadable: list[int] = []
    for request in waiting:
        try:
            values = judging.vault.open_values(request.sealed, request.public_id)
            wish = settings_link.opened(values, request) or opened(judging.vault, request, values)
        except (KeysError, ValueError, LookupError) as error:
            # Its kind alone: the words of some errors repeat what they were about.
            _log.error("signups.unreadable", request=request.id, error=type(error).__name__)
            unreadable.append(request.id)
            continue
        payload = wish.signs.proof if judging.proofs else ""
        proof = judging.proofs.check(payload, request.received_at) if judging.proofs and payload else None
        wishes.append((wish, proof))
    return wishes, unreadable


def _weighed(
    tx: Transaction,
    flood: Flood,
    wishes: Sequence[_Wish],
    *,
    now: datetime,
    held: int,
) -> _Decided:
    weighing, decided = Weighing(tx, flood, now, held=held), _Decided()
    for wish, proof in wishes:
        request_id = wish.request.id
        if isinstance(wish, settings_link.Asked):
            until = wish.waits_until(now)
            if until is not None and not weighing.is_proven(proof):
                decided.later[request_id] = until
            else:
                decided.asked_settings.append((wish, proof))
            continue
        match weighing.weigh(wish, proof):
            case Go():
                decided.going.append((wish, proof))
            case Wait(until):
                decided.later[request_id] = until
            case Drop():
                decided.dropped += 1
                decided.ended.append(request_id)
            case Joins(earlier):
                decided.joined.append((earlier, wish.request))
                decided.ended.append(request_id)
            case None:
                decided.ended.append(request_id)
    return decided


def _slices(decided: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(decided), _SLICE):
        yield decided[start : start + _SLICE]


def _put_aside(tx: Transaction, decided: _Decided) -> None:
    signups.postpone(tx, decided.later)
    for earlier, request in decided.joined:
        # Who chose anew means that; the one mail that is sent is about it.
        signups.replace(tx, earlier, request)
    if decided.ended:
        signups.remove(tx, decided.ended)


def _carry_out(
    tx: Transaction, vault: Vault, going: Sequence[tuple[Application, Proof | None]], now: datetime
) -> None:
    for application, proof in going:
        # Another process may have decided it since we looked.
        if not signups.remove(tx, [application.request.id]):
            continue
        carry_out(tx, vault, application, now)
        _spend(tx, proof)


def _answer(
    tx: Transaction, vault: Vault, asked: Sequence[tuple[settings_link.Asked, Proof | None]], now: datetime
) -> None:
    for each, proof in asked:
        if signups.remove(tx, [each.request.id]):
            settings_link.answer(tx, vault, each, now)
            _spend(tx, proof)


def _spend(tx: Transaction, proof: Proof | None) -> None:
    # Two requests of one look may carry the same proof, of which one needed none.
    if proof is not None and not spent_proofs.is_spent(tx, proof.digest):
        spent_proofs.spend(tx, proof.digest, proof.until)
