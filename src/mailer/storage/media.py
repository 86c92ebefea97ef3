"""The folder ``data/media``: pictures of ours, each under a name that follows from its bytes.

So a picture never changes and is kept once, whichever text, language or week shows it. Everything here
blocks on the disk: call it in a thread.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mailer.domain.picture import parse_picture
from mailer.errors import StorageError

FOLDER_NAME = "media"
_READ_BY_ALL = 0o644
"""What a reader may fetch is no secret, and a web server in front may serve it."""


class Media:
    """Pictures on the disk; the folder is made when the first one comes."""

    def __init__(self, data: Path) -> None:
        """Args: data: the data folder."""
        self._folder = data / FOLDER_NAME

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self._folder

    def holds(self, name: str) -> bool:
        """Tell whether there is a picture of this name, as *find* does."""
        return self.find(name) is not None

    def find(self, name: str) -> bytes | None:
        """Return a picture's bytes; None where there is none of this name, or only an empty file.

        A disk that was full, or lost power, leaves empty files; caches would keep such an answer for ever.
        """
        if not _is_ours(name):
            return None
        try:
            return (self._folder / name).read_bytes() or None
        except OSError:
            return None

    def keep(self, pictures: Mapping[str, bytes]) -> None:
        """
        Store pictures, name to content; those that are there, whole, stay as they are.

        Each is on the disk, whole, before its name is. After a crash there may be some of them, which
        nothing refers to yet.

        Raises:
            StorageError: the folder can't be written; the text that shows the pictures must not be stored.
        """
        fresh = {name: content for name, content in pictures.items() if self.find(name) != content}
        if not fresh:
            return
        try:
            self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            for name, content in fresh.items():
                self._put(name, content)
            # The folder after the files: its entry of them must survive a loss of power too.
            _sync(self._folder)
            _sync(self._folder.parent)
        except OSError as error:
            raise StorageError(
                f"{self._folder} can't be written ({error.strerror}), so nothing was stored; make room there "
                "or mend its permissions"
            ) from error

    def _put(self, name: str, content: bytes) -> None:
        # A name of its own for each writer: two imports may bring the same picture at once.
        descriptor, fresh = tempfile.mkstemp(prefix=".new-", dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(descriptor, _READ_BY_ALL)
                os.fsync(descriptor)
            Path(fresh).rename(self._folder / name)
        except BaseException:
            Path(fresh).unlink(missing_ok=True)
            raise


def _is_ours(name: str) -> bool:
    try:
        parse_picture(name)
    except ValueError:
        return False
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
