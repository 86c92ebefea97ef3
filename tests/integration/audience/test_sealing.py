"""Nothing in the database tells an address to who has not got the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.domain.content import LetterKind
from mailer.storage import letters, open_database
from tests.integration.audience.reading_room import Room
from tests.integration.storage.scene import NODE, Store, claimed, release

ADDRESS = "Secret.Reader@hidden-domain.example.org"
PARTS = [b"secret.reader", b"hidden-domain", b"secret", b"hidden"]


@pytest.fixture(params=["sqlite", "postgresql"])
def room(request: pytest.FixtureRequest, runner: asyncio.Runner) -> Iterator[Room]:
    """A room whose database nobody has written to before."""
    database = open_database(request.getfixturevalue(f"{request.param}_url"))
    yield Room(Store(database, runner))
    runner.run(database.close())


def whole_way(room: Room) -> None:
    """Sign up, confirm, get an issue, leave and come back, with everything that is written on the way."""
    room.ask(ADDRESS)
    room.decide()
    room.confirm()
    issue_id = room.store.write(release)
    room.store.write(claimed)
    room.sign_up(ADDRESS.upper())
    room.store.write(lambda tx: letters.claim(tx, NODE, room.now, 9))
    room.unsubscribe(room.link(room.reader(ADDRESS), issue=issue_id))
    room.wait(hours=24)
    room.sign_up(ADDRESS)
    room.ask(ADDRESS)


def test_no_byte_of_the_file_tells_an_address(room: Room, tmp_path: Path) -> None:
    """Neither the database nor its log of changes; on PostgreSQL, no column."""
    whole_way(room)

    found = list(_written(room.store, tmp_path))

    assert found
    for content in found:
        assert not [part for part in PARTS if part in content.lower()]


def test_the_search_would_find_an_address(room: Room, tmp_path: Path) -> None:
    """It has been shown one."""
    whole_way(room)
    room.store.write(lambda tx: letters.count(tx, ADDRESS.encode(), LetterKind.CONFIRM, room.now))

    assert any(PARTS[0] in content.lower() for content in _written(room.store, tmp_path))


def _written(store: Store, folder: Path) -> Iterator[bytes]:
    if store.database.is_embedded:
        for path in folder.glob("mailer.db*"):
            yield path.read_bytes()
    for rows in store.contents().values():
        for row in rows:
            for value in row.values():
                yield bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
