"""What a disk or a database refuses becomes one sentence that says what to do, and nothing is half-done."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from mailer.domain.content import LetterKind
from mailer.errors import SettingsError, StorageError
from mailer.storage import Database, Transaction, letters, open_database
from tests.integration.storage.scene import NOW, Store


def write_much(tx: Transaction) -> None:
    """Write 400 kB."""
    for _ in range(400):
        letters.count(tx, os.urandom(1000), LetterKind.CONFIRM, NOW)


def write_little(tx: Transaction) -> None:
    letters.count(tx, bytes(32), LetterKind.CONFIRM, NOW)


def limit(tx: Transaction, pages: int) -> None:
    tx.execute(text(f"PRAGMA max_page_count = {pages}"))


@contextmanager
def opened(runner: asyncio.Runner, url: str) -> Iterator[Store]:
    database = open_database(url)
    try:
        yield Store(database, runner)
    finally:
        runner.run(database.close())


def test_a_full_disk_is_said_and_passes(sqlite_url: str, runner: asyncio.Runner) -> None:
    """Nothing of the unit is written; when there is room again, the same connection writes."""
    with opened(runner, sqlite_url) as store:
        store.write(lambda tx: limit(tx, 60))

        with pytest.raises(StorageError, match="the disk is full; free some space"):
            store.write(write_much)

        assert store.rows("letter_count") == []
        store.write(lambda tx: limit(tx, 100_000))
        store.write(write_much)
        assert len(store.rows("letter_count")) == 400


def test_on_a_full_disk_what_fits_is_written(sqlite_url: str, runner: asyncio.Runner) -> None:
    """One unit too large for what is left does not take the others of its batch with it."""
    with opened(runner, sqlite_url) as store:
        store.write(lambda tx: limit(tx, 60))

        async def scene() -> list[BaseException | None]:
            units = (write_little, write_much, write_little)
            return await asyncio.gather(*map(store.database.write, units), return_exceptions=True)

        answers = store.run(scene())

        assert [type(answer) for answer in answers] == [type(None), StorageError, type(None)]
        assert len(store.rows("letter_count")) == 2


def test_a_read_only_folder_is_said(
    sqlite_url: str, runner: asyncio.Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading goes on where it can."""
    path = tmp_path / "mailer.db"
    url = sqlite_url
    if os.geteuid() == 0:
        # Root may write everywhere; a file opened as unchangeable refuses it all the same.
        monkeypatch.chdir(tmp_path)
        url = f"sqlite:///file:{path}?immutable=1&uri=true"
    else:
        path.chmod(0o400)
        tmp_path.chmod(0o500)
    try:
        with (
            opened(runner, url) as store,
            pytest.raises(StorageError, match="the data folder can't be written; check who owns it"),
        ):
            store.write(write_little)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(b"no database at all " * 999), "the database file is damaged"),
        (lambda path: path.mkdir(), "the database can't be opened"),
        (lambda path: path.touch(), "the database is empty or of another version; run “mailer db upgrade”"),
    ],
    ids=["damaged", "a folder", "empty"],
)
def test_what_is_no_database_of_ours_is_said(
    runner: asyncio.Runner, tmp_path: Path, make: object, sentence: str
) -> None:
    """Reading and writing alike."""
    path = tmp_path / "mailer.db"
    make(path)  # type: ignore[operator]

    with opened(runner, f"sqlite:///{path}") as store:
        with pytest.raises(StorageError, match=sentence):
            store.read(letters.waiting)
        with pytest.raises(StorageError, match=sentence):
            store.write(write_little)


def test_a_folder_that_cannot_be_made_is_said(runner: asyncio.Runner, tmp_path: Path) -> None:
    """A file stands where the data folder should be."""
    (tmp_path / "data").touch()

    with (
        opened(runner, f"sqlite:///{tmp_path / 'data' / 'mailer.db'}") as store,
        pytest.raises(StorageError, match="check"),
    ):
        store.write(write_little)


def test_missing_tables_are_said(store: Store) -> None:
    """On either database, with the command that makes them."""

    def look(tx: Transaction) -> None:
        tx.execute(text("SELECT * FROM no_such_table"))

    with pytest.raises(
        StorageError, match="the database is empty or of another version; run “mailer db upgrade”"
    ):
        store.read(look)


@pytest.mark.parametrize("wait_for", ["read", "write"])
def test_a_database_that_does_not_answer_is_said(
    runner: asyncio.Runner, tmp_path: Path, wait_for: str
) -> None:
    """PostgreSQL is not running; the address is not in the sentence."""
    with (
        opened(runner, f"postgresql+asyncpg://user:secret@/mailer?host={tmp_path}") as store,
        pytest.raises(
            StorageError,
            match=r"the database does not answer .*check \[database\] url and that it is running",
        ) as refusal,
    ):
        store.read(letters.waiting) if wait_for == "read" else store.write(write_little)

    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("", "is not a database address; write sqlite:///data/mailer.db"),
        ("mailer.db", "is not a database address; write sqlite:///data/mailer.db"),
        ("mysql://root:secret@host/mailer", r"names mysql; write sqlite:///… or postgresql\+asyncpg://…"),
    ],
)
def test_an_address_that_names_no_database_of_ours_is_refused(url: str, sentence: str) -> None:
    """Before anything is opened, and without what may be a password."""
    with pytest.raises(SettingsError, match=sentence) as refusal:
        open_database(url)

    assert "secret" not in str(refusal.value)


def test_nothing_is_touched_before_first_use(runner: asyncio.Runner, tmp_path: Path) -> None:
    """Opening and closing leaves no file."""
    with opened(runner, f"sqlite:///{tmp_path / 'data' / 'mailer.db'}") as store:
        assert store.database.is_embedded

    assert list(tmp_path.iterdir()) == []


def test_a_postgresql_address_may_be_short(postgresql_url: str, runner: asyncio.Runner) -> None:
    """The driver is ours to choose."""
    with opened(runner, postgresql_url.replace("+asyncpg", "")) as store:
        assert isinstance(store.database, Database)
        assert not store.database.is_embedded
        assert store.read(letters.waiting) == 0


def test_what_caused_an_error_names_no_value(store: Store) -> None:
    """What a statement was given stays out of the driver's words, which a traceback would show."""
    secret = "canary-value-of-a-statement"

    with pytest.raises(StorageError) as caught:
        store.write(lambda tx: tx.execute(text("SELECT 1 FROM nothing_there WHERE x = :x"), {"x": secret}))

    assert "nothing_there" in str(caught.value.__cause__)
    assert secret not in str(caught.value.__cause__)
