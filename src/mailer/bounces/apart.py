"""Work that blocks on somebody else's server, in a thread that nobody has to wait for.

``asyncio.to_thread`` takes threads that are waited for at the end: a mailbox whose server hangs would hold
up the end of the service for as long as it hangs.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def apart(job: Callable[[], T], unwanted: Callable[[T], None] | None = None) -> T:
    """
    Return what *job* returns, or raise what it raises.

    Args:
        job: done in a thread of its own, which goes on when this is cancelled.
        unwanted: given the result where nobody waits for it any more; must not block.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()
    is_left = threading.Event()

    def hand_over(result: T | None, error: Exception | None) -> None:
        if future.done():
            discard(result)
        elif error is None:
            future.set_result(result)  # type: ignore[arg-type]  # job's own, whatever it is
        else:
            future.set_exception(error)

    def discard(result: T | None) -> None:
        if unwanted is not None and result is not None:
            unwanted(result)

    def work() -> None:
        result, error = None, None
        try:
            result = job()
        except Exception as raised:  # noqa: BLE001 - whoever waits gets it
            error = raised
        if is_left.is_set():
            discard(result)
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(hand_over, result, error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return await future
    except asyncio.CancelledError:
        is_left.set()
        raise
