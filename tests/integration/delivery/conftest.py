"""Databases with a newsletter in them, ready for readers and issues."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from mailer.storage import open_database, schema
from tests.integration.delivery.house import House

OpenHouse = Callable[[], AbstractAsyncContextManager[House]]


async def _furnish(url: str) -> None:
    database = open_database(url)
    await schema.upgrade(database)
    await House(database).furnish()
    await database.close()


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[House]:
    database = open_database(url)
    try:
        yield House(database)
    finally:
        await database.close()


@pytest.fixture(scope="session")
def furnished_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with tables and a newsletter, to be copied."""
    path = tmp_path_factory.mktemp("house") / "mailer.db"
    asyncio.run(_furnish(f"sqlite:///{path}"))
    return path


@pytest.fixture
def house(furnished_file: Path, tmp_path: Path) -> OpenHouse:
    """Open this test's own SQLite database."""
    shutil.copy(furnished_file, tmp_path / "mailer.db")
    return lambda: _opened(f"sqlite:///{tmp_path / 'mailer.db'}")


@pytest.fixture
def postgres_house(new_postgres_database: Callable[..., str]) -> OpenHouse:
    """Open this test's own PostgreSQL database."""
    url = new_postgres_database()
    asyncio.run(_furnish(url))
    return lambda: _opened(url)
