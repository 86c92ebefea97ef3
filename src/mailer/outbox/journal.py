"""One line per copy that the relay took, on the disk before the sender hears of it.

The oracle of the kill proofs: what stands here was taken by the relay, whatever the sender's own
books say after it was killed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mailer.errors import StorageError
from mailer.outbox.mailbox import KeptMail


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the relay took.

    Attributes:
        mail: the envelope, and where the message is kept.
        content: the message as received, CRLF.
        accepted: whether 250 is the answer that follows; not so when the script has the relay keep
            a message and then say something else.
    """

    mail: KeptMail
    content: bytes
    accepted: bool


class Journal:
    """A file of JSON lines that only grows."""

    def __init__(self, path: Path) -> None:
        """
        Open the file; lines are added to what it holds.

        Raises:
            StorageError: it can't be written.
        """
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StorageError(f"The log can't be written ({error.strerror}): name another file.") from error
        self._one_at_a_time = asyncio.Lock()
        self._round: asyncio.Task[None] | None = None

    async def record(self, receipt: Receipt) -> None:
        """
        Write a line for each recipient; they are on the disk when this returns.

        Raises:
            StorageError: the disk did not take them.
        """
        try:
            _write_all(self._descriptor, journal_lines(receipt))
            await self._synced()
        except OSError as error:
            raise StorageError(
                f"The log can't be written ({error.strerror}): make room on the disk."
            ) from error

    def close(self) -> None:
        """Close the file; nothing may be recorded afterwards."""
        os.close(self._descriptor)

    async def _synced(self) -> None:
        # One fsync for all who wrote before it began: sixty connections would else queue for the disk.
        if self._round is None:
            self._round = asyncio.create_task(self._sync())
        await asyncio.shield(self._round)

    async def _sync(self) -> None:
        async with self._one_at_a_time:
            self._round = None
            await asyncio.to_thread(os.fsync, self._descriptor)


def journal_lines(receipt: Receipt) -> bytes:
    """
    Say what was taken, one JSON object per recipient, LF after each.

    ``{"message_id": "<1@example.org>", "recipient": "a@example.org", "sha256": "…", "accepted": true}``;
    *sha256* is of the body alone, since a DKIM timestamp may differ in the header of a copy that is
    sent again; *message_id* is null where the header names none.
    """
    header, _, body = receipt.content.partition(b"\r\n\r\n")
    found = _MESSAGE_ID.search(header)
    line = {
        "message_id": found[1].decode("utf-8", "replace") if found else None,
        "recipient": "",
        "sha256": hashlib.sha256(body).hexdigest(),
        "accepted": receipt.accepted,
    }
    lines = (json.dumps(line | {"recipient": recipient}) for recipient in receipt.mail.recipients)
    return "".join(f"{text}\n" for text in lines).encode()


# RFC 5322 §2.2.3: the value may stand on the line after the name.
_MESSAGE_ID: Final = re.compile(
    rb"^message-id:(?:[ \t]|\r\n[ \t])*(<[^>\r\n]*>)", re.IGNORECASE | re.MULTILINE
)


def _write_all(descriptor: int, lines: bytes) -> None:
    rest = memoryview(lines)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
