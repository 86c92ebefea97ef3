"""What a careful ordinary program does: aiosmtplib's ``sendmail``, and one durable commit after each reply.

``python -m benchmarks.plain --port 2525 --message FILE --count 5000 --connections 32 [--commit FOLDER]``
prints messages a second. It is given what helps it: uvloop, connections that stay open, one database
connection on a thread of its own, so that no commit waits for SQLite's lock.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Protocol

import uvloop
from aiosmtplib import SMTP

_SENDER = "weekly@example.org"


class _Ledger(Protocol):
    async def settle(self, number: int, reply: str) -> None: ...


class _NoLedger:
    """Remembers nothing: a crash leaves nobody who knows what was sent."""

    async def settle(self, number: int, reply: str) -> None:
        """Forget it."""


class _SqliteLedger:
    """One commit for each message, durable before the next one is sent."""

    def __init__(self, database: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._database = database
        self._thread = thread

    async def settle(self, number: int, reply: str) -> None:
        """Write down that a message was taken."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, number, reply)

    def _commit(self, number: int, reply: str) -> None:
        # Outside a transaction each statement is one, committed at its end.
        self._database.execute(
            "UPDATE delivery SET state = 'accepted', reply = ?, at = ? WHERE number = ?",
            (reply, time.time(), number),
        )


def open_ledger(path: Path, count: int) -> sqlite3.Connection:
    """Return a database with *count* messages to be sent, durable at each commit."""
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE delivery (number INTEGER PRIMARY KEY, state TEXT, reply TEXT, at REAL)")
    database.execute("BEGIN")
    database.executemany(
        "INSERT INTO delivery (number, state) VALUES (?, 'queued')", ((i,) for i in range(count))
    )
    database.execute("COMMIT")
    return database


async def send(port: int, message: bytes, numbers: Iterator[int], connections: int, ledger: _Ledger) -> None:
    """Send one message for each of *numbers*."""

    async def one_connection() -> None:
        async with SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
            for number in numbers:
                _, reply = await client.sendmail(_SENDER, f"reader{number}@example.org", message)
                await ledger.settle(number, reply)

    async with asyncio.TaskGroup() as group:
        for _ in range(connections):
            group.create_task(one_connection())


def main() -> None:
    """Send and print the rate."""
    call = _read_call()
    message = call.message.read_bytes()

    def timed(ledger: _Ledger) -> float:
        began = time.perf_counter()
        uvloop.run(send(call.port, message, iter(range(call.count)), call.connections, ledger))
        return int(call.count) / (time.perf_counter() - began)

    if call.commit is None:
        rate = timed(_NoLedger())
    else:
        with (
            closing(open_ledger(call.commit / "plain.db", call.count)) as database,
            ThreadPoolExecutor(1) as thread,
        ):
            rate = timed(_SqliteLedger(database, thread))
    sys.stdout.write(f"{rate}\n")


def _read_call() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plain")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--message", type=Path, required=True, help="with CRLF line ends")
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--commit", type=Path, help="folder for a database, one commit after each reply")
    return parser.parse_args()


if __name__ == "__main__":
    main()
