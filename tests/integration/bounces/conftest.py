"""The room of returned mail on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.bounces.doorstep import Doorstep
from tests.integration.bounces.hook_callers import PLACE, SUBSCRIBE, Callers, certificate
from tests.integration.bounces.imap_server import ImapServer
from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.bounces.visiting import Visitor
from tests.integration.outbox.conftest import run
from tests.integration.storage.scene import Store

__all__ = ["room", "run"]


@pytest.fixture
def room(store: Store) -> SortingRoom:
    """A room with a newsletter and no reader."""
    return SortingRoom(store)


@pytest.fixture(scope="session")
def callers() -> Callers:
    """One set of keys for all tests."""
    return Callers()


@pytest.fixture
def fresh(callers: Callers, room: SortingRoom) -> Callers:
    """The providers, at the room's time."""
    callers.now = room.now
    callers.lying = {
        PLACE: certificate(callers.sns_key, since=room.now - timedelta(1), until=room.now + timedelta(1)),
        SUBSCRIBE: b"<ok/>",
    }
    callers.fetched.clear()
    callers.stored.clear()
    return callers


@pytest.fixture
def doorstep(room: SortingRoom, fresh: Callers, tmp_path: Path) -> Doorstep:
    """Pages that believe every provider."""
    return Doorstep(room, fresh.trust, tmp_path)


@pytest.fixture
def visitor(room: SortingRoom, tmp_path: Path) -> Iterator[Visitor]:
    """A mailbox that is empty."""
    with ImapServer() as server:
        yield Visitor(room, server, tmp_path)
