"""What a database or a disk refuses, said in one sentence that names the next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, OperationalError

from mailer.errors import StorageError

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
        # SQLite's word for any file it can't make or lengthen, -shm on a full disk among them.
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
    (
        ("malformed", "not a database"),
        "the database file is damaged; restore the last backup (nothing was changed)",
    ),
)


@contextmanager
def refusals_as_ours() -> Iterator[None]:
    """Turn the drivers' errors into ours, once, at this seam.

    Raises:
        StorageError: the database or the disk said no.
    """
    try:
        yield
    except (DBAPIError, OSError) as error:
        sentence = _sentence(error)
        if sentence is None:
            raise
        raise StorageError(sentence) from error


def _sentence(error: DBAPIError | OSError) -> str | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    words = str(original).lower()
    for signs, sentence in _SENTENCES:
        if any(sign in words for sign in signs):
            return sentence
    if isinstance(error, OperationalError | OSError):
        kind = type(original).__name__
        return f"the database does not answer ({kind}); check [database] url and that it is running"
    return None
