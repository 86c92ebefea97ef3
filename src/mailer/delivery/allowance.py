"""The allowance: how many messages may be handed to the relay now, by the settings and by its own word.

The settings' limits are counted in the database, a block of messages at a time, so that they hold
across processes and restarts. Between blocks nothing here waits for anything: the sending loop takes
one permit per message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf

import structlog

from mailer.config import RelaySettings
from mailer.domain.bucket import Grant, Limits
from mailer.domain.connection_limits import ConnectionLimits
from mailer.domain.pace import Pace, Throttle, ThrottleKind
from mailer.errors import StorageError
from mailer.storage import Database, Transaction, lanes, nodes

_LOOK_S = 1.0
_TICK_S = 0.01
_MOST_WAIT_S = 60.0
_BURST_S = 0.1
_log = structlog.get_logger()


def lane_of(relay: RelaySettings) -> str:
    """Return the name under which the database counts the messages that a relay takes."""
    # Where no outgoing server is set, mail goes to the outbox on this machine.
    return relay.host or "127.0.0.1"


class Allowance:
    """Permits for one relay."""

    def __init__(
        self,
        database: Database,
        relay: RelaySettings,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        """
        Allow nothing yet where there is a limit, and everything where there is none.

        Args:
            database: counts what was taken.
            relay: its limits.
            clock: aware UTC.
        """
        self._database = database
        self._lane = lane_of(relay)
        self._clock = clock
        self._limits = Limits(relay.messages_per_second, relay.messages_per_day)
        self._pace = Pace(most=relay.messages_per_second, looked_at=time.monotonic())
        self._connections = ConnectionLimits(relay.connections, relay.messages_per_connection)
        self._is_free = not self._limits.are_set
        # Two counts, and a permit costs one of each: what the database let us have, and what the pace
        # lets go by now.
        self._stock = 0.0 if self._limits.are_set else inf
        self._due = 0.0
        self._dealt_at = time.monotonic()
        self._ask_at = 0.0
        self._used_up_until: datetime | None = None
        self._shut_until: datetime | None = None
        self._taken = 0
        self._somebody_waits = False
        self._stir = asyncio.Event()

    def take(self) -> bool:
        """Take one permit; False when there is none now: *run* calls its *wake* when there is again."""
        if self._is_free:
            return True
        self._stir.set()
        if self._due < 1 or self._stock < 1:
            self._somebody_waits = True
            return False
        self._due -= 1
        self._stock -= 1
        return True

    def give_back(self) -> None:
        """Put back a permit that was not used."""
        if self._is_free:
            return
        self._stock += 1
        # A relay that throttles may have hung up on it: that was a try, and counts for the pace.
        if self._pace.rate is None:
            self._due += 1

    def heard_accepted(self, count: int) -> None:
        """Note that the relay took *count* messages."""
        self._taken += count

    def heard_throttle(self, throttle: Throttle, now: datetime, *, sent_count: int = 0) -> None:
        """
        Obey a relay that says “slow down”.

        Args:
            throttle: what it has too much of.
            now: aware UTC.
            sent_count: messages that it took over that connection.
        """
        at = time.monotonic()
        match throttle.kind:
            case ThrottleKind.CONNECTIONS:
                self._connections = self._connections.refused(at)
            case ThrottleKind.MESSAGES if sent_count:
                self._connections = self._connections.closed(sent_count, is_said=True)
            case _:
                self._slow_down(throttle.wait_s, at, now)

    def heard_close(self, sent_count: int) -> None:
        """Note that the relay closed a connection with 421, without saying why, after so many messages."""
        self._connections = self._connections.closed(sent_count, is_said=False)

    @property
    def connections(self) -> int:
        """Most connections to hold now."""
        return self._connections.connections(time.monotonic())

    @property
    def messages_per_connection(self) -> int:
        """Most messages to hand over one connection."""
        return self._connections.messages

    @property
    def waits_until(self) -> datetime | None:
        """Until when nothing may go (aware UTC); None when something may, or will within moments."""
        return next((at for at in (self._used_up_until, self._shut_until) if at and at > self._clock()), None)

    @property
    def reason(self) -> str:
        """Why nothing may go, in plain words; empty when something may."""
        if self.waits_until is None:
            return ""
        if self.waits_until == self._used_up_until:
            return "the messages of the day are used up ([relay] messages_per_day)"
        return "the outgoing mail server asked us to wait"

    async def run(self, wake: Callable[[], None]) -> None:
        """Keep permits coming, and call *wake* when somebody who found none may try again; never returns."""
        while True:
            self._stir.clear()
            self._pace = self._pace.after(self._taken, time.monotonic())
            self._taken = 0
            await self._refill()
            self._deal()
            if self._somebody_waits and self._due >= 1 and self._stock >= 1:
                self._somebody_waits = False
                wake()
            await self._rest()

    async def drain(self) -> None:
        """Give back to the database what was taken out and not used."""
        unused, self._stock = self._stock, 0.0
        if not self._limits.are_set or unused < 1:
            return

        def work(tx: Transaction) -> None:
            lanes.give_back(tx, self._lane, int(unused), nodes.database_time(tx))

        try:
            await self._database.write(work)
        except StorageError as error:
            _log.warning("allowance.not_given_back", count=int(unused), reason=str(error))

    def _slow_down(self, wait_s: float | None, at: float, now: datetime) -> None:
        self._pace = self._pace.after(self._taken, at)
        self._taken = 0
        before, self._pace = self._pace, self._pace.throttled(wait_s, at)
        self._is_free = False
        self._due = 0.0
        self._dealt_at = at
        self._shut_until = now + timedelta(seconds=self._pace.shut_until - at)
        self._stir.set()
        if self._pace.began_at != before.began_at:
            _log.warning("relay.throttles", messages_per_s=round(self._pace.goal, 1))

    async def _refill(self) -> None:
        """Take a block out of the database when little is left and somebody asks."""
        wants = self._limits.are_set and self._stock < self._limits.block / 2
        if not wants or not (self._somebody_waits or self._due) or time.monotonic() < self._ask_at:
            return

        def work(tx: Transaction) -> tuple[Grant, datetime]:
            now = nodes.database_time(tx)
            return lanes.take(tx, self._lane, self._limits, now), now

        try:
            granted, now = await self._database.write(work)
        except StorageError as error:
            _log.error("allowance.not_counted", reason=str(error))
            self._ask_at = time.monotonic() + _LOOK_S
            return
        self._stock += granted.count
        wait_s = (granted.ask_at - now).total_seconds() if granted.ask_at else 0.0
        # Another process may give some back earlier.
        self._ask_at = time.monotonic() + min(wait_s, _MOST_WAIT_S)
        if granted.used_up_until is not None and self._used_up_until is None:
            _log.warning("relay.day_used_up", until=granted.used_up_until.isoformat(timespec="minutes"))
        self._used_up_until = granted.used_up_until

    def _deal(self) -> None:
        """Let the pace let go what is due by now; a pause saves up no more than a moment's worth."""
        now = time.monotonic()
        rate = self._pace.now_allowed
        passed_s, self._dealt_at = now - self._dealt_at, now
        if now < self._pace.shut_until:
            self._due = 0.0
        elif rate is None:
            self._due = inf
            self._is_free = not self._limits.are_set
        else:
            # What a pace is late by may be made up for, as far as the settings go: one more than a burst is
            # left for that. A server that throttles may count from message to message, so there it may not.
            is_learned = self._pace.rate is not None
            most = max(1.0, rate * 2 * _TICK_S) if is_learned else 1 + rate * _BURST_S
            self._due = min(self._due + rate * passed_s, most)

    async def _rest(self) -> None:
        """Wait for the next permit, or, while nobody takes any, until somebody does."""
        wait_s = _LOOK_S
        if self._somebody_waits:
            now, rate = time.monotonic(), self._pace.now_allowed
            if now < self._pace.shut_until:
                wait_s = self._pace.shut_until - now
            elif self._stock < 1:
                wait_s = self._ask_at - now
            elif rate is not None:
                wait_s = (1 - self._due) / rate
            await asyncio.sleep(min(max(wait_s, _TICK_S), _LOOK_S))
            return
        try:
            async with asyncio.timeout(wait_s):
                await self._stir.wait()
        except TimeoutError:
            return
        # Not for each permit: at a high rate many go between two looks.
        await asyncio.sleep(_TICK_S)
