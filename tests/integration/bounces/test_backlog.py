"""The backlog: stored before it is read, read in order, followed once, whatever happens in between."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from email.message import EmailMessage

import pytest

from mailer.audience.keys import seeded_keys
from mailer.audience.vault import Vault
from mailer.bounces.backlog import SLICE, SLICE_BYTES, Backlog, Desk
from mailer.bounces.consequences import follow
from mailer.bounces.matching import Matching
from mailer.bounces.stored import Arrived, keep, opened
from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail
from mailer.domain.subscription import Standing
from mailer.storage import Transaction, reports
from tests.integration.bounces.sorting_room import UNKNOWN_USER, SortingRoom, address_of

DSN = """\
From: MAILER-DAEMON@mx.example.net\r
To: {path}\r
Subject: Undelivered Mail Returned to Sender\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: text/plain\r
\r
I'm sorry to have to inform you that your message could not be delivered.\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.net\r
\r
Final-Recipient: rfc822; {address}\r
Action: failed\r
Status: {status}\r
Diagnostic-Code: smtp; {said}\r
\r
--b--\r
"""


def dsn(room: SortingRoom, reader_id: int, issue_id: int, said: str = UNKNOWN_USER) -> Arrived:
    """Return a report of a reader's copy as a mail server writes it."""
    path, address = room.return_path(reader_id, issue_id), address_of(reader_id)
    raw = DSN.format(path=path, address=address, status=said.split()[1], said=said.format(address))
    return Arrived("smtp", "", path, raw.encode())


def keep_all(room: SortingRoom, *arrived: Arrived) -> list[bool]:
    return [room.store.run(keep(room.store.database, room.vault, each, room.now)) for each in arrived]


def backlog(room: SortingRoom, **values: object) -> Backlog:
    desk = Desk(room.matching, room.rules, **values)  # type: ignore[arg-type]
    return Backlog(room.store.database, desk, clock=lambda: room.now)


def read_everything(room: SortingRoom, worker: Backlog | None = None) -> int:
    worker, count = worker or backlog(room), 0
    while some := room.store.run(worker.read_waiting()):
        count += some
    return count


def test_a_report_goes_from_the_door_to_the_reader(room: SortingRoom) -> None:
    """Stored first, then read, then followed; and marked with its kind."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()

    assert keep_all(room, dsn(room, reader_id, issue_id)) == [True]
    assert room.standing(reader_id) is Standing.ACTIVE
    assert read_everything(room) == 1

    assert room.standing(reader_id) is Standing.BOUNCED
    (row,) = room.store.rows("report")
    assert (row["kind"], row["read_at"]) == (MailKind.BOUNCE, room.now)


def test_the_same_report_twice_changes_nothing(room: SortingRoom) -> None:
    """Before and after it was read, by whatever door: every table stays as it is."""
    (reader_id,) = room.subscribe()
    arrived = dsn(room, reader_id, room.send())
    by_imap = Arrived("imap", "x@example.net", arrived.recipient.upper(), arrived.raw)
    keep_all(room, arrived)
    read_everything(room)
    before = room.contents()
    room.wait(hours=1)

    assert keep_all(room, arrived, by_imap) == [False, False]
    assert read_everything(room) == 0
    assert room.contents() == before


@pytest.mark.parametrize(
    ("sender", "kind"), [("", MailKind.BOUNCE), ("ann@example.net", MailKind.HUMAN)], ids=["null", "person"]
)
def test_the_envelope_tells_a_report_from_a_letter(room: SortingRoom, sender: str, kind: MailKind) -> None:
    """By SMTP no field says so, and some reports have nothing but the null sender to be known by."""
    (reader_id,) = room.subscribe()
    raw = b"From: help@example.net\r\nSubject: Your mail\r\n\r\n<reader1@example.org>: 552 mailbox full\r\n"
    keep_all(room, Arrived("smtp", sender, room.return_path(reader_id, room.send()), raw))

    read_everything(room)

    assert [row["kind"] for row in room.store.rows("report")] == [kind]


def test_a_crash_in_between_does_nothing_twice(room: SortingRoom) -> None:
    """Consequences and the mark that it was read are one commit: read again, it is done once."""
    (reader_id,) = room.subscribe()
    keep_all(room, dsn(room, reader_id, room.send()))

    reading = room.bounce(reader_id, 1)

    class Crash(Exception):  # noqa: N818 - reads as what it is
        pass

    def work(tx: Transaction) -> None:
        follow(tx, room.matching, reading, room.rules, room.now)
        raise Crash

    with pytest.raises(Crash):
        room.store.write(work)
    read_everything(room)

    assert room.effects() == [Effect.SUPPRESSED]


def test_two_readers_of_the_backlog_do_it_once(room: SortingRoom) -> None:
    """Both find the same slice; whoever commits second finds it read."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    keep_all(room, dsn(room, reader_id, issue_id), dsn(room, reader_id, issue_id, "552 5.2.2 Mailbox full"))

    async def both() -> None:
        await asyncio.gather(backlog(room).read_waiting(), backlog(room).read_waiting())

    room.store.run(both())

    assert room.effects() == [Effect.SUPPRESSED, Effect.NONE]


def test_more_than_a_slice_is_read_in_order(room: SortingRoom) -> None:
    """Slice after slice, oldest first."""
    room.subscribe(2)
    keep_all(room, *(Arrived("smtp", "", "", b"mail %d" % number) for number in range(SLICE + 5)))
    worker = backlog(room)

    assert [room.store.run(worker.read_waiting()) for _ in range(3)] == [SLICE, 5, 0]


def test_long_reports_are_read_a_few_at_a_time(room: SortingRoom) -> None:
    """Whoever holds one token may bring the longest messages: they never lie in memory together."""
    (reader_id,) = room.subscribe()
    path = room.return_path(reader_id, room.send())
    most = SLICE_BYTES * 2 // 3
    bodies = [b"Subject: 1\r\n\r\n" + each * most for each in (b"a", b"b")]
    keep_all(room, *(Arrived("smtp", "", path, body) for body in (*bodies, b"c", b"d" * (2 * SLICE_BYTES))))
    worker = backlog(room)

    counts = [room.store.run(worker.read_waiting()) for _ in range(4)]

    assert counts == [1, 2, 1, 0]


def test_a_report_that_breaks_is_set_aside(room: SortingRoom) -> None:
    """It is kept for a person, and the others are followed."""
    first, second = room.subscribe(2)
    issue_id = room.send()
    keep_all(
        room, Arrived("broken", "", "", b"x", "1"), dsn(room, first, issue_id), dsn(room, second, issue_id)
    )

    def breaks(raw: bytes) -> ReturnedMail:
        raise RuntimeError(raw)

    read_everything(room, backlog(room, webhooks={"broken": breaks}))

    assert room.effects() == [Effect.SUPPRESSED] * 2
    assert room.store.rows("report")[0]["kind"] is MailKind.HUMAN


def test_what_can_not_be_followed_is_set_aside_alone(room: SortingRoom) -> None:
    """A fault of ours in one report stops neither its slice nor the next."""
    (reader_id,) = room.subscribe()
    keep_all(room, Arrived("odd", "", "", b"x", "1"), dsn(room, reader_id, room.send()))
    no_number = Notice(None, reply_code="five hundred")  # type: ignore[arg-type]
    path = room.return_path(reader_id, 1)
    odd = ReturnedMail(MailKind.BOUNCE, (no_number,), return_path=path)

    read_everything(room, backlog(room, webhooks={"odd": lambda _: odd}))

    assert [row["kind"] for row in room.store.rows("report")] == [MailKind.HUMAN, MailKind.BOUNCE]
    assert room.effects() == [Effect.SUPPRESSED]


def test_what_does_not_open_waits_for_its_key(room: SortingRoom) -> None:
    """It is neither lost nor tried without end, and it does not stop the others."""
    (reader_id,) = room.subscribe()
    other = Vault(seeded_keys(b"another"))
    room.store.run(keep(room.store.database, other, Arrived("smtp", "", "", b"x"), room.now))
    keep_all(room, dsn(room, reader_id, room.send()))
    worker = backlog(room)

    assert read_everything(room, worker) == 2

    assert [row["read_at"] for row in room.store.rows("report")] == [None, room.now]
    assert room.effects() == [Effect.SUPPRESSED]
    found = Backlog(room.store.database, Desk(Matching(other, room.keys), room.rules), clock=lambda: room.now)
    assert read_everything(room, found) == 1


def test_who_writes_by_hand_is_heard(room: SortingRoom) -> None:
    """“Адпішыце мяне” becomes a proposal; the mail itself stays for the newsroom."""
    (reader_id,) = room.subscribe()
    letter = EmailMessage()
    letter["Subject"], letter["From"] = "Рассылка", address_of(reader_id)
    letter.set_content("Адпішыце мяне, калі ласка.\n")
    path = room.return_path(reader_id, room.send())
    keep_all(room, Arrived("smtp", address_of(reader_id), path, letter.as_bytes()))

    read_everything(room)

    assert room.effects() == [Effect.PROPOSED]
    (kept,) = room.store.read(lambda tx: reports.of_kind(tx, MailKind.HUMAN, 10))
    assert opened(room.vault, kept).raw == letter.as_bytes()


def test_reports_go_when_they_are_old(room: SortingRoom) -> None:
    """Thirty days after they came; what followed from them stays. What nobody has read stays too."""
    (reader_id,) = room.subscribe()
    keep_all(room, dsn(room, reader_id, room.send()))
    read_everything(room)
    keep_all(room, Arrived("smtp", "", "", b"unread"))
    worker = backlog(room)
    room.now += timedelta(days=30)
    assert room.store.run(worker.forget()) == 0
    room.now += timedelta(seconds=1)

    assert room.store.run(worker.forget()) == 1

    assert [row["read_at"] for row in room.store.rows("report")] == [None]
    assert room.effects() == [Effect.SUPPRESSED]


def test_an_erased_readers_reports_go_at_once(room: SortingRoom) -> None:
    """They hold the address."""
    first, second = room.subscribe(2)
    issue_id = room.send()
    keep_all(room, dsn(room, first, issue_id), dsn(room, second, issue_id))
    read_everything(room)

    assert room.store.write(lambda tx: reports.remove_of_reader(tx, first)) == 1

    assert [row["id"] for row in room.store.rows("report")] == [2]


async def until_read(room: SortingRoom) -> None:
    while await room.store.database.read(reports.unread_count):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


def test_it_runs_until_it_is_stopped(room: SortingRoom) -> None:
    """It reads what is there, and what is brought later when it is woken."""
    first, second = room.subscribe(2)
    issue_id = room.send()
    keep_all(room, dsn(room, first, issue_id))
    worker = backlog(room)

    async def scene() -> None:
        running = asyncio.create_task(worker.run())
        try:
            await until_read(room)
            await keep(room.store.database, room.vault, dsn_second, room.now)
            worker.wake()
            await until_read(room)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    dsn_second = dsn(room, second, issue_id)
    room.store.run(scene())

    assert room.effects() == [Effect.SUPPRESSED] * 2
