"""The journal of the relay names each copy by message, recipient and body."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mailer.errors import StorageError
from mailer.outbox.journal import Journal, Receipt, journal_lines
from mailer.outbox.mailbox import KeptMail


def receipt(content: bytes, *recipients: str, accepted: bool = True) -> Receipt:
    mail = KeptMail(1, datetime.now(UTC), "s@example.org", recipients, Path("1.mail"), len(content))
    return Receipt(mail, content, accepted)


def lines(content: bytes, *recipients: str, accepted: bool = True) -> list[dict[str, Any]]:
    text = journal_lines(receipt(content, *recipients, accepted=accepted)).decode()
    return [json.loads(line) for line in text.splitlines()]


def test_each_recipient_has_a_line() -> None:
    """One message to two readers is two copies."""
    found = lines(b"Message-ID: <1@example.org>\r\n\r\nbody\r\n", "a@example.org", "b@example.org")

    digest = hashlib.sha256(b"body\r\n").hexdigest()
    assert found == [
        {"message_id": "<1@example.org>", "recipient": name, "sha256": digest, "accepted": True}
        for name in ("a@example.org", "b@example.org")
    ]


HEADERS = [
    (b"Subject: x\r\nMessage-ID: <1@example.org>", "<1@example.org>"),
    (b"message-id:<1@example.org>\r\nSubject: x", "<1@example.org>"),
    (b"Message-ID:\r\n <1@example.org>", "<1@example.org>"),
    (b"Subject: Message-ID: <1@example.org>", None),
    (b"X-Message-ID: <1@example.org>", None),
    (b"Message-ID: none", None),
    (b"", None),
]


@pytest.mark.parametrize(("header", "message_id"), HEADERS)
def test_the_message_id_is_found_in_the_header(header: bytes, message_id: str | None) -> None:
    """Folded or not, in any case; never out of another field or the body."""
    (line,) = lines(header + b"\r\n\r\nMessage-ID: <body@example.org>\r\n", "a@example.org")

    assert line["message_id"] == message_id


def test_a_copy_that_is_not_answered_250_says_so() -> None:
    """Kept and then silenced by the script is not accepted."""
    (line,) = lines(b"\r\n\r\n", "a@example.org", accepted=False)

    assert line["accepted"] is False


def test_many_at_once_are_all_on_the_disk(tmp_path: Path) -> None:
    """Sixty who record at the same time share syncs and lose no line."""

    async def record_all() -> None:
        journal = Journal(tmp_path / "log")
        await asyncio.gather(*(journal.record(receipt(b"\r\n\r\n", f"r{n}@example.org")) for n in range(60)))
        journal.close()

    asyncio.run(record_all())

    recipients = [json.loads(line)["recipient"] for line in (tmp_path / "log").read_text().splitlines()]
    assert sorted(recipients) == sorted(f"r{n}@example.org" for n in range(60))


def test_a_full_disk_is_a_storage_error() -> None:
    """What the disk does not take is not recorded."""

    async def record() -> None:
        journal = Journal(Path("/dev/full"))
        try:
            await journal.record(receipt(b"\r\n\r\n", "a@example.org"))
        finally:
            journal.close()

    with pytest.raises(StorageError, match="make room"):
        asyncio.run(record())


def test_a_log_that_can_not_be_opened_is_one_sentence(tmp_path: Path) -> None:
    """A folder in the file's place is named as a storage error."""
    with pytest.raises(StorageError, match="name another file"):
        Journal(tmp_path)
