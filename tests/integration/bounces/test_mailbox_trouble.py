"""A mailbox that can't be read, or not marked: said once, tried less and less, and nothing happens twice."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mailer.bounces.imap_session import bodies_in, sizes_in
from mailer.bounces.mailbox import Pickup
from mailer.config_returned import MailboxSettings
from mailer.domain.consequence import Effect
from tests.integration.bounces.test_backlog import read_everything
from tests.integration.bounces.visiting import FOREIGN, Visitor, a_dsn


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
