"""The mail room on each kind of database: brought by SMTP, stored, read, followed; twice changes nothing."""

from __future__ import annotations

import asyncio

import pytest

from mailer.bounces.mail_room import MailRoom
from mailer.config import settings_of_our_own
from mailer.config_returned import ReturnedSettings
from mailer.config_sending import SendingSettings
from mailer.domain.subscription import Standing
from mailer.errors import UsageError
from mailer.storage import reports
from tests.integration.bounces.porch import envelope
from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.bounces.test_backlog import dsn
from tests.integration.outbox.standing import Dialogue


def mail_room(room: SortingRoom, **returned: str) -> MailRoom:
    """Return the mail room of an installation with these settings."""
    settings = settings_of_our_own(
        returned=ReturnedSettings.model_validate(returned),
        sending=SendingSettings(return_path_domain="returns.example.org"),
    )
    database, clock = room.store.database, lambda: room.now
    return MailRoom(settings, database, keys=room.keys, vault=room.vault, clock=clock)


async def brought(room: SortingRoom, port: int, recipient: str, raw: bytes) -> str:
    """Bring a report, wait until everything was read, and return the reply."""
    dialogue = Dialogue(*await asyncio.open_connection("127.0.0.1", port))
    dialogue.say(b"EHLO mx.example.net\r\n" + envelope(recipient) + raw + b".\r\n")
    assert await dialogue.codes(5) == ["220", "250", "250", "250", "354"]
    reply = await dialogue.reply()
    await dialogue.gone()
    while await room.store.database.read(reports.unread_count):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)
    return reply


def test_from_the_door_to_the_reader(room: SortingRoom) -> None:
    """“No such user” suppresses its reader alone; the same again is answered 250 and changes nothing."""
    first, second = room.subscribe(2)
    report = dsn(room, first, room.send())
    there = mail_room(room, smtp="127.0.0.1:0")

    async def scene() -> None:
        async with there.running():
            assert there.smtp is not None
            assert there.ways_in == [f"SMTP at 127.0.0.1:{there.smtp.port}"]
            said = await brought(room, there.smtp.port, report.recipient, report.raw)
            again = await brought(room, there.smtp.port, report.recipient.upper(), report.raw)
            assert said == again == "250 2.0.0 Stored"

    room.store.run(scene())

    assert room.standing(first) is Standing.BOUNCED
    assert room.standing(second) is Standing.ACTIVE
    assert len(room.store.rows("report")) == len(room.store.rows("consequence")) == 1


def test_a_door_that_does_not_open_closes_the_other(room: SortingRoom) -> None:
    """Nothing is left listening, and nothing runs."""
    there = mail_room(room, smtp="127.0.0.1:0", lmtp="/nowhere/lmtp")

    async def scene() -> None:
        with pytest.raises(UsageError, match="lmtp"):
            await there.running().__aenter__()
        assert there.smtp is not None
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", there.smtp.port)

    room.store.run(scene())
