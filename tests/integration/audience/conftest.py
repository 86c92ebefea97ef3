"""The audience room on each kind of database."""

from __future__ import annotations

import pytest

from tests.integration.audience.reading_room import Room
from tests.integration.storage.scene import Store


@pytest.fixture
def room(store: Store) -> Room:
    """A room with two newsletters and no reader."""
    return Room(store)
