"""Two transactions that are open at the same time, as those of two processes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from mailer.storage import Transaction
from tests.integration.storage.scene import Store

T = TypeVar("T")
LONG_ENOUGH_S = 0.15
"""In which a transaction does whatever it does not wait for."""


@contextmanager
def under_way(store: Store, work: Callable[[Transaction], object]) -> Iterator[None]:
    """Have *work* done in a transaction that is committed when the block ends."""
    done, go_on = threading.Event(), threading.Event()

    def unit(tx: Transaction) -> None:
        work(tx)
        done.set()
        go_on.wait(10)

    with ThreadPoolExecutor(1) as thread:
        written = thread.submit(asyncio.run, store.database.write(unit))
        assert done.wait(10)
        try:
            yield
        finally:
            go_on.set()
        written.result(10)


def meet(
    first: tuple[Store, Callable[[Transaction], object]],
    second: tuple[Store, Callable[[Transaction], T]],
    thread: ThreadPoolExecutor,
) -> T:
    """Begin the first, then the second beside it; return what the second returns."""
    with under_way(*first):
        store, work = second
        waiting: Future[T] = thread.submit(asyncio.run, store.database.write(work))
        threading.Event().wait(LONG_ENOUGH_S)
    return waiting.result(10)
