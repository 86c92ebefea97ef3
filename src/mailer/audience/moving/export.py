"""Every reader into one file that only one person can open: age, to a key that is not on this machine.

What is written is encrypted before it reaches the disk; nothing in plain is ever laid down on the way.
Inside are JSON lines: first what the file is, then one reader in each.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pyrage
from pyrage import x25519

from mailer.audience.moving.sorting import Tell
from mailer.audience.vault import Vault
from mailer.errors import MailerError, UsageError
from mailer.storage import Database, roll
from mailer.storage.roll import Listed

FORMAT = "mailer readers 1"
_PAGE = 1_000


def parse_recipient(text: str) -> x25519.Recipient:
    """Read a public age key.

    Raises:
        UsageError: it is none; a private one is not accepted either.
    """
    try:
        return x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError as error:
        raise UsageError(
            "--recipient is no public age key; run “age-keygen” on your own machine and give the line "
            "that begins with age1"
        ) from error


async def export(
    database: Database, vault: Vault, path: Path, *, recipient: x25519.Recipient, now: datetime, tell: Tell
) -> int:
    """
    Write every reader with choices and consent to *path*, encrypted; return how many.

    Args:
        database: of the installation.
        vault: opens the addresses.
        path: must not exist yet.
        recipient: who can open it.
        now: aware UTC.
        tell: hears how many are done.

    Raises:
        MailerError: there is such a file, or a stored address does not open; nothing is left behind.
        OSError: it can't be written.
    """
    loop = asyncio.get_running_loop()

    def page(after_id: int) -> list[Listed]:
        reading = database.read(lambda tx: roll.page(tx, after_id, _PAGE))
        return asyncio.run_coroutine_threadsafe(reading, loop).result()

    whole = await database.read(roll.count)
    lines = _Lines(vault, page, _heading(now), lambda done: tell("exporting", done, whole))
    await asyncio.to_thread(_write, path, lines, recipient)
    return lines.count


class _Lines:
    """What is encrypted, made as it is asked for."""

    def __init__(
        self, vault: Vault, page: Callable[[int], list[Listed]], heading: bytes, tell: Callable[[int], None]
    ) -> None:
        self._pieces = self._made(vault, page, heading)
        self._tell = tell
        self._rest = b""
        self.count = 0
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        """Return up to *size* bytes; none at the end."""
        try:
            while not self._rest and (piece := next(self._pieces, None)) is not None:
                self._rest = piece
        # The library turns every error into a text of its own; the caller raises this one instead.
        except MailerError as error:
            self.error = error
            raise
        taken, self._rest = self._rest[:size], self._rest[size:]
        return taken

    def _made(self, vault: Vault, page: Callable[[int], list[Listed]], heading: bytes) -> Iterator[bytes]:
        yield heading
        after_id = 0
        while some := page(after_id):
            yield b"".join(_line(vault, each) for each in some)
            after_id = some[-1].id
            self.count += len(some)
            self._tell(self.count)


def _write(path: Path, lines: _Lines, recipient: x25519.Recipient) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise MailerError(f"{path} exists already; name a file that does not") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            pyrage.encrypt_io(lines, file, [recipient])
            file.flush()
            os.fsync(file.fileno())
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, pyrage.EncryptError):
            raise lines.error or MailerError(
                f"{path} could not be written; check that the disk has room"
            ) from error
        raise


def _heading(now: datetime) -> bytes:
    return orjson.dumps({"format": FORMAT, "exported_at": now.isoformat()}) + b"\n"


def _line(vault: Vault, each: Listed) -> bytes:
    address = vault.open(each.sealed_address, each.public_id).decode()
    values: dict[str, Any] = {"email": address, **each.choices, "subscriptions": each.subscriptions}
    return orjson.dumps(values) + b"\n"
