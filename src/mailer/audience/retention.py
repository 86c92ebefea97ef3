"""Retention: how long is kept what readers leave with us, in one place, and its end.

docs/retention.md shows the same table with the reasons; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from mailer.domain.subscription import COUNTERS_KEPT, SIGN_UP_KEPT
from mailer.storage import Database, outlived
from mailer.storage.outlived import Kept

SLICE: Final = 500
"""Rows in one transaction: pages and senders wait for no more than these."""
_LOOK: Final = 20_000

KEPT: Final[Mapping[Kept, timedelta]] = {
    Kept.UNCONFIRMED: SIGN_UP_KEPT,
    # The row itself says when: 14 days after leaving, 90 after an import that asks nobody.
    Kept.LEFT: timedelta(),
    Kept.LETTER: timedelta(),
    Kept.COUNTER: COUNTERS_KEPT,
    Kept.LINK: timedelta(),
    Kept.PROOF: timedelta(),
    Kept.REQUEST: timedelta(days=7),
    Kept.IMPORT: timedelta(days=365),
    Kept.SESSION: timedelta(),
}
"""How long after the time in its column each is kept."""


async def forget(database: Database, *, now: datetime) -> dict[Kept, int]:
    """Remove everything whose time is over at *now* (aware UTC); return how many rows of each."""
    return {what: await _forget(database, what, now - kept) for what, kept in KEPT.items()}


async def _forget(database: Database, what: Kept, before: datetime) -> int:
    count = 0
    while True:
        keys = await database.read(lambda tx: outlived.find(tx, what, before, _LOOK))
        for start in range(0, len(keys), SLICE):
            some = keys[start : start + SLICE]
            count += await database.write(lambda tx, some=some: outlived.remove(tx, what, some, before))  # type: ignore[misc]
        if len(keys) < _LOOK:
            return count
