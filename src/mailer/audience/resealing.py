"""Everything sealed is sealed anew with the newest key, beside a service that runs.

In slices, each a short transaction, so that readers and mails wait for none of it. What is done needs
no note: a value says itself under which key it lies, so a run that was killed is simply gone on with.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

from mailer.audience.keyring import LOOK_S
from mailer.audience.moving.sorting import Tell
from mailer.audience.vault import Vault, head_of
from mailer.errors import KeysError
from mailer.storage import Database, resealing
from mailer.storage.resealing import PLACES, Place, SealedValue

SLICE: Final = 500
"""Values in one transaction."""
BETWEEN_S: Final = LOOK_S + 1
"""Before all is looked through once more: so long other processes may seal with the old key still."""
_PASSES: Final = 10
_PAUSE_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Resealed:
    """What a run did.

    Attributes:
        count: values sealed anew.
        unopened: values left as they are, for their key is missing or they were damaged.
    """

    count: int = 0
    unopened: int = 0


async def reseal_everything(
    database: Database, vault: Vault, *, tell: Tell, between_s: float = BETWEEN_S
) -> Resealed:
    """
    Seal anew what lies under another key than the newest, until nothing does.

    The installation's own word is not among it: remember_keys writes that.

    Args:
        database: others may read and write it meanwhile.
        vault: its newest key is known to all who use this database.
        tell: moves a progress bar, for each place.
        between_s: seconds before all is looked through once more, until there is nothing.

    Raises:
        KeysError: somebody goes on sealing with an old key.
        StorageError: the database can't be read or written; what was done stays done.
    """
    count = 0
    for number in range(_PASSES):
        if number:
            await asyncio.sleep(between_s)
        run = _Run(database, vault, tell)
        for place in PLACES:
            await run.take_through(place)
        count += run.sealed
        if not run.sealed and not run.busy:
            return Resealed(count, run.unopened)
    raise KeysError(
        "something goes on sealing with an old key: restart every process that uses this database, "
        "then run “mailer keys rotate” again"
    )


class _Run:
    """One way through all places."""

    def __init__(self, database: Database, vault: Vault, tell: Tell) -> None:
        self._database = database
        self._vault = vault
        self._tell = tell
        self.sealed = 0
        self.busy = 0
        self.unopened = 0

    async def take_through(self, place: Place) -> None:
        head, after, done = head_of(self._vault.newest), None, 0
        whole = await self._database.read(lambda tx: resealing.stale(tx, place, head))
        while taken := await self._next(place, head, after):
            began = time.monotonic()
            await self._reseal(place, taken)
            after, done = taken[-1].key, done + len(taken)
            self._tell(place.name, done, max(whole, done))
            if len(taken) < SLICE:
                # Its end, for this pass: what is written meanwhile must not keep it here for ever.
                return
            # As long again for whoever else wants to write.
            await asyncio.sleep(max(_PAUSE_S, time.monotonic() - began))

    async def _next(self, place: Place, head: bytes, after: Any) -> list[SealedValue]:
        return await self._database.read(lambda tx: resealing.slice_of(tx, place, head, after, SLICE))

    async def _reseal(self, place: Place, taken: list[SealedValue]) -> None:
        anew: list[tuple[SealedValue, bytes]] = []
        for value in taken:
            try:
                anew.append((value, self._vault.reseal(value.sealed, value.seal_id)))
            except KeysError:
                self.unopened += 1
        if anew:
            free = await self._database.write(lambda tx: resealing.put(tx, place, anew))
            self.sealed += free
            self.busy += len(anew) - free
