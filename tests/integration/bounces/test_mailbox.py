"""A mailbox at a provider's: what is ours is stored, then marked; what is not stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailer.bounces.addressed import recipient_of, sender_of
from mailer.bounces.imap_session import bodies_in, sizes_in
from mailer.bounces.mailbox import Mailbox, Pickup
from mailer.bounces.message import open_message
from mailer.bounces.stored import Arrived, keep, opened
from mailer.config_returned import MailboxSettings
from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind
from mailer.domain.subscription import Standing
from mailer.errors import StorageError
from mailer.storage import reports
from tests.integration.bounces.imap_server import ImapServer
from tests.integration.bounces.sorting_room import SortingRoom
from tests.integration.bounces.test_backlog import dsn, read_everything

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


@pytest.fixture
def visitor(room: SortingRoom, tmp_path: Path) -> Iterator[Visitor]:
    """A mailbox that is empty."""
    with ImapServer() as server:
        yield Visitor(room, server, tmp_path)


def a_dsn(visitor: Visitor, number: int = 1) -> bytes:
    """Return a bounce of a new reader's copy, as a mailbox keeps it."""
    room = visitor.room
    (reader_id,) = room.subscribe()
    issue_id = room.send(week=46 + number)
    return b"Return-Path: <>\n" + dsn(room, reader_id, issue_id).raw


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


def test_nothing_is_marked_before_it_is_stored(visitor: Visitor) -> None:
    """The disk is full: the mail waits there, and is taken once there is room."""
    visitor.box.put(a_dsn(visitor))
    visitor.is_broken = True

    with capture_logs() as logs:
        assert visitor.visit() == 120.0
    assert visitor.box.flags() == [set()]
    assert [line["reason"] for line in logs] == ["the disk is full; make room on it"]

    visitor.is_broken = False
    assert visitor.visit() == 60.0
    assert visitor.box.flags() == [{"\\Seen"}]
    assert len(visitor.stored()) == 1


def test_a_mark_that_is_refused_has_no_second_consequence(visitor: Visitor) -> None:
    """Neither in this process, which remembers, nor in the next, whose reports are known by their digest."""
    visitor.box.faults = {"no-marks"}
    visitor.box.put(a_dsn(visitor))

    with capture_logs() as logs:
        visitor.visit()
        visitor.visit()
    read_everything(visitor.room)
    visitor.new()
    visitor.visit()
    read_everything(visitor.room)

    assert visitor.room.effects() == [Effect.SUPPRESSED]
    assert len(visitor.room.store.rows("report")) == 1
    assert [line["event"] for line in logs].count("mailbox.not_read") == 1


def test_mail_is_too_old_before_its_report_is_forgotten(visitor: Visitor) -> None:
    """So a mark that was lost never makes an old message new."""
    visitor.box.put(a_dsn(visitor), arrived=visitor.room.now.date() - timedelta(days=29))
    visitor.box.put(a_dsn(visitor, 2), arrived=visitor.room.now.date() - timedelta(days=28))

    visitor.visit()

    assert visitor.box.flags() == [set(), {"\\Seen"}]


def test_new_numbers_are_looked_at_anew(visitor: Visitor) -> None:
    """After UIDVALIDITY has changed, a number we knew is another message."""
    visitor.box.put(FOREIGN)
    visitor.visit()
    visitor.box.messages.clear()
    visitor.box.put(a_dsn(visitor))
    visitor.box.validity = 2

    visitor.visit()

    assert len(visitor.stored()) == 1


def test_a_wrong_password_is_said_once_in_ten_minutes(visitor: Visitor) -> None:
    """In one line, without user, password or the server's words; providers lock after a few tries."""
    visitor.box.faults = {"refuse-login"}

    with capture_logs() as logs:
        assert visitor.visit() == 600.0

    (line,) = logs
    assert "check [mailbox] username and the file" in line["reason"]
    assert "secret" not in str(logs)
    assert "bounces@" not in str(logs)
    assert visitor.box.count("LOGIN") == 1


@pytest.mark.parametrize(("values", "said"), [({"folder": "Bounces"}, "no folder"), ({}, "may only be read")])
def test_a_folder_that_can_t_be_used_is_named(visitor: Visitor, values: dict[str, str], said: str) -> None:
    """It is not there, or may only be read: a person has to mend it."""
    visitor.box.faults = {"read-only"}
    visitor.new(**values)

    with capture_logs() as logs:
        assert visitor.visit() == 600.0

    assert said in logs[0]["reason"]


def test_the_password_s_file_is_guarded(visitor: Visitor) -> None:
    """Others may not read it; a file that is not there is named with what to do."""
    visitor.file.chmod(0o640)
    with capture_logs() as logs:
        assert visitor.visit() == 600.0
        visitor.file.unlink()
        visitor.visit()

    assert f"chmod 600 {visitor.file}" in logs[0]["reason"]
    assert "write the mailbox's password into it" in logs[1]["reason"]
    assert visitor.box.heard == []


def test_a_server_that_is_gone_is_asked_less_and_less(visitor: Visitor) -> None:
    """And said so once; once it is back, that too."""
    visitor.box.put(a_dsn(visitor))
    visitor.box.faults = {"hang-up-at-fetch"}

    with capture_logs() as logs:
        waits = [visitor.visit() for _ in range(6)]
        visitor.box.faults = set()
        assert visitor.visit() == 60.0

    assert waits == [120.0, 240.0, 480.0, 900.0, 900.0, 900.0]
    assert [line["event"] for line in logs] == ["mailbox.not_read", "mailbox.read_again"]
    assert len(visitor.stored()) == 1


def test_a_server_that_hangs_is_left_when_we_leave(visitor: Visitor) -> None:
    """Whoever stops the service does not wait for somebody else's server."""
    visitor.box.faults = {"hang"}

    async def leave() -> None:
        async with asyncio.timeout(0.2):
            await visitor.mailbox.run()

    with pytest.raises(TimeoutError):
        visitor.room.store.run(leave())


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


def test_answers_to_fetch_are_read_in_any_order() -> None:
    """Numbers before or behind the bytes; what is none of it is passed over."""
    sizes = [b"1 (UID 7 RFC822.SIZE 12)", b"2 (RFC822.SIZE 5 UID 9)", b"3 (FLAGS ())", None]
    bodies = [(b"1 (UID 7 BODY[] {3}", b"abc"), b")", (b"2 (BODY[]<0> {2}", b"de"), b" UID 9)", None]

    assert sizes_in(sizes) == {7: 12, 9: 5}
    assert bodies_in(bodies) == {7: b"abc", 9: b"de"}
    assert bodies_in([None]) == {}


def test_the_day_is_the_server_s() -> None:
    """A lookback of 28 days for reports kept 30: servers count in days of their own zone."""
    lookback = Pickup(MailboxSettings(), Path("password")).lookback

    assert date(2026, 11, 23) - lookback == date(2026, 10, 26)
