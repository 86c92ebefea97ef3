"""The room of returned mail on each kind of database."""

from __future__ import annotations

import pytest

from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.storage.scene import Store


@pytest.fixture
def room(store: Store) -> SortingRoom:
    """A room with a newsletter and no reader."""
    return SortingRoom(store)
