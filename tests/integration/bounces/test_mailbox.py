"""A mailbox at a provider's: what is ours is stored, then marked; what is not stays as it was."""

from __future__ import annotations

import asyncio

import pytest

from mailer.bounces.addressed import recipient_of, sender_of
from mailer.bounces.mail_room import MailRoom
from mailer.bounces.message import open_message
from mailer.config import settings_of_our_own
from mailer.config_returned import MailboxSettings, ReturnedSettings
from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind
from mailer.domain.subscription import Standing
from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.bounces.test_backlog import dsn, read_everything
from tests.integration.bounces.visiting import FOREIGN, Visitor, a_dsn


def test_a_bounce_goes_from_the_mailbox_to_the_reader(visitor: Visitor) -> None:
    """Its bytes are stored as they came, it is marked as read, and what follows is as by any door."""
    raw = a_dsn(visitor)
    visitor.box.put(raw)

    assert visitor.visit() == 60.0

    (arrived,) = visitor.stored()
    assert (arrived.door, arrived.sender) == ("imap", "")
    assert arrived.recipient == visitor.room.return_path(1, 1)
    assert arrived.raw == visitor.box.messages[1].raw
    assert visitor.box.flags() == [{"\\Seen"}]
    read_everything(visitor.room)
    assert visitor.room.effects() == [Effect.SUPPRESSED]
    assert visitor.room.standing(1) is Standing.BOUNCED


def test_foreign_mail_stays_untouched_and_is_looked_at_once(visitor: Visitor) -> None:
    """Unread, unmarked, not stored; the next visit fetches nothing of it."""
    visitor.box.put(FOREIGN)

    visitor.visit()
    fetched = visitor.box.count("UID FETCH")
    visitor.visit()

    assert visitor.stored() == []
    assert visitor.box.flags() == [set()]
    assert visitor.box.count("UID FETCH") == fetched
    assert visitor.box.count("UID STORE") == 0


def test_our_own_newsletter_in_that_mailbox_is_foreign(visitor: Visitor) -> None:
    """A copy names a return path in its headers; it came to a reader all the same."""
    path = visitor.room.return_path(1, 1)
    visitor.box.put(
        f"Return-Path: <{path}>\nReceived: from mx (envelope-from <{path}>) for <bounces@example.org>; Mon\n"
        f"List-Unsubscribe: <mailto:unsubscribe+{path}>\nTo: bounces@example.org\n\nNews.\n".encode()
    )

    visitor.visit()

    assert visitor.stored() == []


def test_a_forged_token_is_foreign(visitor: Visitor) -> None:
    """Anybody can write 44 letters; only ours are signed."""
    visitor.box.put(FOREIGN.replace(b"bounces@", b"bounces+" + b"a" * 44 + b"@"))

    visitor.visit()

    assert visitor.stored() == []


def test_a_complaint_without_our_address_is_ours_by_what_it_returns(visitor: Visitor) -> None:
    """Feedback loops write to one address for all; the returned header has the token."""
    (reader_id,) = visitor.room.subscribe()
    path = visitor.room.return_path(reader_id, visitor.room.send())
    visitor.box.put(
        "From: fbl@example.net\nTo: bounces@example.org\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\n\nA complaint.\n--b\n"
        "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1\n\n--b\n"
        f"Content-Type: message/rfc822\n\nReturn-Path: <{path}>\nSubject: News\n\nText.\n--b--\n".encode()
    )

    visitor.visit()

    assert [arrived.recipient for arrived in visitor.stored()] == [""]
    read_everything(visitor.room)
    assert visitor.room.standing(reader_id) is Standing.COMPLAINED


def test_mail_to_leave_by_is_followed(visitor: Visitor) -> None:
    """At a mailbox with a prefix: the address of List-Unsubscribe stands in To."""
    (reader_id,) = visitor.room.subscribe()
    path = visitor.room.return_path(reader_id, visitor.room.send())
    visitor.box.put(f"From: a@example.net\nTo: bounces+unsubscribe+{path}\n\n".encode())

    visitor.visit()
    read_everything(visitor.room)

    assert visitor.room.standing(reader_id) is Standing.UNSUBSCRIBED


def test_taken_mail_can_be_removed_there(visitor: Visitor) -> None:
    """Only what we took, whatever else was marked as deleted."""
    visitor.box.put(FOREIGN, flags={"\\Deleted"})
    visitor.box.put(a_dsn(visitor))
    visitor.new(delete=True)

    visitor.visit()

    assert list(visitor.box.messages) == [1]


def test_without_uidplus_it_is_only_marked(visitor: Visitor) -> None:
    """A plain EXPUNGE would remove what a person marked."""
    visitor.box.faults = {"no-uidplus"}
    visitor.box.put(a_dsn(visitor))
    visitor.new(delete=True)

    visitor.visit()

    assert visitor.box.flags() == [{"\\Seen", "\\Deleted"}]


def test_a_long_message_is_taken_by_its_beginning(visitor: Visitor) -> None:
    """What we need of it stands in front."""
    raw = a_dsn(visitor) + b"x" * 70 + b"\n" * 50_000
    visitor.box.put(raw)
    visitor.box.put(FOREIGN)
    visitor.new(20_000)

    visitor.visit()

    (arrived,) = visitor.stored()
    assert len(arrived.raw) == 20_000
    assert visitor.box.flags() == [{"\\Seen"}, set()]


def test_many_messages_are_fetched_some_at_a_time(visitor: Visitor) -> None:
    """Fifty in one command, whatever number waits; also where the server says the number last."""
    (reader_id,) = visitor.room.subscribe()
    report = dsn(visitor.room, reader_id, visitor.room.send()).raw
    visitor.box.faults = {"uid-behind"}
    for number in range(120):
        visitor.box.put(b"X-Number: %d\n" % number + report)

    visitor.visit()

    assert len(visitor.stored()) == 120
    assert visitor.box.count("UID FETCH") == 1 + 3
    assert all("\\Seen" in flags for flags in visitor.box.flags())


def test_mail_from_people_is_of_that_kind(visitor: Visitor) -> None:
    """Somebody answered to the return path; who it was is asked of the envelope, else of From."""
    (reader_id,) = visitor.room.subscribe()
    path = visitor.room.return_path(reader_id, visitor.room.send())
    visitor.box.put(f"From: Jan <jan@example.net>\nTo: {path}\nSubject: Thanks\n\nGood issue!\n".encode())

    visitor.visit()

    assert visitor.stored()[0].sender == "jan@example.net"
    read_everything(visitor.room)
    assert [row["kind"] for row in visitor.room.store.rows("report")] == [MailKind.HUMAN]


@pytest.mark.parametrize(
    "line",
    [
        "Delivered-To: {}",
        "X-Original-To: {}",
        "Envelope-To: <{}>",
        "To: Bounces <{}>, other@example.net",
        "Cc: {}",
        "Received: from mx.example.net by mail.example.org with ESMTP id 1 for <{}>; Mon, 23 Nov 2026",
    ],
)
def test_the_address_is_found_where_servers_write_it(room: SortingRoom, line: str) -> None:
    """In any of these fields, in any case."""
    address = "Bounces+" + room.return_path(1, 1).upper()
    fields = open_message(f"{line.format(address)}\n\nText.\n".encode()).fields

    assert recipient_of(fields, room.keys.return_path) == address


def test_the_sender_of_a_report_is_nobody() -> None:
    """An empty Return-Path counts before From, which names a daemon."""
    fields = open_message(b"Return-Path: <>\nFrom: MAILER-DAEMON@example.net\n\n").fields

    assert sender_of(fields) == ""


def test_the_mail_room_visits_it_and_hands_people_s_letters_on(visitor: Visitor) -> None:
    """Beside the doors, or without any: from the mailbox to the reader, and to the newsroom."""
    room = visitor.room
    visitor.box.put(a_dsn(visitor))
    visitor.box.put(f"From: jan@example.net\nTo: bounces+{room.return_path(1, 1)}\n\nThanks!\n".encode())
    password = visitor.file.parent / "data" / "keys" / "mailbox.password"
    password.parent.mkdir(parents=True)
    password.write_text("a secret")
    password.chmod(0o600)
    mailbox = MailboxSettings(host="127.0.0.1", port=visitor.server.port, tls="none", username="bounces")
    settings = settings_of_our_own(mailbox=mailbox, returned=ReturnedSettings(newsroom="editors@example.org"))
    settings = settings.beside(visitor.file.parent)

    async def run() -> list[str]:
        mail_room = MailRoom(
            settings, room.store.database, keys=room.keys, vault=room.vault, clock=lambda: room.now
        )
        async with asyncio.timeout(10), mail_room.running():
            while not all(visitor.box.flags()):  # noqa: ASYNC110 - a mailbox tells nobody that it was marked
                await asyncio.sleep(0.02)
            await mail_room.catch_up()
        return mail_room.ways_in

    assert room.store.run(run()) == ["the mailbox at 127.0.0.1"]
    assert room.standing(1) is Standing.BOUNCED
    assert [row["kind"] for row in room.store.rows("letter")] == ["forward"]
