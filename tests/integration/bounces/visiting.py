"""A mailbox at a provider's, and whoever visits it; for tests."""

from __future__ import annotations

from pathlib import Path

from mailer.bounces.mailbox import Mailbox, Pickup
from mailer.bounces.stored import Arrived, keep, opened
from mailer.config_returned import MailboxSettings
from mailer.errors import StorageError
from mailer.storage import reports
from tests.integration.bounces.imap_server import ImapServer
from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.bounces.test_backlog import dsn

FOREIGN = b"From: friend@example.net\nTo: bounces@example.org\nSubject: Lunch?\n\nAt noon?\n"


class Visitor:
    """A room, a mailbox and whoever visits it."""

    def __init__(self, room: SortingRoom, server: ImapServer, folder: Path) -> None:
        self.room, self.server, self.box = room, server, server.mailbox
        self.file = folder / "mailbox.password"
        self.file.write_text("a secret\n")
        self.file.chmod(0o600)
        self.is_broken = False
        self.mailbox = self.new()

    def new(self, max_bytes: int = 5_000_000, /, **values: object) -> Mailbox:
        """Return a process's view of the mailbox, which knows nothing yet."""
        values = {
            "host": "127.0.0.1",
            "port": self.server.port,
            "tls": "none",
            "username": "bounces",
        } | values
        pickup = Pickup(MailboxSettings.model_validate(values), self.file, max_bytes)
        self.mailbox = Mailbox(pickup, self.room.matching, self.take, clock=lambda: self.room.now)
        return self.mailbox

    async def take(self, arrived: Arrived) -> None:
        """Store what arrived, as the mail room does."""
        if self.is_broken:
            raise StorageError("the disk is full; make room on it")
        await keep(self.room.store.database, self.room.vault, arrived, self.room.now)

    def visit(self) -> float:
        """Visit once; return when to come again."""
        return self.room.store.run(self.mailbox.visit())

    def stored(self) -> list[Arrived]:
        """Return what was stored, oldest first."""
        waiting = self.room.store.read(lambda tx: reports.unread(tx, 1000))
        return [opened(self.room.vault, report) for report in waiting]


def a_dsn(visitor: Visitor, number: int = 1) -> bytes:
    """Return a bounce of a new reader's copy, as a mailbox keeps it."""
    room = visitor.room
    (reader_id,) = room.subscribe()
    issue_id = room.send(week=46 + number)
    return b"Return-Path: <>\n" + dsn(room, reader_id, issue_id).raw
