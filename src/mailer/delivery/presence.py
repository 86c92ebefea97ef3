"""A process that writes or sends makes itself known, so that others know when it is dead.

On SQLite a node lives as long as its lock file ``data/run/<id>.lock`` is locked: the kernel lets
go of it at any kind of death. On PostgreSQL it lives as long as its heartbeat is fresh by the
database's own clock.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import socket
from datetime import timedelta
from pathlib import Path
from typing import IO

import structlog

from mailer.errors import MailerError, StorageError
from mailer.storage import Database, Transaction, nodes
from mailer.storage.nodes import Node

BEAT_S = 5.0
"""How often a node says that it is alive."""
_DEAD_AFTER = timedelta(seconds=30)
_SENDER_LOCK = "sender.lock"
_log = structlog.get_logger()


class Presence:
    """This process among the nodes of an installation."""

    def __init__(self, database: Database, run_folder: Path) -> None:
        self.id = secrets.token_hex(8)
        self._database = database
        self._folder = run_folder
        self._locks: list[IO[bytes]] = []

    async def enter(self) -> None:
        """Register, before anything is claimed."""
        if self._database.is_embedded:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._lock(f"{self.id}.lock")

        def register(tx: Transaction) -> None:
            now = nodes.database_time(tx)
            nodes.add(tx, Node(self.id, socket.gethostname(), started_at=now, heartbeat_at=now))

        await self._database.write(register)

    def be_the_sender(self) -> None:
        """Make sure that no other process sends from the same SQLite data.

        Raises:
            MailerError: another one does.
        """
        if not self._database.is_embedded:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._lock(_SENDER_LOCK):
            raise MailerError("another “mailer serve” runs on this data already; end it first")

    async def beat(self) -> None:
        """Say that this process is alive."""
        await self._database.write(lambda tx: nodes.beat(tx, self.id, nodes.database_time(tx)), urgent=True)

    async def leave(self) -> None:
        """Take this process off the list; it holds nothing any more."""
        try:
            await self._database.write(lambda tx: nodes.remove(tx, self.id))
        except StorageError as error:
            # On a full disk it may leave all the same: recovery finds that it is dead.
            _log.warning("node.still_listed", reason=str(error))
        (self._folder / f"{self.id}.lock").unlink(missing_ok=True)
        for lock in self._locks:
            lock.close()

    async def dead(self) -> list[str]:
        """Return the ids of nodes that hold something, or are on the list, and are known dead."""

        def look(tx: Transaction) -> list[str]:
            listed = {node.id: node for node in nodes.everyone(tx)}
            freshest = nodes.database_time(tx) - _DEAD_AFTER
            candidates = (listed.keys() | nodes.owners(tx)) - {self.id}
            if self._database.is_embedded:
                return [node_id for node_id in candidates if self._is_free(node_id)]
            return [
                node_id
                for node_id in candidates
                if node_id not in listed or listed[node_id].heartbeat_at < freshest
            ]

        return await self._database.read(look)

    def _is_free(self, node_id: str) -> bool:
        path = self._folder / f"{node_id}.lock"
        try:
            with path.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return True
        except BlockingIOError:
            return False
        path.unlink(missing_ok=True)
        return True

    def _lock(self, name: str) -> bool:
        file = os.fdopen(os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600), "rb")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._locks.append(file)
        return True
