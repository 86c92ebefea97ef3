"""A database of every kind we support: what runs on one must run on the other.

The schema is made once per run and kind. Each test gets its own copy of the SQLite file; on PostgreSQL,
where a copy costs 0.1 s, all share one database that is emptied after each.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.storage import Database, Transaction, open_database, schema
from mailer.storage.tables import metadata
from tests.integration.storage.scene import Store
from tests.tools.postgres import PostgresServer


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with every table and no row."""
    path = tmp_path_factory.mktemp("template") / "mailer.db"
    asyncio.run(_upgraded(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def emptied_postgres(postgres_server: PostgresServer) -> str:
    """The address of a PostgreSQL database with every table, which tests leave without a row."""
    url = postgres_server.create_database()
    asyncio.run(_upgraded(url))
    return url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of an SQLite database of this test's own."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'mailer.db')}"


@pytest.fixture
def postgresql_url(emptied_postgres: str) -> Iterator[str]:
    """The address of a PostgreSQL database that is this test's own while it runs."""
    yield emptied_postgres
    # In a thread of its own: the test's event loop may still be the current one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _emptied(emptied_postgres)).result()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a database of this test's own; every test that asks runs on both kinds."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """The event loop of a test, for as long as its databases are open."""
    with asyncio.Runner() as opened:
        yield opened


@pytest.fixture
def database(database_url: str, runner: asyncio.Runner) -> Iterator[Database]:
    """An open database of this test's own."""
    opened = open_database(database_url)
    yield opened
    runner.run(opened.close())


@pytest.fixture
def store(database: Database, runner: asyncio.Runner) -> Store:
    """The same database, for tests that look at one transaction after another."""
    return Store(database, runner)


@pytest.fixture
def other_store(database_url: str, runner: asyncio.Runner) -> Iterator[Store]:
    """The same data as another process has it open: with a writer of its own."""
    opened = open_database(database_url)
    yield Store(opened, runner)
    runner.run(opened.close())


async def _upgraded(url: str) -> None:
    database = open_database(url)
    await schema.upgrade(database)
    await database.close()


async def _emptied(url: str) -> None:
    def empty(tx: Transaction) -> None:
        tx.execute(text("SET LOCAL lock_timeout = '5s'"))  # a test that left a transaction open is named
        for table in reversed(metadata.sorted_tables):
            tx.execute(table.delete())
        tx.execute(text("SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S'"))

    database = open_database(url)
    await database.write(empty)
    await database.close()
