"""What came in by any door, put down before it is read: sealed, once, and durably (design §6).

A door answers 250 or 200 only after *keep* has returned, so nothing that we took over is lost; and
because a report is known by its digest, whoever sends it again, by whatever door, changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from datetime import datetime

import orjson

from mailer.audience.vault import Vault
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.storage import Database, reports
from mailer.storage.reports import Report

_OURS = frozenset({"smtp", "lmtp"})
_LARGE = 200_000
"""So many bytes take the ciphers about a millisecond: more is left to a thread."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as a door took it.

    Attributes:
        door: smtp, lmtp, imap, or the provider whose webhook it is: ses, sendgrid, …
        sender: of the envelope; empty for the null return path, and where there is none.
        recipient: of the envelope, as it came: our return path; empty where there is none.
        raw: the message, or one event of a webhook, to the byte.
        event_id: the provider's own name of the event; None where it has none.
    """

    door: str
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    raw: bytes = field(repr=False)
    event_id: str | None = None

    @property
    def digest(self) -> bytes:
        """What makes it this report and no other, 32 bytes.

        Relays change the case of local parts, so the recipient counts without it.
        """
        if self.event_id is not None:
            name = f"event {self.door} {self.event_id}"
            return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
        recipient = self.recipient.lower().encode("utf-8", "surrogatepass")
        return hashlib.sha256(b"mail %d %s " % (len(recipient), recipient) + self.raw).digest()

    @property
    def message(self) -> bytes:
        """What is read: below a line with the envelope's sender where no server has written it yet.

        RFC 5321 §4.4 has the last server do so, and here we are that; reports have the null sender, and
        some have nothing else to be known by.
        """
        if self.door not in _OURS:
            return self.raw
        sender = "".join(self.sender.split()).encode("utf-8", "replace")
        return b"Return-Path: <%s>\r\n" % sender + self.raw


async def keep(database: Database, vault: Vault, arrived: Arrived, now: datetime) -> bool:
    """
    Store what arrived; return once that is durable.

    Args:
        database, vault: of the installation.
        arrived: what a door took.
        now: aware UTC.

    Returns:
        False when it is stored already: the answer to whoever brings it is the same.

    Raises:
        StorageError: it is not stored; the door says "try again".
    """
    if len(arrived.raw) > _LARGE:
        report = await asyncio.to_thread(sealed, vault, arrived, now)
    else:
        report = sealed(vault, arrived, now)
    return await database.write(lambda tx: reports.add(tx, report), urgent=True)


def sealed(vault: Vault, arrived: Arrived, now: datetime) -> Report:
    """Return *arrived* as it is stored: a line of JSON with the envelope, then the raw bytes."""
    envelope = {"sender": _whole(arrived.sender), "recipient": _whole(arrived.recipient)}
    if arrived.event_id is not None:
        envelope["event_id"] = _whole(arrived.event_id)
    seal_id = os.urandom(PUBLIC_ID_BYTES)
    plain = orjson.dumps(envelope, option=orjson.OPT_APPEND_NEWLINE) + arrived.raw
    return Report(arrived.digest, arrived.door, seal_id, vault.seal(plain, seal_id), now)


def opened(vault: Vault, report: Report) -> Arrived:
    """Return what *sealed* sealed.

    Raises:
        KeysError: the key is missing, or the value was changed.
    """
    head, _, raw = vault.open(report.sealed, report.seal_id).partition(b"\n")
    return Arrived(report.door, raw=raw, **orjson.loads(head))


def _whole(text: str) -> str:
    """Return *text* as something that UTF-8 can hold: servers hand over stray bytes as surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
