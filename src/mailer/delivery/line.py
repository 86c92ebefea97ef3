"""One connection's place in the sending loop (design §4).

In steady state each round is one round trip and one commit: the answers to the last body and to the
offer of the next are read, one commit settles the one and begins the other, and one write hands over
its body and offers the one after it. At most one copy is on the wire, at most one is unsettled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import structlog

from mailer.delivery.connection import CLOSING, TAKEN, Connection, Heard
from mailer.delivery.copy import Copy, Unmailable
from mailer.delivery.jobs import Job, Settled
from mailer.delivery.ledger import Turn
from mailer.domain.breaker import Trip
from mailer.domain.delivery import SkipReason
from mailer.domain.judgement import Answer, Lost
from mailer.domain.outcome import Stage
from mailer.domain.reply import Reply
from mailer.errors import KeysError, StorageBroken

if TYPE_CHECKING:
    from mailer.delivery.sender import Sender

_IDLE_S = 5.0
_log = structlog.get_logger()


class _Offer(NamedTuple):
    """A job with its bytes made."""

    job: Job
    copy: Copy


class Line:
    """Takes one copy after another from the feed to the relay."""

    def __init__(self, sender: Sender, place: int) -> None:
        """Args: place: from 0; when the relay bears fewer connections, the last places stay empty."""
        self._sender = sender
        self._place = place
        self._feed = sender.feed
        self._connection: Connection | None = None
        self._begun: _Offer | None = None
        self._offer: _Offer | None = None
        self._unwritten: tuple[Settled, ...] = ()
        self._trip: Trip | None = None

    async def run(self) -> None:
        """Send until the feed has nothing more and we stop."""
        while True:
            try:
                self._offer = await self._first()
                if self._offer is None:
                    break
                await self._converse()
            except StorageBroken:
                raise
            except Exception as error:  # noqa: BLE001 - the top of the loop: log, record, go on
                await self._broke(error)
        await self._leave()

    def hurry(self) -> None:
        """Wait only for the answer to a body that is under way: we stop."""
        if self._connection is not None:
            self._connection.hurry()

    # What to send next.

    async def _first(self) -> _Offer | None:
        """Return what to send next, with a connection for it; None when we stop."""
        while True:
            while not await self._sender.until_may_hold(self._place):
                await self._leave()
                if self._sender.is_stopping:
                    return None
            job = self._feed.take_now() or await self._feed.take(_IDLE_S if self._connection else None)
            if job is None:
                if self._connection is None:
                    return None
                await self._leave()  # nothing to do for a while
                continue
            try:
                is_ready = await self._is_ready(job)
            except BaseException:
                self._feed.put_back(job)
                raise
            if not is_ready or self._sender.is_stopping:
                self._feed.put_back(job)
            elif (offer := await self._made(job)) is not None:
                return offer

    async def _follower(self, *, with_next: int = 0) -> _Offer | None:
        """Return what is at hand to follow *with_next* bodies that go now; None when nothing is, or may."""
        assert self._connection is not None
        if with_next and not self._connection.pipelines:
            # The answer to the body comes first: nothing is gained by keeping it waiting for the next ones.
            return None
        while not self._sender.is_used_up(self._connection, with_next=with_next):
            job = self._feed.take_now()
            if job is None:
                return None
            if (offer := await self._made(job)) is not None:
                return offer
        return None

    async def _made(self, job: Job) -> _Offer | None:
        """Make a job's bytes; None when it can't be sent, which is written down."""
        assert self._connection is not None
        if job.is_void:
            self._feed.spare()
            self._feed.done(job)
            return None
        try:
            copy = job.copy()
        except (KeysError, Unmailable) as error:
            _log.error("copy.unreadable", reason=str(error))
            await self._sender.skip(job, SkipReason.UNSENDABLE)
        except Exception as error:  # noqa: BLE001 - one that can't be made must not stop the others
            _log.error("copy.broke", error=type(error).__name__)
            await self._settle_unsent(job, Lost(Stage.MAIL, f"our own fault: {type(error).__name__}"))
        else:
            if not self._connection.takes(copy):
                await self._sender.skip(job, SkipReason.SCRIPT)
            elif len(copy.message) > self._connection.largest:
                # In the relay's place, which has said so at EHLO (RFC 1870 §6.1).
                said = Reply(552, f"5.3.4 the relay takes at most {self._connection.largest} bytes")
                await self._settle_unsent(job, Answer(Stage.DATA, said))
            else:
                return _Offer(job, copy)
        self._feed.spare()
        return None

    # The conversation.

    async def _converse(self) -> None:
        """Send copy after copy, for as long as the connection lives and something is at hand."""
        connection = self._connection
        assert connection is not None
        assert self._offer is not None
        await connection.say(None, self._offer.copy)
        while True:
            heard = await connection.hear()
            self._unwritten = settled = self._settled(heard)
            if self._offer is None:
                return await self._turn(settled)
            if self._sender.is_stopping or self._trip or heard.refusal is not None:
                if not await self._go_on_after(heard, settled):
                    return None
            elif not await self._hand_over(settled):
                return None

    def _settled(self, heard: Heard) -> tuple[Settled, ...]:
        """Return what became of the body that was under way."""
        begun = self._begun
        if begun is None or heard.dot is None:
            return ()
        if isinstance(heard.dot, Answer) and heard.dot.reply.code == TAKEN:
            return (self._sender.taken(begun.job, begun.copy.recipient, heard.dot.reply),)
        self._sender.relay_spoke(heard.dot)
        return (self._judged(begun.job, begun.copy.recipient, heard.dot, had_begun=True),)

    def _judged(self, job: Job, recipient: str, met: Answer | Lost, *, had_begun: bool) -> Settled:
        """Return what an attempt ended in, and keep in mind whether everything must stop for it."""
        assert self._connection is not None
        settled = self._sender.settled(job, recipient, met, had_begun=had_begun)
        self._trip = self._sender.heard(settled, met, self._connection) or self._trip
        return settled

    async def _hand_over(self, settled: tuple[Settled, ...]) -> bool:
        """Begin the body that was asked for, and offer the next; False when it may not be sent any more."""
        connection, offer = self._connection, self._offer
        assert connection is not None
        assert offer is not None
        message = offer.copy.message if offer.copy.signature is None else await offer.copy.signed()
        turn = Turn(settled, offer.job)
        submitted = self._sender.submit(turn)
        follower = await self._follower(with_next=1)
        try:
            may_begin = await self._sender.written(turn, submitted)
        except BaseException:
            if follower is not None:
                self._feed.put_back(follower.job)
            raise
        self._begun, self._unwritten = None, ()
        for each in settled:
            self._feed.done(each.job)
        if may_begin:
            self._begun, self._offer = offer, follower
            await connection.say(message, follower.copy if follower else None)
        else:
            # Left, paused or cancelled since it was claimed: the dot is never sent, so the relay
            # discards what it was offered.
            self._offer = None
            connection.abort()
            if follower is not None:
                self._feed.put_back(follower.job)
            await self._feed.lost(offer.job)
        return may_begin

    async def _go_on_after(self, heard: Heard, settled: tuple[Settled, ...]) -> bool:
        """Settle an offer that does not lead to a body, and make the next; False when there is none."""
        connection, offer = self._connection, self._offer
        assert connection is not None
        assert offer is not None
        refusal = heard.refusal
        if self._sender.is_stopping or (self._trip and refusal is None):
            connection.abort()
            self._feed.put_back(offer.job)
        elif isinstance(refusal, Answer) and refusal.reply.code != CLOSING:
            self._sender.relay_spoke(refusal)
            settled = (*settled, self._judged(offer.job, offer.copy.recipient, refusal, had_begun=False))
        else:
            assert refusal is not None
            connection.abort()
            settled = (*settled, *self._dropped(offer, refusal))
        self._offer, self._unwritten = None, settled
        await self._turn(settled)
        if connection.is_open and not self._sender.is_stopping:
            self._offer = await self._follower()
            if self._offer is not None:
                await connection.say(None, self._offer.copy)
        return self._offer is not None

    def _dropped(self, offer: _Offer, met: Answer | Lost) -> tuple[Settled, ...]:
        """Put a copy off at whose offer the relay hung up: nothing was said about it, so it loses no try.

        Unless the relay does so again and again while it takes others: then it waits its turn as if it
        had been deferred.
        """
        assert self._connection is not None
        self._sender.relay_hung_up()
        self._sender.heard_close(met, self._connection)
        job, answered = offer.job, self._sender.answered_count
        job.drops = job.drops.again(answered)
        if job.drops.is_its_own(answered):
            return (self._judged(job, offer.copy.recipient, met, had_begun=False),)
        self._feed.put_off(job)
        return ()

    # The ledger.

    async def _turn(self, settled: tuple[Settled, ...]) -> None:
        """Write down outcomes alone."""
        if settled:
            turn = Turn(settled, None)
            await self._sender.written(turn, self._sender.submit(turn))
        if settled is self._unwritten:
            self._begun, self._unwritten = None, ()
        for each in settled:
            self._feed.done(each.job)
        if self._trip is not None:
            trip, self._trip = self._trip, None
            await self._sender.halt(trip)

    async def _settle_unsent(self, job: Job, met: Answer | Lost) -> None:
        await self._turn((self._judged(job, "", met, had_begun=False),))

    async def _broke(self, error: Exception) -> None:
        """Record attempts that our own fault ended; one copy must not stop the others."""
        _log.error("line.broke", error=type(error).__name__, begun=self._begun is not None)
        if self._connection is not None:
            self._connection.abort()
        # What fails at each connection must not be tried without a pause.
        self._sender.relay_hung_up()
        if self._unwritten:
            # What was heard is known, whatever broke afterwards.
            await self._turn(self._unwritten)
        words = f"our own fault: {type(error).__name__}"
        begun, offer = self._begun, self._offer
        self._begun = self._offer = None
        open_ones = ((begun, Stage.DOT, True), (offer, Stage.MAIL, False))
        for each, stage, had_begun in open_ones:
            if each is not None:
                met = Lost(stage, words)
                outcome = self._sender.settled(each.job, "", met, had_begun=had_begun)
                await self._turn((outcome,))

    # The connection.

    async def _is_ready(self, job: Job) -> bool:
        """Make sure of a connection that can take a copy; False when there is none to be had now."""
        connection = self._connection
        if connection is not None and connection.is_open and self._sender.is_used_up(connection):
            await self._leave()
        elif connection is not None and not connection.is_open:
            connection.abort()
            self._connection = None
        if self._connection is None:
            self._connection = await self._sender.connect(job)
        return self._connection is not None

    async def _leave(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.quit()
