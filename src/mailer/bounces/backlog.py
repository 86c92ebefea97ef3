"""The backlog: reports are stored at once and read later, in the order in which they came.

Reading takes a hundred times as long as storing, and a mail server that returns a whole issue brings a
thousand reports in a second. So doors only store, and this reads slice by slice beside them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from mailer.bounces.consequences import Rules, follow
from mailer.bounces.forwarding import Forwarding
from mailer.bounces.guarding import alert, turn_back, watch
from mailer.bounces.incoming import take_in
from mailer.bounces.matching import Matching, Reading
from mailer.bounces.message import open_message
from mailer.bounces.reading import read_report
from mailer.bounces.stored import Arrived, opened
from mailer.domain.leaving_words import asks_to_leave
from mailer.domain.returned_mail import MailKind, ReturnedMail
from mailer.errors import KeysError, MailerError, StorageError
from mailer.storage import Database, Transaction, reports
from mailer.storage.consequences import Consequence
from mailer.storage.guards import Guard
from mailer.storage.reports import Report

ReadOne = Callable[[bytes], ReturnedMail]

SLICE = 50
"""Reports in one transaction: senders and pages wait for no more than these."""
SLICE_BYTES = 10_000_000
"""No more of them than this together, but one at least: each lies in memory several times over."""
_LOOK_S = 2.0
_GIVE_WAY = 3.0
"""How many times as long as a slice took, while more is brought."""
_FORGET_S = 3600.0
_FORGET_AT_ONCE = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Desk:
    """With what reports are read and followed.

    Attributes:
        matching: finds readers.
        rules: how patient the installation is.
        webhooks: by door, what reads a provider's event; other doors bring mail.
        forwarding: hands on letters from people; None leaves them on the desk.
    """

    matching: Matching
    rules: Rules = field(default_factory=Rules)
    webhooks: Mapping[str, ReadOne] = field(default_factory=dict)
    forwarding: Forwarding | None = None


class Backlog:
    """Reads what waits when somebody brought something, and now and then."""

    def __init__(
        self,
        database: Database,
        desk: Desk,
        *,
        clock: Callable[[], datetime],
        keep: timedelta = timedelta(days=30),
    ) -> None:
        """
        Read nothing yet.

        Args:
            database: of the installation.
            desk: with what reports are read.
            clock: aware UTC.
            keep: how long a report is kept after it came in.
        """
        self._database = database
        self._desk = desk
        self._clock = clock
        self._keep = keep
        self._wanted = asyncio.Event()
        self._unreadable: set[int] = set()
        self._has_looked = False

    def wake(self) -> None:
        """Look now: something was stored."""
        self._wanted.set()

    async def run(self) -> None:
        """Read, and remove what is old, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_on())
            group.create_task(self._forget_on())

    async def read_waiting(self) -> int:
        """Read one slice of what waits, oldest first, and do what follows; return how many were read.

        Raises:
            StorageError: nothing of it was done; it stays unread.
        """
        waiting = await self._database.read(self._next)
        if not waiting:
            return 0
        readings = await self._read(waiting)
        try:
            began = await self._follow(readings)
        except StorageError:
            raise
        except Exception:  # noqa: BLE001 - the top of the loop: one report must not stop all others
            began = [guard for each in readings for guard in await self._follow_alone(each)]
        alert(began)
        if began or not self._has_looked:
            await turn_back(self._database, now=self._clock())
            self._has_looked = True
        return len(waiting)

    async def forget(self) -> int:
        """Remove reports that are older than they are kept, some at a time; return how many."""
        before = self._clock() - self._keep
        count = 0
        while some := await self._database.write(
            lambda tx: reports.remove_older(tx, before, _FORGET_AT_ONCE)
        ):
            count += some
        return count

    async def _read_on(self) -> None:
        while True:
            self._wanted.clear()
            began = time.monotonic()
            try:
                count = await self.read_waiting()
            except MailerError as error:
                _log.error("returned.not_read", reason=str(error))
                count = 0
            if count:
                if self._wanted.is_set():
                    # Somebody brings more meanwhile, and waits for an answer: that goes first.
                    await asyncio.sleep(_GIVE_WAY * (time.monotonic() - began))
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._wanted.wait()

    async def _forget_on(self) -> None:
        while True:
            try:
                await self.forget()
            except MailerError as error:
                _log.error("returned.not_forgotten", reason=str(error))
            await asyncio.sleep(_FORGET_S)

    def _next(self, tx: Transaction) -> list[Report]:
        sizes = reports.unread_sizes(tx, SLICE + len(self._unreadable))
        chosen: list[int] = []
        room = SLICE_BYTES
        for report_id, size in sizes.items():
            if report_id in self._unreadable:
                continue
            if chosen and (size > room or len(chosen) == SLICE):
                break
            chosen.append(report_id)
            room -= size
        return reports.some(tx, chosen)

    async def _read(self, waiting: Sequence[Report]) -> list[Reading]:
        arrived = await asyncio.to_thread(self._opened, waiting)
        work = [(each.id, self._desk.webhooks.get(mail.door), mail.message) for each, mail in arrived]
        read = await asyncio.to_thread(lambda: [_read_one(*each) for each in work])
        return [
            Reading(report.id, report.received_at, mail, *said)
            for (report, mail), said in zip(arrived, read, strict=True)
        ]

    def _opened(self, waiting: Sequence[Report]) -> list[tuple[Report, Arrived]]:
        found = []
        for report in waiting:
            try:
                found.append((report, opened(self._desk.matching.vault, report)))
            except KeysError as error:
                # It waits for its key; the next start tries it again.
                self._unreadable.add(report.id)
                _log.error("returned.not_opened", report=report.id, reason=str(error))
        return found

    async def _follow(self, readings: Sequence[Reading]) -> list[Guard]:
        desk, now = self._desk, self._clock()

        def work(tx: Transaction) -> list[Guard]:
            # Another process may have read some of them since we looked.
            ours = reports.hold_unread(tx, [each.report_id for each in readings])
            written: list[Consequence] = []
            for reading in readings:
                if reading.report_id in ours:
                    done = follow(tx, desk.matching, reading, desk.rules, now)
                    written += [done] if done else []
                    if desk.forwarding is not None:
                        desk.forwarding.hand_on(tx, reading, now)
            kinds = {each.report_id: each.kind for each in readings if each.report_id in ours}
            reports.mark_read(tx, kinds, now)
            return watch(tx, written, desk.rules, now)

        return await self._database.write(work)

    async def _follow_alone(self, reading: Reading) -> list[Guard]:
        try:
            return await self._follow([reading])
        except StorageError:
            raise
        except Exception as error:  # noqa: BLE001 - as above; a person finds it among people's mail
            _log.error("returned.set_aside", report=reading.report_id, error=type(error).__name__)
            now, kinds = self._clock(), {reading.report_id: MailKind.HUMAN}
            await self._database.write(lambda tx: reports.mark_read(tx, kinds, now))
            return []


def _read_one(report_id: int, read: ReadOne | None, raw: bytes) -> tuple[ReturnedMail, bool]:
    """Return what a report says, and whether a person asks in it to be taken off the list."""
    try:
        mail = (read or read_report)(raw)
        if mail.kind is not MailKind.HUMAN or read is not None:
            return mail, False
        letter = take_in(open_message(raw))
        return mail, asks_to_leave(letter.subject, letter.text)
    except Exception as error:  # noqa: BLE001 - readers are total; one that is not must not stop the others
        _log.error("returned.unreadable", report=report_id, error=type(error).__name__)
        return ReturnedMail(MailKind.HUMAN), False
