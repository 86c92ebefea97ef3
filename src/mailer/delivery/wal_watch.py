"""Watches the length of SQLite's write-ahead log, so that a forgotten reader can't fill the disk unseen."""

from __future__ import annotations

import structlog

from mailer.storage import Database, wal

LOOK_S = 60.0
"""How often to look."""
_MOST_BYTES = 256 * 1024**2
# Heartbeats and the minute's chores come to about twenty commits a minute.
_IDLE_COMMITS = 60
_log = structlog.get_logger()


class WalWatch:
    """Empties the log when there is little to do, and says once when it has grown too long."""

    def __init__(self, database: Database, *, most_bytes: int = _MOST_BYTES) -> None:
        """Args: most_bytes: of the log; a longer one is told of."""
        self._database = database
        self._most_bytes = most_bytes
        self._commits: int | None = None  # by the look before; None before the first
        self._told = False

    async def look(self) -> None:
        """Look once.

        Raises:
            StorageError: the log can't be folded in.
        """
        commits, before = self._database.commits, self._commits
        self._commits = commits
        is_idle = before is not None and commits - before <= _IDLE_COMMITS
        size = wal.size_bytes(self._database)
        # While mail goes out it is cheaper to write over the old log than to lengthen an empty one.
        if size and (is_idle or size > self._most_bytes):
            await wal.fold_in(self._database)
            size = wal.size_bytes(self._database)
        self._tell(size)

    def _tell(self, size: int) -> None:
        is_long = size > self._most_bytes
        if is_long and not self._told:
            _log.warning(
                "database.log_grows",
                megabytes=size // 1024**2,
                reason="another program has been reading the database for long; end it, and the file "
                "mailer.db-wal shrinks by itself",
            )
        self._told = is_long
