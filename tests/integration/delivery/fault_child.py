"""
A process of its own that sends an issue, for what can only be taken from a whole process.

``python -m tests.integration.delivery.fault_child DATABASE PORT CONNECTIONS FILES`` sends until standard
input ends; FILES limits its open files (0: as it is). It logs as ``mailer serve`` does.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from mailer.log import set_up_log
from mailer.storage import open_database
from tests.integration.delivery.dispatch import Manner
from tests.integration.delivery.fault_relay import FaultRelay
from tests.integration.delivery.fault_scene import serving
from tests.integration.delivery.house import House


async def _send(path: Path, port: int, connections: int) -> None:
    database = open_database(f"sqlite:///{path}")
    try:
        relay = FaultRelay(port=port)  # the real one is in the process that started this one
        manner = Manner(connections, messages_per_connection=2)
        async with serving(House(database), relay, manner) as sending:
            await asyncio.to_thread(sys.stdin.read)
            assert not sending.task.done()
    finally:
        await database.close()


def main() -> None:
    """Do it."""
    path, port, connections, files = sys.argv[1:]
    if int(files):
        resource.setrlimit(resource.RLIMIT_NOFILE, (int(files), int(files)))
    set_up_log("debug")
    asyncio.run(_send(Path(path), int(port), int(connections)))


if __name__ == "__main__":
    main()
