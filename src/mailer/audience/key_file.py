"""The two key files: where they lie, their lines, and how one is replaced so that it is never half.

One key per line: ``seal 2 <base64> 2026-11-23T22:50:00Z``, which is purpose, id, key and since when
it is there; the time may be missing. A file is replaced by a new one beside it, synced and renamed.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from mailer.errors import KeysError

KEY_BYTES: Final = 32
VAULT_FILE: Final = "vault.keys"
TOKENS_FILE: Final = "tokens.keys"
LAST_ID: Final = 255
"""One byte in every token and sealed value."""
PURPOSES: Final[Mapping[str, tuple[str, ...]]] = {
    VAULT_FILE: ("seal", "index"),
    TOKENS_FILE: ("link", "return-path", "message-id"),
}
"""What the keys of each file are for, in the order of its lines."""
_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key.

    Attributes:
        purpose: one of PURPOSES.
        id: 1 to 255, of its purpose.
        key: 32 bytes.
        made_at: aware UTC; None where the line does not say.
    """

    purpose: str
    id: int
    key: bytes = field(repr=False)
    made_at: datetime | None = None

    @property
    def written(self) -> str:
        """The line, with its end."""
        words = [self.purpose, str(self.id), base64.urlsafe_b64encode(self.key).decode("ascii")]
        if self.made_at is not None:
            words.append(self.made_at.strftime(_TIME))
        return " ".join(words) + "\n"


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """Where the two files lie.

    Attributes:
        path: the folder.
        is_lent: systemd lends it to the service, guards it, and takes it away at the end; it can't be
            written.
    """

    path: Path
    is_lent: bool = False

    def read(self, name: str) -> list[KeyLine]:
        """
        Return a file's keys, in the order of its lines.

        Raises:
            KeysError: it is missing or damaged, or others may read it.
        """
        path = self.path / name
        text = self._text(path)
        lines: list[KeyLine] = []
        for number, written in enumerate(text.splitlines(), 1):
            try:
                lines.append(_parsed(written, PURPOSES[name], lines))
            except ValueError as error:
                raise KeysError(
                    f"{path}, line {number} is damaged; restore the file from your copy"
                ) from error
        return lines

    def put(self, name: str, lines: Iterable[KeyLine]) -> None:
        """
        Replace a file as a whole: after a crash at any moment it is the old or the new one.

        Raises:
            OSError: the folder can't be written.
        """
        # One name is enough: only one process writes keys, and a crash's leftover is written over.
        fresh = self.path / f"{name}.new"
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        write_new(fresh, lines)
        fresh.replace(self.path / name)
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def stamp(self) -> tuple[tuple[int, ...], ...]:
        """Return what differs once a file was replaced, or its mode was changed."""
        stats = [_stat(self.path / name) for name in PURPOSES]
        return tuple((each.st_ino, each.st_mtime_ns, each.st_ctime_ns) for each in stats if each)

    def _text(self, path: Path) -> str:
        try:
            mode = path.stat().st_mode
            text = path.read_text("ascii")
        except FileNotFoundError as error:
            raise KeysError(
                f"{path} is missing; copy it back from where you keep the keys "
                "(a new one opens no old address)"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise KeysError(f"{path} can't be read; restore it from your copy") from error
        # systemd lends by an access list, whose mask stands where the group's rights do.
        if mode & (0o007 if self.is_lent else 0o077):
            raise KeysError(f"{path} can be read by others; run “chmod 600 {path}”")
        return text


def key_folder(data: Path, environment: Mapping[str, str]) -> KeyFolder:
    """
    Return where the keys lie: systemd's credentials where they hold them, else ``keys/`` in *data*.

    Raises:
        KeysError: only one of the two files is a credential.
    """
    lent = Path(environment.get(_CREDENTIALS, ""))
    there = [name for name in PURPOSES if environment.get(_CREDENTIALS) and (lent / name).exists()]
    if not there:
        return KeyFolder(data / "keys")
    if len(there) < len(PURPOSES):
        (missing,) = set(PURPOSES) - set(there)
        raise KeysError(
            f"{there[0]} is a credential of this service but {missing} is not; name both in its unit"
        )
    return KeyFolder(lent, is_lent=True)


def write_new(path: Path, lines: Iterable[KeyLine]) -> None:
    """
    Write a file that is not there yet, readable by nobody else, through to the disk.

    Raises:
        FileExistsError: it is there.
        OSError: it can't be written.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.writelines(line.written for line in lines)
        file.flush()
        os.fsync(file.fileno())


def new_key(purpose: str, key_id: int, made_at: datetime | None) -> KeyLine:
    """Return a new random key."""
    return KeyLine(purpose, key_id, secrets.token_bytes(KEY_BYTES), made_at)


def _parsed(written: str, purposes: tuple[str, ...], before: list[KeyLine]) -> KeyLine:
    purpose, number, encoded, *time = written.split()
    key_id, key = int(number), base64.urlsafe_b64decode(encoded)
    if purpose not in purposes or len(key) != KEY_BYTES or len(time) > 1:
        raise ValueError("a purpose or key that is none, or a word too many")
    if not 1 <= key_id <= LAST_ID or (purpose, key_id) in [(line.purpose, line.id) for line in before]:
        raise ValueError("a key id that is none, or stands there twice")
    made_at = datetime.strptime(time[0], _TIME).replace(tzinfo=UTC) if time else None
    return KeyLine(purpose, key_id, key, made_at)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
