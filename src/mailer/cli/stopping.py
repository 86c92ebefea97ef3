"""How a program that runs on is told to stop: SIGTERM, or Ctrl-C."""

from __future__ import annotations

import asyncio
import signal

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def told_to_stop() -> asyncio.Event:
    """Return what the first signal sets; a second one leaves at once: what is in flight is then unknown."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stopped.set()
        for name in _SIGNALS:
            loop.remove_signal_handler(name)

    for name in _SIGNALS:
        loop.add_signal_handler(name, stop)
    return stopped
