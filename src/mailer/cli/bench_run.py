"""One measurement: an issue is released and sent as every issue is, and what it took is noted.

The pieces are those of ``mailer serve`` without its pages, which would count as the sender's memory.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from mailer.cli.bench_edition import LINKS, usual_message
from mailer.cli.bench_house import House, utc_now
from mailer.config import RelaySettings
from mailer.delivery.copy import Composer
from mailer.delivery.dialler import Dialler, NoConnection
from mailer.delivery.dkim import Signer
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.post_room import Manners, PostRoom
from mailer.delivery.presence import Presence
from mailer.delivery.release import release
from mailer.delivery.timeouts import Timeouts
from mailer.domain.books import Books
from mailer.domain.retry import RetryPolicy
from mailer.errors import MailerError
from mailer.rendering.skeleton import Skeleton
from mailer.storage import Database, Transaction, books, editions
from mailer.storage.size import size_bytes

_HELLO = "bench.example.org"
# What a provider puts off is tried again within the measurement.
_RETRY = RetryPolicy((1.0,))
_PATIENCE = Timeouts(connect_s=10)
_STALL_S = 30.0
_SHORTEST_LOOK_S, _LONGEST_LOOK_S = 0.01, 0.5
_READERS_PER_LOOK_S = 200_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How many copies had their outcome at a moment.

    Attributes:
        at: by the clock that only goes forward, in seconds.
    """

    at: float
    done: int


@dataclass(frozen=True, slots=True)
class Run:
    """What one release and its sending took.

    Attributes:
        progress: at least two, oldest first: from the start of sending to the last outcome.
        cpu_s: processor time of this process while it sent.
        longest_lock_s: the longest transaction of the release.
        message_bytes: size of a usual reader's message, without a signature.
        database_bytes: by which the database has grown since before the release.
    """

    freeze_s: float
    longest_lock_s: float
    progress: tuple[Progress, ...]
    cpu_s: float
    commits: int
    books: Books
    balance: bool
    message_bytes: int
    database_bytes: int

    @property
    def seconds(self) -> float:
        """How long the sending took."""
        return self.progress[-1].at - self.progress[0].at

    def rate(self, from_share: float = 0.0, to_share: float = 1.0) -> float:
        """Return outcomes per second between two shares of all outcomes."""
        done = self.progress[-1].done
        took = self._reached(done * to_share) - self._reached(done * from_share)
        return done * (to_share - from_share) / took if took > 0 else 0.0

    def _reached(self, count: float) -> float:
        """Return when *count* copies had their outcome, on the line between two looks."""
        before = self.progress[0]
        for now in self.progress[1:]:
            if now.done >= count:
                share = (count - before.done) / (now.done - before.done) if now.done > before.done else 0.0
                return before.at + share * (now.at - before.at)
            before = now
        return before.at


async def check_reachable(relay: RelaySettings) -> None:
    """
    See that the relay takes us before anything is made for it.

    Raises:
        MailerError: it does not.
    """
    try:
        connection = await Dialler(relay, _HELLO, _PATIENCE).open()
    except NoConnection:
        raise MailerError(
            f"no mail server takes us at {relay.host}, port {relay.port}; start it, or correct --relay"
        ) from None
    await connection.quit()


async def measure(here: House, issue_id: int, relay: RelaySettings, tell: Callable[[str, int], None]) -> Run:
    """Release the issue, send it, and say what that took.

    Args:
        here: furnished.
        issue_id: its draft.
        relay: where to.
        tell: is told what goes on, and how many copies are done.
    """
    async with here.opened() as database:
        presence = here.presence(database)
        await presence.enter()
        try:
            presence.be_the_sender()
            empty_bytes = await database.read(size_bytes)
            tell("freeze", 0)
            began = time.perf_counter()
            await release(database, issue_id, here.terms(database, presence.id))
            freeze_s = time.perf_counter() - began
            longest_s = database.longest_write_s
            commits, cpu_s = database.commits, time.process_time()
            async with _sending(here, database, presence, relay):
                progress = await _watch(database, issue_id, lambda done: tell("send", done))
                cpu_s = time.process_time() - cpu_s
                commits = database.commits - commits
            counted, balance = await database.read(lambda tx: _books(tx, issue_id))
            return Run(
                freeze_s=freeze_s,
                longest_lock_s=longest_s,
                progress=progress,
                cpu_s=cpu_s,
                commits=commits,
                books=counted,
                balance=balance,
                message_bytes=await database.read(lambda tx: _message_bytes(tx, issue_id)),
                database_bytes=await database.read(size_bytes) - empty_bytes,
            )
        finally:
            await presence.leave()


@asynccontextmanager
async def _sending(
    here: House, database: Database, presence: Presence, relay: RelaySettings
) -> AsyncIterator[None]:
    """Send for as long as the context lasts, then finish what is in flight."""
    signer = None if here.signing is None else Signer(here.signing, clock=utc_now)
    post_room = PostRoom(
        database,
        Composer(here.keys, here.vault, "", signer),
        Letterpress(LINKS),
        presence=presence,
        fence=here.fence(database),
        manners=Manners(_RETRY, utc_now),
    )
    try:
        async with post_room.sending(Dialler(relay, _HELLO)):
            yield
    finally:
        if signer is not None:
            signer.close()


async def _watch(database: Database, issue_id: int, tell: Callable[[int], None]) -> tuple[Progress, ...]:
    """Note how the copies get their outcomes, until all have or none has had one for a while."""
    began = time.perf_counter()
    seen = [Progress(began, 0)]
    while True:
        counted = await database.read(lambda tx: _total(books.by_language(tx, issue_id).values()))
        now = Progress(time.perf_counter(), counted.audience - counted.pending)
        if now.done > seen[-1].done:
            seen.append(now)
            tell(now.done)
        if counted.pending == 0 or now.at - seen[-1].at > _STALL_S:
            return tuple(seen)
        # Each look sums up the chunks, so a large issue is looked at less often, but not near its end.
        left_s = (now.at - began) / max(now.done, 1) * counted.pending
        pause_s = min(counted.audience / _READERS_PER_LOOK_S, left_s / 2)
        await asyncio.sleep(min(max(pause_s, _SHORTEST_LOOK_S), _LONGEST_LOOK_S))


def _books(tx: Transaction, issue_id: int) -> tuple[Books, bool]:
    """Return the books, and whether they balance and agree with every copy's own row."""
    counted, proven = books.by_language(tx, issue_id), books.proven(tx, issue_id)
    agree = all(replace(line, deferred_attempts=0) == proven.get(key) for key, line in counted.items())
    total = _total(counted.values())
    return total, total.balance and agree


def _total(lines: Iterable[Books]) -> Books:
    return sum(lines, Books())


def _message_bytes(tx: Transaction, issue_id: int) -> int:
    (edition,) = editions.of_issue(tx, issue_id).values()
    return len(usual_message(Skeleton.unpack(edition.skeleton)))
