"""Threads that work for an event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

import pytest

from mailer.delivery.workbench import Workbench


def test_each_job_gets_its_own_result() -> None:
    """Also when far more wait than there are threads."""

    async def ask() -> list[int]:
        bench: Workbench[int] = Workbench(3)
        try:
            return await asyncio.gather(*(bench.do(partial(pow, i, 2)) for i in range(1000)))
        finally:
            bench.close()

    assert asyncio.run(ask()) == [i * i for i in range(1000)]


def test_a_job_that_raises_ends_its_own_future_only() -> None:
    """The thread goes on with the next."""

    async def ask() -> list[float | BaseException]:
        bench: Workbench[float] = Workbench(1)
        try:
            jobs = [bench.do(lambda: 1 / 0), bench.do(lambda: 1.0)]
            return await asyncio.gather(*jobs, return_exceptions=True)
        finally:
            bench.close()

    failed, done = asyncio.run(ask())

    assert isinstance(failed, ZeroDivisionError)
    assert done == 1.0


def test_a_cancelled_wait_disturbs_nobody() -> None:
    """Its result comes to nothing, and the next one arrives."""

    async def ask() -> int:
        bench: Workbench[int] = Workbench(1)
        try:
            bench.do(lambda: 1).cancel()
            return await bench.do(lambda: 2)
        finally:
            bench.close()

    assert asyncio.run(ask()) == 2


def test_closing_cancels_what_was_not_begun_and_leaves_no_thread() -> None:
    """Nobody waits for ever; a later job is refused."""
    before = threading.active_count()
    begun = threading.Event()
    second: asyncio.Future[bool]

    def until_second_is_cancelled() -> bool:
        begun.set()
        while not second.cancelled():
            time.sleep(0.001)
        return True

    async def ask() -> bool:
        nonlocal second
        bench: Workbench[bool] = Workbench(1)
        second = asyncio.get_running_loop().create_future()
        first = bench.do(until_second_is_cancelled)
        second = bench.do(begun.is_set)
        await asyncio.to_thread(begun.wait)
        bench.close()
        with pytest.raises(RuntimeError, match="closed"):
            bench.do(begun.is_set)
        return await first

    assert asyncio.run(ask())
    assert second.cancelled()
    assert threading.active_count() == before
