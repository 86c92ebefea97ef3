"""A mailbox at a provider's that returned mail arrives in, for newsrooms without a mail server of their own.

People may use the same mailbox. So only what holds a token of ours is taken: it is stored first, then
marked as read there, or removed. Everything else stays as it was, unread, and is looked at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import structlog

from mailer.bounces.addressed import recipient_of, sender_of
from mailer.bounces.apart import apart
from mailer.bounces.imap_session import ImapSession, MailboxNotMarked, MailboxRefused
from mailer.bounces.matching import Matching, Reading
from mailer.bounces.message import open_message
from mailer.bounces.reading import read_report
from mailer.bounces.stored import Arrived
from mailer.config import Settings
from mailer.config_returned import MailboxSettings
from mailer.errors import MailerError, SettingsError

_LONGEST_WAIT_S = 900.0
_REFUSED_WAIT_S = 600.0
"""Providers lock a mailbox when a wrong password comes again and again."""
_VISIT_S = 900.0
_MOST_AT_ONCE = 50
_MOST_BYTES_AT_ONCE = 5_000_000
_SIZES_AT_ONCE = 500
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pickup:
    """Where mail is picked up, and how much of it.

    Attributes:
        server: and how it is entered.
        password_file: holds the password alone.
        max_bytes: of a longer message only the beginning is taken.
        lookback: how old a message may be; less than reports are kept, so that one whose mark was lost is
            never taken for new.
    """

    server: MailboxSettings
    password_file: Path
    max_bytes: int = 5_000_000
    lookback: timedelta = timedelta(days=28)

    @classmethod
    def of(cls, settings: Settings) -> Pickup | None:
        """Return what the settings say; None where they name no mailbox."""
        if not settings.mailbox.host:
            return None
        return cls(
            settings.mailbox,
            settings.data / settings.mailbox.password_file,
            settings.returned.max_bytes,
            # Two, for servers count in days of their own zone.
            timedelta(days=max(settings.returned.keep_days - 2, 0)),
        )

    def password(self) -> str:
        """
        Read the password.

        Raises:
            SettingsError: its file is missing, or others may read it.
        """
        path = self.password_file
        try:
            if path.stat().st_mode & 0o077:
                raise SettingsError(f"others may read {path}; type: chmod 600 {path}")
            return path.read_text("utf-8").strip("\r\n")
        except FileNotFoundError as error:
            raise SettingsError(f"{path} is not there; write the mailbox's password into it") from error
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} can't be read; check whose it is and that it is text") from error


class Mailbox:
    """Visits the mailbox now and then, for as long as it runs."""

    def __init__(
        self,
        pickup: Pickup,
        matching: Matching,
        take: Callable[[Arrived], Awaitable[None]],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        """
        Visit nothing yet.

        Args:
            pickup: where.
            matching: knows what is ours.
            take: stores for good, or raises StorageError.
            clock: aware UTC.
        """
        self._pickup = pickup
        self._matching = matching
        self._take = take
        self._clock = clock
        self._validity: bytes | None = None
        self._known: set[int] = set()
        self._failures = 0
        self._said = ""

    async def run(self) -> None:
        """Visit until cancelled."""
        wait_s = 0.0
        while True:
            await asyncio.sleep(wait_s)
            try:
                wait_s = await self.visit()
            except Exception as error:  # noqa: BLE001 - the top of the loop: a strange server must end nothing else
                _log.error("mailbox.visit_failed", error=type(error).__name__)
                wait_s = _LONGEST_WAIT_S

    async def visit(self) -> float:
        """Take what waits; return after how many seconds to come again."""
        usual = float(self._pickup.server.every_seconds)
        try:
            async with asyncio.timeout(_VISIT_S):
                await self._empty()
        except (MailboxRefused, SettingsError) as error:
            self._say(str(error), is_repeated=True)
            return max(usual, _REFUSED_WAIT_S)
        except (MailerError, TimeoutError) as error:
            self._failures += 1
            self._say(str(error) or "the mailbox took too long to answer; its server is at fault")
            return self._patience(usual)
        self._failures = 0
        if self._said:
            _log.info("mailbox.read_again")
            self._said = ""
        return usual

    def _patience(self, usual: float) -> float:
        doubled: float = usual * 2 ** min(self._failures, 16)
        return min(doubled, max(usual, _LONGEST_WAIT_S))

    async def _empty(self) -> None:
        pickup = self._pickup
        password = await apart(pickup.password)
        session = await apart(lambda: ImapSession(pickup.server, password), ImapSession.drop)
        try:
            await self._take_all(session)
            await apart(session.close)
        finally:
            # Cancelled or hanging: the thread that waits for an answer comes back.
            session.drop()

    async def _take_all(self, session: ImapSession) -> None:
        if session.validity is None or session.validity != self._validity:
            # The server has numbered anew. What we took already is known by its digest.
            self._validity, self._known = session.validity, set()
        waiting = await apart(partial(session.unseen, self._since()))
        # What nobody sees any more needs no memory.
        self._known &= set(waiting)
        fresh = [number for number in waiting if number not in self._known]
        for at in range(0, len(fresh), _SIZES_AT_ONCE):
            sizes = await apart(partial(session.sizes, fresh[at : at + _SIZES_AT_ONCE]))
            for some, most in _portions(sizes, self._pickup.max_bytes):
                await self._take_some(session, some, most)

    async def _take_some(self, session: ImapSession, numbers: Sequence[int], most: int | None) -> None:
        bodies = await apart(partial(session.bodies, numbers, most))
        ours = await asyncio.to_thread(self._ours, bodies)
        for arrived in ours.values():
            await self._take(arrived)
        self._known.update(numbers)
        if not ours:
            return
        try:
            await apart(partial(session.mark_taken, list(ours), delete=self._pickup.server.delete))
        except MailboxNotMarked as error:
            self._say(str(error))

    def _ours(self, bodies: Mapping[int, bytes]) -> dict[int, Arrived]:
        """Return what has a token of ours, in its address or in what it returns."""
        found = {}
        for number, raw in bodies.items():
            fields = open_message(raw).fields
            recipient = recipient_of(fields, self._matching.keys.return_path)
            arrived = Arrived("imap", sender_of(fields), recipient, raw)
            reading = Reading(0, self._clock(), arrived, read_report(raw))
            if recipient or self._matching.knows(reading):
                found[number] = arrived
        return found

    def _since(self) -> date:
        # Servers compare by their own day (RFC 3501 §6.4.4).
        return (self._clock() - self._pickup.lookback).date()

    def _say(self, reason: str, *, is_repeated: bool = False) -> None:
        """Log why the mailbox is not read: when it changes, or each time where visits are rare."""
        if is_repeated or reason != self._said:
            _log.error("mailbox.not_read", reason=reason)
        self._said = reason


def _portions(sizes: Mapping[int, int], max_bytes: int) -> Iterator[tuple[list[int], int | None]]:
    """Yield what is fetched at once: few enough, small enough; a message too long alone, and cut."""
    some: list[int] = []
    total = 0
    for number, size in sorted(sizes.items()):
        if size > max_bytes:
            yield [number], max_bytes
            continue
        if some and (len(some) >= _MOST_AT_ONCE or total + size > _MOST_BYTES_AT_ONCE):
            yield some, None
            some, total = [], 0
        some.append(number)
        total += size
    if some:
        yield some, None
