"""The restore fence at work: looked at before anything is sent or released, and while sending.

The decision is in domain/fence.py. Here database and file are read, raised and brought together:
first the commit, then the file, so that a crash between the two leaves a file that lags, which the
next look mends. All state is in the two; any number of processes may each have a Fence.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from mailer.delivery.identity_file import FILE_NAME, IdentityFile
from mailer.domain.fence import Fault, FenceState, Mark, judge
from mailer.errors import MailerError, StorageError
from mailer.storage import Database, Transaction, installation, restored
from mailer.storage.installation import Identity

LOOK_S = 2.0
"""How often a running sender looks: what a person allows goes on after this, and a release in
another process that died before it wrote the file is made good."""
COUNT_S = 60.0
"""How often a running sender raises the counter."""
_IDENTITY_BYTES = 16
_log = structlog.get_logger()


class Fenced(MailerError):  # noqa: N818 - reads as what it is where it is caught
    """Nothing may be sent or released until a person allows it.

    Attributes:
        state: why.
    """

    def __init__(self, state: FenceState) -> None:
        self.state = state
        super().__init__(state.sentence)


async def identify(database: Database, data: Path, *, now: datetime, is_sample: bool = False) -> None:
    """
    Make the identity of an installation that has none; again changes nothing.

    The file comes first here, with a counter of 0: a crash before the commit leaves a file that has
    never counted, which the next call takes up. A file that has counted proves that the database once
    had an identity, so it is an older copy: then nothing is made, and the fence stays shut.

    Args:
        database: with tables of this version.
        data: the data folder.
        now: aware UTC.
        is_sample: whether sample texts are put in, which must not leave the machine.

    Raises:
        StorageError: the database or the folder can't be written.
    """
    if await database.read(installation.find) is not None:
        return
    file = IdentityFile(data)
    try:
        mark = await asyncio.to_thread(file.create, Mark(secrets.token_hex(_IDENTITY_BYTES), 0))
    except OSError as error:
        raise _unwritable(data, error) from error
    if not isinstance(mark, Mark) or mark.counter > 0:
        return

    def make(tx: Transaction) -> None:
        if installation.find(tx) is None:
            installation.make(tx, Identity(mark.identity, mark.counter, now, is_sample))

    await database.write(make)


class Fence:
    """Tells whether mail may go, and keeps file and database in step while it may."""

    def __init__(self, database: Database, data: Path, *, clock: Callable[[], datetime]) -> None:
        """Args: data: the data folder. clock: aware UTC."""
        self._database = database
        self._data = data
        self._file = IdentityFile(data)
        self._clock = clock
        self._state = FenceState(Fault.NOT_LOOKED)

    @property
    def state(self) -> FenceState:
        """What the last look found; shut before the first."""
        return self._state

    @property
    def is_open(self) -> bool:
        """Whether mail may go, by the last look."""
        return self._state.is_open

    async def look(self) -> FenceState:
        """Compare file and database; bring a file that lags up to date.

        Raises:
            StorageError: the database can't be read; the state stays what it was.
        """
        # The file first: see judge.
        file = await asyncio.to_thread(self._file.read)
        found = await self._database.read(installation.find)
        database = Mark(found.identity, found.counter) if found else None
        state = judge(file, database)
        if not state.is_open:
            return await self._shut(state)
        assert database is not None
        if isinstance(file, Mark) and file.counter < database.counter:
            return await self.note(database)
        return self._open()

    async def count(self) -> FenceState:
        """Look, and where mail may go raise the counter: at the start, and once a minute.

        Raises:
            StorageError: the database can't be read or written.
        """
        state = await self.look()
        if not state.is_open:
            return state
        now = self._clock()
        counted = await self._database.write(lambda tx: installation.count(tx, now), urgent=True)
        return await self.note(Mark(counted.identity, counted.counter))

    async def note(self, mark: Mark) -> FenceState:
        """Write down in the file what the database has counted; call it after the commit."""
        try:
            await asyncio.to_thread(self._file.advance, mark)
        except OSError as error:
            _log.error("identity.not_written", reason=error.strerror)
            return await self._shut(FenceState(Fault.UNWRITABLE))
        return self._open()

    async def check(self) -> None:
        """Look, and refuse to go on while nothing may be sent.

        Raises:
            Fenced: with the sentence for a person.
            StorageError: the database can't be read.
        """
        state = await self.look()
        if not state.is_open:
            raise Fenced(state)

    async def allow(self) -> None:
        """
        Let this database send: it gets an identity of its own, in the database and in the file.

        A sender that runs goes on by itself within LOOK_S; whatever else has the old identity is fenced.

        Raises:
            StorageError: the database or the folder can't be written; then nothing is sent still.
        """
        now = self._clock()
        identity = secrets.token_hex(_IDENTITY_BYTES)

        def adopt(tx: Transaction) -> Identity:
            if installation.find(tx) is None:
                installation.make(tx, Identity(identity, 0, now, is_sample=False))
            return installation.adopt(tx, identity, now)

        adopted = await self._database.write(adopt)
        try:
            await asyncio.to_thread(self._file.replace, Mark(identity, adopted.counter))
        except OSError as error:
            raise _unwritable(self._data, error) from error
        await self.look()

    async def watch(self, changed: Callable[[], None]) -> None:
        """
        Look every LOOK_S and count every COUNT_S, until cancelled; log each change, and a shut fence at once.

        Args:
            changed: called after the fence was opened or shut.
        """
        counted_at = time.monotonic()
        told = FenceState()
        while True:
            if told.fault is not self._state.fault:
                told = self._state
                _tell(told)
                changed()
            await asyncio.sleep(LOOK_S)
            try:
                if time.monotonic() - counted_at >= COUNT_S:
                    counted_at = time.monotonic()
                    await self.count()
                else:
                    await self.look()
            except MailerError as error:
                _log.error("fence.look_failed", reason=str(error))

    def _open(self) -> FenceState:
        self._state = FenceState()
        return self._state

    async def _shut(self, state: FenceState) -> FenceState:
        if state.fault is not self._state.fault:
            state = state.with_last_sent(await self._database.read(restored.last_sent_at))
            self._state = state
        return self._state


def _tell(state: FenceState) -> None:
    if state.is_open:
        _log.warning("sending.goes_on")
    else:
        _log.error("sending.fenced", reason=state.sentence)


def _unwritable(data: Path, error: OSError) -> StorageError:
    return StorageError(
        f"{data / FILE_NAME} can't be written ({error.strerror}); check that the disk has room, "
        "is not read-only, and that the folder is yours"
    )
