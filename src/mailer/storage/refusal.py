"""What a database or a disk refuses, said in one sentence that names the next step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from mailer.errors import StorageBroken, StorageError

DAMAGED = "the database file is damaged; restore the last backup (nothing was changed)"
_BROKEN = (
    "the disk failed while it was written, so this program ended rather than trust it; check the disk's "
    "health and room, then start it again: it takes up what it finds"
)
_CANT_READ = "the disk can't be read; check its health, and restore the last backup if it is damaged"
_UNREADABLE = ("SQLITE_IOERR_READ", "SQLITE_IOERR_CORRUPTFS")
# What SQLite says when a write or a sync failed for another reason than a full disk. A quota that is
# used up is among them, for SQLite tells no difference.
_BREAKING = ("SQLITE_IOERR_WRITE", "SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC", "SQLITE_IOERR_TRUNCATE")

# Words in the driver's message (lower case) and what we say; the first that matches counts.
_SENTENCES = (
    (
        ("no such table", "no such column", "does not exist"),
        "the database is empty or of another version; run “mailer db upgrade”",
    ),
    (
        ("is full", "no space"),
        "the disk is full; free some space, then run the command again (nothing was half-done)",
    ),
    (
        # SQLite's word for what is not in _BREAKING: files it can't make or lengthen, -shm on a full
        # disk among them.
        ("disk i/o error",),
        "the disk seems to be full; free some space, then run the command again (nothing was half-done)",
    ),
    (
        ("readonly", "read-only", "permission denied"),
        "the data folder can't be written; check who owns it and whether the disk is read-only",
    ),
    (
        ("unable to open",),
        "the database can't be opened; check that the data folder exists and may be written",
    ),
    (
        ("locked",),
        "another program has held the database for 30 s; end it, then run the command again",
    ),
    (("malformed", "not a database"), DAMAGED),
)


@contextmanager
def refusals_as_ours() -> Iterator[None]:
    """Turn the drivers' errors into ours, once, at this seam.

    Raises:
        StorageBroken: the disk failed under a write.
        StorageError: the database or the disk said no.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error, OSError) as error:
        ours = refusal(error)
        if ours is None:
            raise
        raise ours from error


def refusal(error: DBAPIError | sqlite3.Error | OSError) -> StorageError | None:
    """Return our error for a driver's; None when it is a fault of ours, to be seen whole."""
    original = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(original, "sqlite_errorname", None)
    if name in _BREAKING:
        return StorageBroken(_BROKEN)
    if name in _UNREADABLE:
        return StorageError(_CANT_READ)
    sentence = _sentence(error, original)
    return None if sentence is None else StorageError(sentence)


def _sentence(error: Exception, original: BaseException | None) -> str | None:
    words = str(original).lower()
    for signs, sentence in _SENTENCES:
        if any(sign in words for sign in signs):
            return sentence
    if isinstance(error, OperationalError | sqlite3.OperationalError | OSError):
        kind = type(original).__name__
        return f"the database does not answer ({kind}); check [database] url and that it is running"
    return None
