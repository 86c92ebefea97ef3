"""The writer: one thread per process owns the only writing connection (design §4).

Rooms submit units of work; the thread takes all that wait, runs them in one transaction and
commits once: a group commit over every connection, Letters and sign-ups first.

A unit is a function of a Transaction that touches nothing else, so that a batch in which one unit
fails can be rolled back and run again one by one: no savepoint is paid for in the usual case.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")
Unit = Callable[[Connection], T]

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


@dataclass(slots=True)
class _Job:
    unit: Unit[Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def resolve(self, result: Any, error: BaseException | None) -> None:
        # The loop may be gone when a process is torn down; then nobody waits for the answer.
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._set, result, error)

    def _set(self, result: Any, error: BaseException | None) -> None:
        if self.future.cancelled():
            return
        if error is None:
            self.future.set_result(result)
        else:
            self.future.set_exception(error)


class Writer:
    """The thread, its two queues and the count of its commits."""

    def __init__(self, transactions: Callable[[], Transactions]) -> None:
        """Args: transactions: opens the connection, on the writer's own thread."""
        self._open = transactions
        self._urgent: deque[_Job] = deque()
        self._usual: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.commits = 0

    async def submit(self, unit: Unit[T], *, urgent: bool = False) -> T:
        """Run *unit* in the next group commit and return what it returned, once that is durable."""
        loop = asyncio.get_running_loop()
        job = _Job(unit, loop, loop.create_future())
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="mailer-writer", daemon=True)
                self._thread.start()
            (self._urgent if urgent else self._usual).append(job)
            self._wake.notify()
        result: T = await job.future
        return result

    def stop(self) -> None:
        """Finish what was submitted, then end the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        transactions: Transactions | None = None
        busy_since = time.monotonic()
        while jobs := self._take():
            now = time.monotonic()
            if now - busy_since > _BUSY_S:
                time.sleep(_PAUSE_S)
                busy_since = time.monotonic()
            try:
                transactions = transactions or self._open()
            except Exception as error:  # noqa: BLE001 - the top of the loop: whoever waits hears of it
                for job in jobs:
                    job.resolve(None, error)
                continue
            self._run(transactions, jobs)
        if transactions is not None:
            transactions.close()

    def _take(self) -> list[_Job]:
        with self._wake:
            while not (self._urgent or self._usual or self._stopping):
                self._wake.wait()
            jobs: list[_Job] = []
            for queue in (self._urgent, self._usual):
                while queue and len(jobs) < _BATCH:
                    jobs.append(queue.popleft())
            return jobs

    def _run(self, transactions: Transactions, jobs: list[_Job]) -> None:
        try:
            results = transactions.run(lambda tx: [job.unit(tx) for job in jobs])
            self.commits += 1
        except Exception as error:  # noqa: BLE001 - the top of the loop: whoever waits hears of it
            if len(jobs) == 1:
                jobs[0].resolve(None, error)
                return
            for job in jobs:
                self._run(transactions, [job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.resolve(result, None)
