"""The sending loop: each connection takes one copy after another, and writes before it acts.

Per copy: MAIL, RCPT and DATA; one commit that settles the copy before and marks this one in
flight; the body; the reply. Nothing is sent that is not already written down, and no connection
has more than one unsettled body (design §4).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from mailer.delivery.connection import Connection, Dialler, NoConnection
from mailer.delivery.copy import Copy
from mailer.delivery.feed import Feed
from mailer.delivery.gate import Gate
from mailer.delivery.jobs import Job, Settled
from mailer.delivery.patience import keep_writing
from mailer.domain.delivery import SkipReason
from mailer.domain.judgement import Answer, Lost, Waits, outcome_of
from mailer.domain.outcome import Outcome, Stage, Unknown
from mailer.domain.retry import RetryPolicy
from mailer.errors import KeysError
from mailer.storage import Database, Transaction

_IDLE_S = 5.0
_MOST_DROPS = 3
_log = structlog.get_logger()


class Sender:
    """Sends what the feed deals out, over at most so many connections as the relay allows."""

    def __init__(
        self,
        database: Database,
        feed: Feed,
        dialler: Dialler,
        *,
        retry: RetryPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        """Args: clock: aware UTC."""
        self._database = database
        self._feed = feed
        self._dialler = dialler
        self._retry = retry
        self._clock = clock
        self._gate = Gate(dialler.timeouts.redial_s)
        self._stopping = False
        self._waits: set[asyncio.Timeout] = set()
        self._chance = random.Random()  # noqa: S311 - spreads retries; guards nothing

    async def run(self) -> None:
        """Send until *stop*: then bodies in flight are finished and settled, the rest is given back."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._feed.fill())
            for _ in range(self._dialler.relay.connections):
                group.create_task(_Line(self).run())
        await self._feed.drain()

    def stop(self) -> None:
        """Begin no further body, and break off what only leads up to one."""
        self._stopping = True
        self._feed.stop()
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    # What follows serves the lines.

    @property
    def feed(self) -> Feed:
        """Where work comes from."""
        return self._feed

    @asynccontextmanager
    async def until_stop(self) -> AsyncIterator[None]:
        """
        Let *stop* break off what runs inside: a wait for the relay before any body has begun.

        Raises:
            TimeoutError: it did.
        """
        async with asyncio.timeout(0 if self._stopping else None) as wait:
            self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)

    async def connect(self) -> Connection | None:
        """Return a connection, or None when the relay can't be reached now or we stop."""
        try:
            async with self.until_stop():
                await self._gate.wait(self._chance.random())
                return await self._dialler.open()
        except TimeoutError:
            return None
        except NoConnection as error:
            self._gate.failed(self._chance.random())
            _log.warning("relay.no_connection", reason=error.words)
            return None

    def relay_spoke(self, met: Answer | Lost, connection: Connection) -> None:
        """Open the gate for a relay that converses, shut it for one that hangs up."""
        if isinstance(met, Answer) and connection.is_open:
            self._gate.succeeded()
        else:
            self._gate.failed(self._chance.random())

    def is_used_up(self, connection: Connection) -> bool:
        """Whether a connection has taken as many messages as the relay allows."""
        return connection.sent_count >= self._dialler.relay.messages_per_connection

    def outcome(self, job: Job, recipient: str, met: Answer | Lost) -> Outcome | None:
        """Say what an attempt ended in; None when the conversation goes on."""
        retry_at = self._retry.next_attempt_at(job.attempts + 1, self._clock(), self._chance.random())
        waits = Waits(retry_at, retry_at if job.may_resend else None)
        return outcome_of(met, recipient, waits)

    def settled(self, job: Job, outcome: Outcome, *, had_begun: bool) -> Settled:
        """Date an outcome."""
        return Settled(job, outcome, self._clock(), had_begun)

    async def turn(self, settled: Settled | None, begin: Job | None) -> bool:
        """Settle one copy and begin the next in one commit; return whether the next may be sent.

        When an outcome can't be written (disk full, database gone), nothing further is begun: it
        is kept in memory and tried again until it can. Nobody is told yet that the copy is settled:
        that may take another write, and the next body must follow its commit at once.
        """

        def work(tx: Transaction) -> bool:
            if settled is not None:
                settled.write(tx)
            return begin is not None and begin.begin(tx)

        may_begin = await keep_writing(self._database, work)
        if settled is not None and isinstance(settled.outcome, Unknown):
            _log.warning("delivery.unknown", stage=settled.outcome.stage)
        return may_begin

    async def settle(self, settled: Settled) -> None:
        """Write one outcome down and let its chunk know."""
        await self.turn(settled, None)
        await self._feed.done(settled.job)

    async def skip(self, job: Job, reason: SkipReason) -> None:
        """Leave a copy out that can't be sent."""
        now = self._clock()
        await keep_writing(self._database, lambda tx: job.skip(tx, reason, now))
        await self._feed.done(job)


class _Line:
    """One connection's place in the loop: at most one copy on the wire, at most one unsettled."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._connection: Connection | None = None
        self._unsettled: Settled | None = None
        self._drops = 0
        self._begun: Job | None = None

    async def run(self) -> None:
        while (job := await self._next()) is not None:
            if job.is_void:
                await self._sender.feed.done(job)
                continue
            try:
                await self._attempt(job)
            except Exception as error:  # noqa: BLE001 - the top of the loop: log, record, go on
                await self._broke(job, error)
        await self._leave()

    async def _broke(self, job: Job, error: Exception) -> None:
        """Record an attempt that our own fault ended; one copy must not stop the others."""
        _log.error("copy.broke", error=type(error).__name__, begun=self._begun is job)
        if self._connection is not None:
            self._connection.abort()
        await self._settle()
        had_begun, self._begun = self._begun is job, None
        met = Lost(Stage.DOT if had_begun else Stage.MAIL, f"our own fault: {type(error).__name__}")
        outcome = self._sender.outcome(job, "", met)
        assert outcome is not None
        await self._sender.settle(self._sender.settled(job, outcome, had_begun=had_begun))

    async def _next(self) -> Job | None:
        """Return the next job; with none at hand, first settle what is open, then wait."""
        feed = self._sender.feed
        job = feed.take_now()
        if job is None:
            await self._settle()
            job = await feed.take(_IDLE_S if self._connection else None)
            if job is None and self._connection is not None:
                await self._leave()
                job = await feed.take()
        return job

    async def _attempt(self, job: Job) -> None:
        connection = await self._ready()
        if connection is None:
            self._sender.feed.put_back(job)
            return
        try:
            copy = job.compose()
        except KeysError as error:
            _log.error("copy.unreadable", reason=str(error))
            await self._sender.skip(job, SkipReason.UNSENDABLE)
            return
        if not connection.takes(copy):
            await self._sender.skip(job, SkipReason.UNSENDABLE)
            return
        await self._send(connection, job, copy)

    async def _send(self, connection: Connection, job: Job, copy: Copy) -> None:
        try:
            async with self._sender.until_stop():
                met = await connection.offer(copy)
        except TimeoutError:
            connection.abort()
            self._sender.feed.put_back(job)
            return
        refused = self._sender.outcome(job, copy.recipient, met)
        if refused is not None:
            self._sender.relay_spoke(met, connection)
            await self._not_begun(connection, job, refused)
            return
        self._drops = 0
        settled = self._unsettled
        may_begin = await self._sender.turn(settled, job)
        self._unsettled = None
        try:
            if may_begin:
                await self._hand_over(connection, job, copy)
            else:
                # Left, paused or cancelled since it was claimed: the dot is never sent, so the relay
                # discards what it was offered.
                connection.abort()
                await self._sender.feed.lost(job)
        finally:
            if settled is not None:
                await self._sender.feed.done(settled.job)

    async def _hand_over(self, connection: Connection, job: Job, copy: Copy) -> None:
        self._begun = job
        met = await connection.hand_over(copy)
        # Only now: a relay that asks for every body and hangs up on it is not well either.
        self._sender.relay_spoke(met, connection)
        outcome = self._sender.outcome(job, copy.recipient, met)
        assert outcome is not None
        self._unsettled = self._sender.settled(job, outcome, had_begun=True)
        self._begun = None

    async def _not_begun(self, connection: Connection, job: Job, refused: Outcome) -> None:
        if not connection.is_open and self._drops < _MOST_DROPS:
            # The relay hung up before the body: nothing was said about this copy, so it loses no try.
            self._drops += 1
            self._sender.feed.put_back(job)
            return
        self._drops = 0
        await self._settle()
        await self._sender.settle(self._sender.settled(job, refused, had_begun=False))
        if connection.is_open:
            await connection.reset()

    async def _ready(self) -> Connection | None:
        if self._connection is not None and not self._connection.is_open:
            self._connection = None
        if self._connection is not None and self._sender.is_used_up(self._connection):
            await self._leave()
        if self._connection is None:
            await self._settle()
            self._connection = await self._sender.connect()
        return self._connection

    async def _settle(self) -> None:
        if self._unsettled is not None:
            await self._sender.settle(self._unsettled)
            self._unsettled = None

    async def _leave(self) -> None:
        await self._settle()
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await connection.quit()
