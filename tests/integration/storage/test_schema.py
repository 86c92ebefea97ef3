"""The tables that migrations make are those the code is written for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from mailer.errors import StorageError
from mailer.storage import open_database, schema
from mailer.storage.tables import metadata
from tests.integration.storage.scene import Store
from tests.tools.postgres import PostgresServer


@pytest.fixture
def empty_store(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A database of the same kind without a single table."""
    if store.database.is_embedded:
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: PostgresServer = request.getfixturevalue("postgres_server")
        url = server.create_database()
    database = open_database(url)
    yield Store(database, store.runner)
    store.runner.run(database.close())


def test_migrations_leave_nothing_to_migrate(store: Store) -> None:
    """Alembic sees no difference between the tables and tables.py."""
    store.write(lambda tx: schema.with_alembic(tx, lambda config, command: command.check(config)))


def test_migrations_make_the_tables_of_the_code(store: Store, empty_store: Store) -> None:
    """Column by column, with types, defaults, keys and indexes."""
    empty_store.write(metadata.create_all)

    migrated, written = store.read(_described), empty_store.read(_described)

    assert migrated.keys() - written.keys() == {"alembic_version"}
    assert {name: migrated[name] for name in written} == written


def test_the_code_is_written_for_the_newest_revision(store: Store) -> None:
    """HEAD names it, and there is only one."""
    heads: list[str] = []

    store.read(
        lambda tx: schema.with_alembic(
            tx, lambda config, _: heads.extend(ScriptDirectory.from_config(config).get_heads())
        )
    )

    assert heads == [schema.HEAD]


def test_an_upgrade_can_be_repeated(store: Store) -> None:
    """A second run finds nothing to do, and the version is what the code needs."""
    before = store.read(_described)

    store.run(schema.upgrade(store.database))

    assert store.read(_described) == before
    store.read(schema.check_version)


def test_an_empty_database_is_refused(empty_store: Store) -> None:
    """The sentence names the command."""
    with pytest.raises(StorageError, match="the database is empty; run “mailer init” or “mailer db upgrade”"):
        empty_store.read(schema.check_version)


def test_another_version_is_refused(store: Store) -> None:
    """Old code does not guess at new tables."""

    def look_at_another(tx: Connection) -> None:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        schema.check_version(tx)

    with pytest.raises(StorageError, match=r"has version 9999 and this program needs .*mailer db upgrade"):
        store.write(look_at_another)


def test_a_failed_migration_leaves_nothing(empty_store: Store) -> None:
    """All of it is one transaction."""

    def fail_late(tx: Connection) -> None:
        schema.with_alembic(tx, lambda config, command: command.upgrade(config, "head"))
        raise RuntimeError

    with pytest.raises(RuntimeError):
        empty_store.write(fail_late)

    assert empty_store.read(_described) == {}


def _described(tx: Connection) -> dict[str, Any]:
    seen = inspect(tx)
    return {
        name: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in seen.get_columns(name)
            },
            "key": seen.get_pk_constraint(name),
            "foreign": sorted(map(str, seen.get_foreign_keys(name))),
            "unique": sorted(map(str, seen.get_unique_constraints(name))),
            "indexes": sorted(_written(index) for index in seen.get_indexes(name)),
        }
        for name in seen.get_table_names()
    }


def _written(index: Any) -> str:
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return str({**index, "dialect_options": options})
