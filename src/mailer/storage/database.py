"""The database, embedded (SQLite) or served (PostgreSQL), behind two verbs: read and write.

The same synchronous functions run on both. On SQLite they run on threads over the standard
library's driver: one thread hop per function, not one per statement (docs/decisions/storage-threads.md). On
PostgreSQL SQLAlchemy's run_sync carries them over asyncpg.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from mailer.errors import SettingsError, StorageBroken, StorageError
from mailer.storage.breakage import Breakage
from mailer.storage.refusal import refusal, refusals_as_ours
from mailer.storage.writer import Transactions, Unit, Writer

T = TypeVar("T")

_HIDE = True
"""An error names the statement, never the values: what is no secret today may be one tomorrow."""
Item = TypeVar("Item")
Transaction: TypeAlias = Connection
"""What repositories take as their first argument; opaque to every other room."""

_BUSY_S = 30
_READERS = 2


class _Backend(Protocol):
    """What differs between the two databases."""

    breakage: Breakage

    def writing(self) -> Transactions: ...

    async def read(self, work: Unit[T]) -> T: ...

    async def close(self) -> None: ...


class Database:
    """One database: reads run beside each other, writes through the one writer."""

    def __init__(self, url: URL, backend: _Backend) -> None:
        self.url = url
        self._leaving: tuple[float, float] | None = None  # since when, and with how much patience
        self._backend = backend
        self._writer = Writer(backend.writing)
        self._is_closed = False

    @property
    def is_embedded(self) -> bool:
        """Whether it is SQLite: one process sends, and locks are files."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def commits(self) -> int:
        """How many group commits this process has made."""
        return self._writer.commits

    @property
    def longest_write_s(self) -> float:
        """How long the longest transaction of this process held the database, in seconds."""
        return self._writer.longest_s

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """Return what *work* reads, from one consistent snapshot.

        Raises:
            StorageError: the database can't be read.
        """
        self._check_open()
        with refusals_as_ours():
            return await self._backend.read(work)

    async def write(self, work: Callable[[Transaction], T], *, urgent: bool = False) -> T:
        """Do *work* in the next group commit; return once it is durable.

        *work* may run twice, so it must touch nothing but its transaction.

        Raises:
            StorageBroken: the disk failed under a write, now or before; this process must end.
            StorageError: disk full, read-only or locked for too long; nothing was written.
        """
        self._check_open()
        return await self._writer.submit(work, urgent=urgent)

    def write_together(
        self, work: Callable[[Transaction, Sequence[Item]], Sequence[T]], item: Item
    ) -> asyncio.Future[T]:
        """Let *work* write *item* down with all others that wait, last in the next group commit.

        The future is done once that is durable, with what *work* returned for the item, or fails as
        *write* does. *work* may run twice, and returns one result for each of its items.
        """
        self._check_open()
        return self._writer.submit_together(work, item)

    def hurry(self, patience_s: float) -> None:
        """Say that this process is leaving: who tries a write again does so for at most *patience_s*."""
        self._leaving = (time.monotonic(), patience_s)

    def has_patience(self, refused_at: float) -> bool:
        """Tell whether a write that is refused since *refused_at* (monotonic) shall be tried again."""
        if self._leaving is None:
            return True
        since, patience_s = self._leaving
        return time.monotonic() - max(since, refused_at) < patience_s

    def give_up(self, error: StorageBroken) -> None:
        """Let this process write no more; whoever awaits *until_broken* gets *error*."""
        self._backend.breakage.note(error)

    async def until_broken(self) -> StorageBroken:
        """Return the failure after which this process must end, once there is one."""
        return await self._backend.breakage.wait()

    async def close(self) -> None:
        """Finish what was submitted and let go of every connection."""
        self._is_closed = True
        if self._backend.breakage.is_there:
            # Closing would fold the log in and sync anew; the files stay as they are for the next start.
            return
        await asyncio.to_thread(self._writer.stop)
        await self._backend.close()

    def _check_open(self) -> None:
        self._backend.breakage.check()
        # The writer's thread has ended: nobody would ever answer.
        if self._is_closed:
            raise StorageError("the database was closed; start the program again")


def open_database(url: str, *, busy_s: float = _BUSY_S) -> Database:
    """Open ``sqlite:///path`` or ``postgresql+asyncpg://…``; nothing is touched before first use.

    Args:
        url: as in the settings.
        busy_s: how long a write to SQLite waits for another program's.

    Raises:
        SettingsError: the URL names no database that we know.
    """
    try:
        parsed = make_url(url)
    except Exception as error:
        raise SettingsError(
            "[database] url is not a database address; write sqlite:///data/mailer.db"
        ) from error
    name = parsed.get_backend_name()
    if name == "sqlite":
        return Database(parsed, _Sqlite(parsed, busy_s))
    if name == "postgresql":
        return Database(parsed, _Postgres(parsed.set(drivername="postgresql+asyncpg")))
    raise SettingsError(f"[database] url names {name}; write sqlite:///… or postgresql+asyncpg://…")


class _Sqlite:
    def __init__(self, url: URL, busy_s: float) -> None:
        self.breakage = Breakage()
        self._url = url
        self._busy_s = busy_s
        self._reading: Engine | None = None
        self._threads = ThreadPoolExecutor(_READERS, thread_name_prefix="mailer-reader")

    def writing(self) -> Transactions:
        # BEGIN IMMEDIATE: a deferred transaction that reads first and writes later can meet
        # SQLITE_BUSY_SNAPSHOT, against which no time-out helps.
        return _SyncTransactions(sqlite_engine(self._url, "BEGIN IMMEDIATE", self._busy_s), self.breakage)

    async def read(self, work: Unit[T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._read, work)

    def _read(self, work: Unit[T]) -> T:
        if self._reading is None:
            self._reading = sqlite_engine(self._url, "BEGIN", self._busy_s)
        with self._reading.begin() as connection:
            return work(connection)

    async def close(self) -> None:
        self._threads.shutdown()
        if self._reading is not None:
            self._reading.dispose()


class _Postgres:
    def __init__(self, url: URL) -> None:
        self.breakage = Breakage()
        self._url = url
        self._reading: AsyncEngine | None = None

    def writing(self) -> Transactions:
        return _LoopTransactions(self._url)

    async def read(self, work: Unit[T]) -> T:
        if self._reading is None:
            # PostgreSQL's usual READ COMMITTED looks anew at each statement; a read is one snapshot.
            self._reading = create_async_engine(
                self._url,
                pool_size=_READERS,
                pool_pre_ping=True,
                isolation_level="REPEATABLE READ",
                hide_parameters=_HIDE,
            )
        async with self._reading.begin() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        if self._reading is not None:
            await self._reading.dispose()


class _SyncTransactions:
    """SQLite's: the standard library's driver on the writer's thread."""

    def __init__(self, engine: Engine, breakage: Breakage) -> None:
        self._engine = engine
        self._breakage = breakage
        self._connection = engine.connect()

    def run(self, work: Unit[T]) -> T:
        # Asked here too: the others of a batch in which a sync failed must not be tried one by one.
        self._breakage.check()
        try:
            with self._connection.begin():
                return work(self._connection)
        except (DBAPIError, sqlite3.Error) as error:
            ours = refusal(error)
            if not isinstance(ours, StorageBroken):
                raise
            self._breakage.note(ours)
            raise ours from error

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()


class _LoopTransactions:
    """PostgreSQL's: asyncpg on an event loop of the writer's own."""

    def __init__(self, url: URL) -> None:
        self._engine = create_async_engine(
            url, pool_size=1, max_overflow=0, pool_pre_ping=True, hide_parameters=_HIDE
        )
        self._runner = asyncio.Runner()

    def run(self, work: Unit[T]) -> T:
        return self._runner.run(self._run(work))

    async def _run(self, work: Unit[T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    def close(self) -> None:
        self._runner.run(self._engine.dispose())
        self._runner.close()


def sqlite_engine(url: URL, begin: str, busy_s: float = _BUSY_S) -> Engine:
    """Return an engine whose transactions start with *begin*, durable at each commit."""
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=QueuePool,
        connect_args={"timeout": busy_s, "check_same_thread": False},
        hide_parameters=_HIDE,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # We begin transactions ourselves: the driver would begin deferred ones.
        connection.isolation_level = None
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # NORMAL loses the last commits when the power fails
            "foreign_keys = ON",
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
