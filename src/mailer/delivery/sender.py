"""The sender: so many lines as the relay takes connections, and what they share.

Nothing is sent that is not already written down (design §4): delivery/line.py has the loop,
delivery/ledger.py its commits.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from mailer.delivery import ledger
from mailer.delivery.allowance import Allowance
from mailer.delivery.connection import CLOSING, Connection
from mailer.delivery.dialler import Dialler, NoConnection
from mailer.delivery.envelope import OTHER_SCRIPT
from mailer.delivery.feed import Feed
from mailer.delivery.gate import Gate
from mailer.delivery.halting import halt
from mailer.delivery.jobs import DeliveryJob, Job, LetterJob, Settled
from mailer.delivery.ledger import Turn
from mailer.delivery.line import Line
from mailer.delivery.patience import keep_writing
from mailer.domain.breaker import Breaker, Trip
from mailer.domain.delivery import SkipReason
from mailer.domain.judgement import Answer, Lost, Waits, outcome_of
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.reply import Reply, mask
from mailer.domain.retry import RetryPolicy
from mailer.domain.throttling import is_throttle
from mailer.errors import StorageBroken, StorageError
from mailer.storage import Database

_LOOK_S = 1.0
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
        self._dialler = dialler
        self._retry = retry
        self._clock = clock
        self._gate = Gate(dialler.timeouts.redial_s, is_proven=not dialler.relay.username)
        self._allowance = Allowance(database, dialler.relay, clock=clock)
        self._breaker = Breaker()
        self._waits: set[asyncio.Timeout] = set()
        self._chance = random.Random()  # noqa: S311 - spreads retries; guards nothing
        self.feed = feed
        """Where work comes from."""
        self.is_stopping = False
        self.answered_count = 0
        """How many bodies and offers the relay has answered."""
        self._lines = [Line(self, place) for place in range(dialler.relay.connections)]
        feed.obey(self._allowance)

    async def run(self) -> None:
        """Send until *stop*: then bodies in flight are finished and settled, the rest is given back."""
        async with asyncio.TaskGroup() as group:
            permitting = group.create_task(self._allowance.run(self.feed.wake))
            tasks = [group.create_task(line.run()) for line in self._lines]
            tasks.append(group.create_task(self.feed.fill()))
            await asyncio.gather(*tasks)
            permitting.cancel()
        await self.feed.drain()
        await self._allowance.drain()

    def stop(self) -> None:
        """Begin no further body, and break off what only leads up to one."""
        self.is_stopping = True
        self.feed.stop()
        for line in self._lines:
            line.hurry()
        for wait in self._waits:
            wait.reschedule(asyncio.get_running_loop().time())

    # What follows serves the lines.

    async def connect(self, job: Job) -> Connection | None:
        """Return a connection for *job*, or None when the relay can't be reached now or we stop."""
        try:
            async with self._until_stop(), self._gate.passing(self._chance.random()):
                return await self._dialler.open()
        except TimeoutError:
            return None
        except NoConnection as error:
            least_s = self._dialler.timeouts.login_again_s if error.is_login else 0.0
            self._gate.failed(self._chance.random(), least_s=least_s)
            _log.warning("relay.no_connection", reason=error.words)
            await self._not_let_in(job, error)
            return None

    async def until_may_hold(self, place: int) -> bool:
        """Wait until the relay bears so many connections as to need *place*; whether that was at once."""
        if place < self._allowance.connections:
            return True
        try:
            async with self._until_stop():
                await asyncio.sleep(_LOOK_S)
        except TimeoutError:
            pass
        return False

    def relay_spoke(self, met: Answer | Lost) -> None:
        """Open the gate for a relay that converses, shut it for one that hangs up on a body."""
        if isinstance(met, Answer) and met.reply.code != CLOSING:
            self.answered_count += 1
            self._gate.succeeded()
        else:
            self.relay_hung_up()

    def relay_hung_up(self) -> None:
        """Shut the gate for a step."""
        self._gate.failed(self._chance.random())

    def is_used_up(self, connection: Connection, *, with_next: int = 0) -> bool:
        """Whether a connection will have taken, with so many more, as many messages as the relay allows."""
        return connection.sent_count + with_next >= self._allowance.messages_per_connection

    def taken(self, job: Job, recipient: str, reply: Reply) -> Settled:
        """Note that the relay took a body: what nearly every copy ends in."""
        self.answered_count += 1
        self._gate.succeeded()
        self._allowance.heard_accepted(1)
        outcome = Accepted(Stage.DOT, mask(str(reply), recipient))
        self._breaker_heard(job, outcome)
        return Settled(job, outcome, self._clock(), had_begun=True)

    def settled(self, job: Job, recipient: str, met: Answer | Lost, *, had_begun: bool) -> Settled:
        """Say what an attempt ended in, and when."""
        now = self._clock()
        outcome = self._outcome(job, recipient, met, now)
        if isinstance(outcome, Unknown):
            _log.warning("delivery.unknown", stage=outcome.stage)
        return Settled(job, outcome, now, had_begun)

    def heard(self, settled: Settled, met: Answer | Lost, connection: Connection) -> Trip | None:
        """Learn from what an attempt met: how fast we may be, and whether all of it must stop."""
        if isinstance(met, Answer):
            self._heard_refusal(met, connection.sent_count)
        return self._breaker_heard(settled.job, settled.outcome)

    def heard_close(self, met: Answer | Lost, connection: Connection) -> None:
        """Learn from a relay that closed a connection with 421, instead of taking an offer."""
        if isinstance(met, Answer):
            self._heard_refusal(met, connection.sent_count)

    async def halt(self, trip: Trip) -> None:
        """Stop what the breaker has tripped for."""
        stopped = await halt(self._database, trip, now=self._clock()) or trip
        self.feed.drop(stopped.issue_id, stopped.group)

    def submit(self, turn: Turn) -> asyncio.Future[bool]:
        """Put a turn into the next group commit; *written* waits for it."""
        return self._database.write_together(ledger.write, turn)

    async def written(self, turn: Turn, submitted: asyncio.Future[bool]) -> bool:
        """Return, once *turn* is written down, whether the body that it begins may be sent.

        When an outcome can't be written (disk full, database gone), nothing further is begun: it
        is kept in memory and tried again until it can.
        """
        try:
            return await submitted
        except StorageBroken:
            raise
        except StorageError:
            return await keep_writing(self._database, lambda tx: ledger.write(tx, [turn])[0])

    async def skip(self, job: Job, reason: SkipReason) -> None:
        """Leave a copy out that can't be sent."""
        if reason is SkipReason.SCRIPT:
            _log.warning("copy.other_script", reason=OTHER_SCRIPT)
        now = self._clock()
        await keep_writing(self._database, lambda tx: job.skip(tx, reason, now))
        self.feed.done(job)

    def _outcome(self, job: Job, recipient: str, met: Answer | Lost, now: datetime) -> Outcome:
        jitter, may_resend = self._chance.random(), job.may_resend
        waits = Waits.by(self._retry, job.attempts + 1, now=now, jitter=jitter, may_resend=may_resend)
        outcome = outcome_of(met, recipient, waits)
        assert outcome is not None
        if isinstance(job, LetterJob) and isinstance(outcome, Failed) and outcome.blame is Blame.SENDER:
            # They refuse us, not its reader: it waits until it is mended, or no longer worth sending.
            _log.warning("letter.refused", stage=outcome.stage, reply=outcome.reply)
            return Deferred(outcome.stage, outcome.reply, waits.retry_at)
        return outcome

    def _breaker_heard(self, job: Job, outcome: Outcome) -> Trip | None:
        if not isinstance(job, DeliveryJob):
            return None
        chunk = job.due.chunk
        return self._breaker.heard(chunk.issue_id, chunk.provider_group, outcome)

    def _heard_refusal(self, met: Answer, sent_count: int) -> None:
        throttle = is_throttle(met.reply, met.stage)
        if throttle is not None:
            self._allowance.heard_throttle(throttle, self._clock(), sent_count=sent_count)
        elif met.reply.code == CLOSING:
            self._allowance.heard_close(sent_count)

    async def _not_let_in(self, job: Job, error: NoConnection) -> None:
        """Learn from a relay that refused the connection meant for *job*, which loses no try."""
        if not error.code:
            return
        said = Answer(Stage.CONNECT, Reply(error.code, error.words.removeprefix(str(error.code)).strip()))
        self._heard_refusal(said, 0)
        trip = self._breaker_heard(job, Deferred(Stage.CONNECT, mask(error.words, ""), self._clock()))
        if trip is not None:
            await self.halt(trip)

    @asynccontextmanager
    async def _until_stop(self) -> AsyncIterator[None]:
        """
        Let *stop* break off what runs inside: a wait for the relay before any body has begun.

        Raises:
            TimeoutError: it did.
        """
        async with asyncio.timeout(0 if self.is_stopping else None) as wait:
            self._waits.add(wait)
            try:
                yield
            finally:
                self._waits.discard(wait)
