"""The folder in which the relay keeps mail: one file per message, in order of arrival.

A person looks for a reader's mail with grep, a test compares bytes, a page shows the newest first;
none of them needs a database for it. A file is one line of JSON with the envelope, then the message
exactly as it was received.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mailer.errors import NotFound, StorageError


@dataclass(frozen=True, slots=True)
class KeptMail:
    """One message that was kept.

    Attributes:
        number: order of arrival, from 1; never used again.
        received_at: aware UTC.
        envelope_from: address of MAIL FROM; empty for the null sender.
        recipients: addresses of RCPT TO, in the client's order.
        path: the file.
        size_bytes: of the message, without the envelope line.
    """

    number: int
    received_at: datetime
    envelope_from: str
    recipients: tuple[str, ...]
    path: Path
    size_bytes: int

    def content(self) -> bytes:
        """
        Return the message exactly as it was received (CRLF, dots unstuffed).

        Raises:
            NotFound: somebody has removed the file.
        """
        try:
            with self.path.open("rb") as file:
                file.readline()
                return file.read()
        except FileNotFoundError as error:
            raise NotFound(_missing(self.number)) from error


class Mailbox:
    """The folder; made when the first message comes.

    Any number of processes may read it while one or more write. Not for several threads at once.
    """

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        """
        Name the folder; nothing is read or written yet.

        Args:
            folder: need not exist.
            fsync: whether a message survives a power cut once add() has returned; costs some
                milliseconds each.
        """
        self._folder = folder
        self._fsync = fsync
        self._last: int | None = None

    def add(self, envelope_from: str, recipients: Sequence[str], content: bytes) -> KeptMail:
        """
        Keep a message: whole or not at all.

        Raises:
            StorageError: the disk is full or the folder can't be written; nothing was kept.
        """
        received_at = datetime.now(UTC)
        head = _head(envelope_from, recipients, received_at)
        try:
            part = self._write_part(head, content)
            try:
                number, path = self._name_it(part)
            finally:
                part.unlink()
        except OSError as error:
            raise StorageError(
                f"The outbox folder can't be written ({error.strerror}): "
                "make room on the disk or name another folder."
            ) from error
        return KeptMail(number, received_at, envelope_from, tuple(recipients), path, len(content))

    def count(self) -> int:
        """Return how many messages the folder holds now."""
        return sum(len(_numbers(bucket)) for bucket in self._buckets())

    def newest(self, limit: int, before: int | None = None) -> list[KeptMail]:
        """
        Return at most *limit* messages, newest first.

        Args:
            limit: 1 or more.
            before: only messages that arrived before the one of this number; None for all.
        """
        found: list[KeptMail] = []
        for bucket in reversed(self._buckets()):
            for number in reversed(_numbers(bucket)):
                if len(found) >= limit:
                    return found
                if before is None or number < before:
                    found.extend(_read(number, bucket))
        return found

    def get(self, number: int) -> KeptMail:
        """
        Return the message of that number.

        Raises:
            NotFound: there is none, or its file can't be read.
        """
        for mail in _read(number, self._bucket(number)):
            return mail
        raise NotFound(_missing(number))

    def __iter__(self) -> Iterator[KeptMail]:
        """Yield all messages in order of arrival; a file that can't be read is left out."""
        for bucket in self._buckets():
            for number in _numbers(bucket):
                yield from _read(number, bucket)

    def _write_part(self, head: bytes, content: bytes) -> Path:
        part = self._folder / f"incoming-{os.getpid()}.part"
        try:
            with os.fdopen(_create(part), "wb") as file:
                file.write(head + content)
                if self._fsync:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError:
            part.unlink(missing_ok=True)
            raise
        return part

    def _name_it(self, part: Path) -> tuple[int, Path]:
        # A link, where a rename would do for one writer: it fails when the name is taken, so that
        # two relays on one folder never overwrite each other's mail.
        number = self._last_number() + 1
        while True:
            path = _path(self._bucket(number), number)
            try:
                os.link(part, path)
            except FileExistsError:
                number += 1
            except FileNotFoundError:
                path.parent.mkdir()
            else:
                break
        if self._fsync:
            _sync_folder(path.parent)
        self._last = number
        return number, path

    def _last_number(self) -> int:
        if self._last is None:
            newest = (numbers[-1] for bucket in reversed(self._buckets()) if (numbers := _numbers(bucket)))
            self._last = next(newest, 0)
        return self._last

    def _bucket(self, number: int) -> Path:
        return self._folder / f"{number // _BUCKET:06d}"

    def _buckets(self) -> list[Path]:
        names = (name for name in _names(self._folder) if _BUCKET_NAME.fullmatch(name))
        return [self._folder / name for name in sorted(names, key=int)]


_BUCKET: Final = 1_000
"""Files in one folder at most: more is slow to list and to look at."""

_BUCKET_NAME: Final = re.compile(r"[0-9]{6,}")
_MAIL_NAME: Final = re.compile(r"([0-9]{9,})\.mail")


def _path(bucket: Path, number: int) -> Path:
    return bucket / f"{number:09d}.mail"


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names are enough, a thousand at a time
    except FileNotFoundError:
        return []


def _numbers(bucket: Path) -> list[int]:
    matches = (_MAIL_NAME.fullmatch(name) for name in _names(bucket))
    return sorted(int(match[1]) for match in matches if match)


def _create(part: Path) -> int:
    # O_EXCL, never O_TRUNC: what a killed process of our number left behind may already be linked
    # under its final name, and truncating it would empty a kept message.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        return os.open(part, flags, 0o600)
    except FileExistsError:
        part.unlink()
    except FileNotFoundError:
        part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(part, flags, 0o600)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _head(envelope_from: str, recipients: Sequence[str], received_at: datetime) -> bytes:
    # Letters as they are, no \u escapes: grep must find an address in any script. What is no letter
    # at all, half a surrogate pair, becomes such an escape.
    envelope = {"from": envelope_from, "to": list(recipients), "received_at": received_at.isoformat()}
    return json.dumps(envelope, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _read(number: int, bucket: Path) -> list[KeptMail]:
    """Return the mail of that number; none when its file is gone or is none of ours."""
    path = _path(bucket, number)
    try:
        with path.open("rb") as file:
            line = file.readline()
            size_bytes = os.fstat(file.fileno()).st_size - len(line)
        head = json.loads(line)
        return [
            KeptMail(
                number=number,
                received_at=datetime.fromisoformat(head["received_at"]),
                envelope_from=str(head["from"]),
                recipients=tuple(str(address) for address in head["to"]),
                path=path,
                size_bytes=size_bytes,
            )
        ]
    except (OSError, ValueError, KeyError, TypeError):
        # Without fsync a power cut can leave a name with no content: that is no mail.
        return []


def _missing(number: int) -> str:
    return f"The outbox holds no mail number {number}: it was removed or never came."
