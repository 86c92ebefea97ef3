"""The writer: one thread per process owns the only writing connection (design §4).

Rooms submit units of work; the thread takes all that wait, runs them in one transaction and
commits once: a group commit over every connection, Letters and sign-ups first.

A unit is a function of a Transaction that touches nothing else, so that a batch in which one unit
fails can be rolled back and run again one by one: no savepoint is paid for in the usual case.
Items that one function writes down together (the ledger's turns) come last in the batch: an
unsubscribe or a pause that is committed with them has been seen by them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from mailer.storage.refusal import refusals_as_ours

T = TypeVar("T")
Item = TypeVar("Item")
Unit = Callable[[Connection], T]
Together = Callable[[Connection, Sequence[Item]], Sequence[T]]
"""Writes many items down in one go; returns one result for each."""

_BATCH = 256
# A second process (the command line) gets in only when this one lets go of SQLite's lock for a
# moment; without the pause it was seen to wait for seconds.
_BUSY_S = 0.050
_PAUSE_S = 0.002


class Transactions(Protocol):
    """Runs a function inside one durable transaction, on the thread that calls it."""

    def run(self, work: Unit[T]) -> T:
        """Begin, do *work*, commit; on any error roll back and raise."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class _Job:
    """A unit, or one item of a function that takes many, and who waits for its result."""

    __slots__ = ("error", "future", "item", "loop", "result", "work")

    def __init__(self, work: Callable[..., Any], item: Any, loop: asyncio.AbstractEventLoop) -> None:
        self.work = work
        self.item = item
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self.result: Any = None
        self.error: BaseException | None = None

    def resolve(self) -> None:
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """The thread, its queues and the count of its commits."""

    def __init__(self, transactions: Callable[[], Transactions]) -> None:
        """Args: transactions: opens the connection, on the writer's own thread."""
        self._open = transactions
        self._urgent: deque[_Job] = deque()
        self._usual: deque[_Job] = deque()
        self._together: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._is_waiting = False
        self._poke_is_due = False
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.commits = 0
        """Group commits made."""
        self.longest_s = 0.0
        """The longest transaction, from before BEGIN to after COMMIT, in seconds."""

    async def submit(self, unit: Unit[T], *, urgent: bool = False) -> T:
        """Run *unit* in the next group commit and return what it returned, once that is durable."""
        job = _Job(unit, None, asyncio.get_running_loop())
        (self._urgent if urgent else self._usual).append(job)
        self._poke()
        result: T = await job.future
        return result

    def submit_together(self, work: Together[Item, T], item: Item) -> asyncio.Future[T]:
        """Let *work* write *item* down with all others; the future is done once that is durable.

        The thread is woken when the loop has run what is ready now: connections whose answers came
        together share one commit.
        """
        loop = asyncio.get_running_loop()
        job = _Job(work, item, loop)
        self._together.append(job)
        if not self._poke_is_due:
            self._poke_is_due = True
            loop.call_soon(self._poke_later)
        return job.future

    def stop(self) -> None:
        """Finish what was submitted, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _poke_later(self) -> None:
        self._poke_is_due = False
        self._poke()

    def _poke(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="mailer-writer", daemon=True)
            self._thread.start()
        # Queues are thread-safe by themselves; the lock is for the thread that found them empty.
        with self._wake:
            if self._is_waiting:
                self._wake.notify()

    def _work(self) -> None:
        transactions: Transactions | None = None
        busy_since = time.monotonic()
        while jobs := self._take():
            now = time.monotonic()
            if now - busy_since > _BUSY_S:
                time.sleep(_PAUSE_S)
                busy_since = time.monotonic()
            try:
                with refusals_as_ours():
                    transactions = transactions or self._open()
            except Exception as error:  # noqa: BLE001 - the top of the loop: whoever waits hears of it
                for job in jobs:
                    job.error = error
            else:
                self._run(transactions, jobs)
            _resolve(jobs)
        if transactions is not None:
            transactions.close()

    def _take(self) -> list[_Job]:
        queues = (self._urgent, self._usual, self._together)
        with self._wake:
            while not (any(queues) or self._stopping):
                self._is_waiting = True
                self._wake.wait()
                self._is_waiting = False
        jobs: list[_Job] = []
        for queue in queues:
            while queue and len(jobs) < _BATCH:
                jobs.append(queue.popleft())
        return jobs

    def _run(self, transactions: Transactions, jobs: list[_Job]) -> None:
        begun_at = time.monotonic()
        try:
            with refusals_as_ours():
                transactions.run(lambda tx: _do(tx, jobs))
            self.commits += 1
        except Exception as error:  # noqa: BLE001 - the top of the loop: whoever waits hears of it
            if len(jobs) == 1:
                jobs[0].error = error
                return
            for job in jobs:
                self._run(transactions, [job])
        finally:
            self.longest_s = max(self.longest_s, time.monotonic() - begun_at)


def _do(tx: Connection, jobs: Sequence[_Job]) -> None:
    """Do every job: units in their order, then what is written down together."""
    together: dict[Callable[..., Any], list[_Job]] = {}
    for job in jobs:
        if job.item is None:
            job.result = job.work(tx)
        else:
            together.setdefault(job.work, []).append(job)
    for work, theirs in together.items():
        results = work(tx, [job.item for job in theirs])
        for job, result in zip(theirs, results, strict=True):
            job.result = result


def _resolve(jobs: Sequence[_Job]) -> None:
    """Tell those who wait, with one call into each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, theirs in by_loop.items():
        # The loop may be gone when a process is torn down; then nobody waits for the answer.
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve_here, theirs)


def _resolve_here(jobs: Sequence[_Job]) -> None:
    for job in jobs:
        job.resolve()
