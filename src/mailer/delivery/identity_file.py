"""The file ``data/identity``: the half of the restore fence that no backup holds.

It is replaced as a whole and never goes backwards, whichever of several processes comes last.
Everything here blocks on the disk: call it in a thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from mailer.domain.fence import Fault, Mark, parse_mark, written_mark

FILE_NAME = "identity"
_LOCK = "identity.lock"


class IdentityFile:
    """Identity and counter, beside the data."""

    def __init__(self, data: Path) -> None:
        """Args: data: the data folder; ``run/`` below it holds the lock."""
        self._path = data / FILE_NAME
        self._run = data / "run"

    def read(self) -> Mark | Fault:
        """Return what the file says, or why it says nothing."""
        try:
            return parse_mark(self._path.read_text("ascii"))
        except FileNotFoundError:
            return Fault.MISSING
        except (OSError, UnicodeDecodeError):
            return Fault.DAMAGED

    def create(self, mark: Mark) -> Mark | Fault:
        """
        Write *mark* unless there is a file; return what the file then says.

        Raises:
            OSError: the folder can't be written.
        """
        with self._locked():
            if self.read() is Fault.MISSING:
                self._put(mark)
            return self.read()

    def advance(self, mark: Mark) -> None:
        """
        Raise the counter to *mark*'s; a file that is gone, of another identity or further on stays.

        Raises:
            OSError: the folder can't be written.
        """
        with self._locked():
            there = self.read()
            if isinstance(there, Mark) and there.identity == mark.identity and there.counter < mark.counter:
                self._put(mark)

    def replace(self, mark: Mark) -> None:
        """
        Write *mark* whatever is there: a person has allowed it.

        Raises:
            OSError: the folder can't be written.
        """
        with self._locked():
            self._put(mark)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        self._run.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._run / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _put(self, mark: Mark) -> None:
        """Replace the file as a whole: after a crash at any moment it says the old or the new."""
        # One name is enough: only who has the lock writes, and a crash's leftover is written over.
        fresh = self._path.with_name(f"{FILE_NAME}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(written_mark(mark))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
