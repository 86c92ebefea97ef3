"""A thousand canary readers live through a whole cycle, and nothing that is left behind names one of them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.canaries import address, far_end
from tests.acceptance.commandline import Installed
from tests.acceptance.conftest import installed, mailer, template  # noqa: F401 - fixtures
from tests.acceptance.leak_cycle import cycle
from tests.acceptance.leak_life import live
from tests.acceptance.leaking import Find, Search, files_in
from tests.tools.postgres import PostgresServer

READERS = 1_000


def test_nothing_names_one_of_a_thousand(
    installed: Installed,  # noqa: F811 - the fixture
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Files, rows, logs, backups, answers, processes: 0 finds."""
    assert _search(installed, tmp_path / "tmp", READERS, capsys) == []


def test_postgresql_keeps_no_address_either(
    installed: Installed,  # noqa: F811 - the fixture
    postgres_server: PostgresServer,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor do its files, among them its log of writes and what it says, nor any row, as a dump has them."""
    database = postgres_server.create_database()
    settings = installed.folder / "mailer.toml"
    settings.write_text(re.sub(r"(?m)^url = .*", f'url = "{database}"', settings.read_text("utf-8")), "utf-8")
    (installed.folder / "data" / "mailer.db").unlink()
    for command in (("db", "upgrade"), ("newsletter", "import", "newsletter.toml")):
        assert installed(*command).status == 0, command

    def values() -> Mapping[str, bytes]:
        return asyncio.run(_values_in(database, postgres_server.folder))

    found = _search(installed, tmp_path / "tmp", READERS // 10, capsys, values=values)
    found += Search().through(files_in(postgres_server.folder))

    assert found == []


async def _values_in(database: str, folder: Path) -> dict[str, bytes]:
    name = re.findall(r"/(\w+)\?", database)[0]
    connection = await asyncpg.connect(user="postgres", database=name, host=str(folder))
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found = {}
        for (table,) in tables:
            rows = await connection.fetch(f'SELECT * FROM "{table}"')
            values = (value for row in rows for value in row if value is not None)
            found[f"table {table}"] = b"\n".join(
                value if isinstance(value, bytes) else str(value).encode() for value in values
            )
        return found
    finally:
        await connection.close()


def _search(
    here: Installed,
    scratch: Path,
    readers: int,
    capsys: pytest.CaptureFixture[str],
    *,
    values: Callable[[], Mapping[str, bytes]] | None = None,
) -> list[Find]:
    """Return what is found once everything was lived through, and print how much was searched."""
    began = time.monotonic()
    with far_end() as far, cycle(here, far, scratch, readers, values) as one:
        live(one)
        lived = time.monotonic()
        found = Search(map(address, range(4))).through(one.seen)
        searched = time.monotonic()
    size_mb = sum(map(len, one.seen.values())) / 1e6
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what a proof is run for
            f"\n{readers} readers, {far.taken} mails, {len(one.issues())} copies of the issue;"
            f" {len(found)} finds in {len(one.seen)} documents, {size_mb:.0f} MB;"
            f" lived {lived - began:.0f} s, searched {searched - lived:.0f} s"
        )
    return found
