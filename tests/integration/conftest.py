"""A database of every kind we support: what runs on one must run on the other.

One of each kind stands open for the whole run, because opening it and compiling every statement anew
would cost each test 0.1 s; after each test it is emptied. Who needs a file of their own asks for
``sqlite_url``.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.storage import Database, Transaction, open_database, schema
from mailer.storage.tables import metadata
from tests.integration.storage.scene import Store
from tests.tools.postgres import PostgresServer

_KINDS = ("sqlite", "postgresql")


class KeptOpen:
    """Databases that are opened once and stay open."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._opened: dict[tuple[str, str], Database] = {}

    def database(self, url: str, user: str = "first") -> Database:
        """Return the database at *url* as *user* has it open; each user has a writer of its own."""
        if (url, user) not in self._opened:
            self._opened[url, user] = open_database(url)
        return self._opened[url, user]

    def empty(self, url: str) -> None:
        """Remove every row."""
        self._runner.run(self.database(url).write(_empty))

    def close(self, url: str) -> None:
        """Let go of the database at *url*, whoever has it open."""
        for opened, user in list(self._opened):
            if opened == url:
                self._runner.run(self._opened.pop((opened, user)).close())


@pytest.fixture(scope="session")
def runner() -> Iterator[asyncio.Runner]:
    """The event loop on which databases are used; it runs only while a test asks it to."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture(scope="session")
def kept_open(runner: asyncio.Runner) -> KeptOpen:
    """What stands open; each is closed before its server ends."""
    return KeptOpen(runner)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and no row."""
    path = tmp_path_factory.mktemp("template") / "mailer.db"
    asyncio.run(_upgraded(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def standing_sqlite(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, kept_open: KeptOpen
) -> Iterator[str]:
    """The address of an SQLite database that tests leave without a row."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("standing") / "mailer.db")
    yield f"sqlite:///{path}"
    kept_open.close(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def standing_postgresql(postgres_server: PostgresServer, kept_open: KeptOpen) -> Iterator[str]:
    """The address of a PostgreSQL database that tests leave without a row."""
    url = postgres_server.create_database()
    asyncio.run(_upgraded(url))
    yield url
    kept_open.close(url)


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an SQLite database in a file of this test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'mailer.db')}"


@pytest.fixture
def postgresql_url(standing_postgresql: str, kept_open: KeptOpen) -> Iterator[str]:
    """The address of a PostgreSQL database without a row."""
    yield standing_postgresql
    kept_open.empty(standing_postgresql)


@pytest.fixture(params=_KINDS)
def database_url(request: pytest.FixtureRequest, kept_open: KeptOpen) -> Iterator[str]:
    """The address of a database without a row; every test that asks runs on both kinds."""
    url: str = request.getfixturevalue(f"standing_{request.param}")
    yield url
    kept_open.empty(url)


@pytest.fixture
def database(database_url: str, kept_open: KeptOpen) -> Database:
    """The same database, open; a test must not close it."""
    return kept_open.database(database_url)


@pytest.fixture
def store(database: Database, runner: asyncio.Runner) -> Store:
    """The same database, for tests that look at one transaction after another."""
    return Store(database, runner)


@pytest.fixture
def other_store(database_url: str, kept_open: KeptOpen, runner: asyncio.Runner) -> Store:
    """The same data as another process has it open: with a writer of its own."""
    return Store(kept_open.database(database_url, "second"), runner)


async def _upgraded(url: str) -> None:
    database = open_database(url)
    await schema.upgrade(database)
    await database.close()


def _empty(tx: Transaction) -> None:
    if tx.dialect.name == "postgresql":
        tx.execute(text("SET LOCAL lock_timeout = '5s'"))  # a test that left a transaction open is named
        tx.execute(text("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"))
    else:
        tx.execute(text("DELETE FROM sqlite_sequence"))
    for table in reversed(metadata.sorted_tables):
        tx.execute(table.delete())
