"""The room of returned mail on each kind of database."""

from __future__ import annotations

import pytest

from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.outbox.conftest import run
from tests.integration.storage.scene import Store

__all__ = ["room", "run"]


@pytest.fixture
def room(store: Store) -> SortingRoom:
    """A room with a newsletter and no reader."""
    return SortingRoom(store)
