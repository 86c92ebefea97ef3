"""Letters from people: handed on to the newsroom once, or kept on the desk; never in a circle."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Sequence
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from mailer.bounces import decisions
from mailer.bounces.backlog import Backlog
from mailer.bounces.forwarding import (
    MOST_OF_ONE_PER_HOUR,
    MOST_PER_HOUR,
    Forwarding,
    open_letter,
    people_waiting,
    put_away,
)
from mailer.bounces.stored import Arrived, keep
from mailer.config_returned import ReturnedSettings
from mailer.delivery.copy import Composer
from mailer.delivery.letterpress import Letterpress
from mailer.domain.consequence import Effect
from mailer.domain.links import Links
from mailer.errors import SettingsError
from mailer.storage import letters, newsletters
from tests.integration.bounces.sorting_room import SortingRoom, address_of
from tests.integration.bounces.test_backlog import backlog, dsn, read_everything
from tests.integration.storage.scene import SLUG

LETTER = "From: Jan <{0}>\r\nTo: {1}\r\nSubject: Thanks\r\n\r\n{2}\r\n"
SETTINGS = ReturnedSettings(newsroom="editors@example.org")


def reader_of(room: SortingRoom) -> Backlog:
    """Return what reads returned mail where a newsroom is set."""
    return backlog(room, forwarding=Forwarding.of(SETTINGS, room.vault))


def write(room: SortingRoom, *words: str, sender: str = "jan@example.net", to: str = "") -> None:
    """Let somebody write to a return path, once for each of *words*."""
    path = to or room.return_path(1, None)
    for each in words:
        raw = LETTER.format(sender, path, each).encode()
        arrived = Arrived("smtp", sender, path, raw)
        room.store.run(keep(room.store.database, room.vault, arrived, room.now))


def sent(room: SortingRoom) -> Sequence[email.message.EmailMessage]:
    """Return what waits to be sent, as it would go over the wire."""
    composer = Composer(room.keys, room.vault, "returns.example.org")
    press = Letterpress(Links("https://news.example.org"))
    newsletter = room.store.read(lambda tx: newsletters.pick(tx, SLUG))
    queued = room.store.write(lambda tx: letters.claim(tx, "node", room.now, 1000))
    copies = [
        composer.letter_copy(press.skeleton(each.kind, newsletter, each.language), each, 1) for each in queued
    ]
    return [email.message_from_bytes(copy.message, policy=email.policy.default) for copy in copies]


def waiting(room: SortingRoom) -> list[int]:
    return list(room.store.read(lambda tx: people_waiting(tx, room.now)))


def test_a_letter_goes_on_to_the_newsroom(room: SortingRoom) -> None:
    """From our sender, with the letter in it; an answer goes to whoever wrote it."""
    write(room, "A good issue!")

    with capture_logs() as logs:
        read_everything(room, reader_of(room))

    (mail,) = sent(room)
    assert mail["To"] == "editors@example.org"
    assert mail["Reply-To"] == "jan@example.net"
    assert "A good issue!" in str(list(mail.iter_parts())[1])
    assert waiting(room) == []
    assert logs == []


def test_once_however_often_it_is_read(room: SortingRoom) -> None:
    """The same letter brought again, and another look at everything, change nothing."""
    write(room, "A good issue!")
    read_everything(room, reader_of(room))

    before = room.contents()
    write(room, "A good issue!")
    read_everything(room, reader_of(room))

    assert room.contents() == before


def test_who_was_unsubscribed_wrote_no_letter_besides(room: SortingRoom) -> None:
    """What they asked for is done: whoever pressed, on the desk or the command line, need not read it too."""
    (reader_id,) = room.subscribe()
    path = room.return_path(reader_id, room.send())
    write(room, "Please unsubscribe me.", sender=address_of(reader_id), to=path)
    read_everything(room)
    (proposal,) = room.store.read(decisions.waiting).proposals
    before = waiting(room)

    room.store.run(decisions.press_proposal(room.store.database, room.vault, proposal.id, now=room.now))

    assert (before, waiting(room)) == ([proposal.report_id], [])


def test_without_a_newsroom_it_waits_on_the_desk(room: SortingRoom) -> None:
    """It can be opened there, and put away; then it waits no longer."""
    write(room, "A good issue!")
    read_everything(room)

    (report_id,) = waiting(room)
    letter = room.store.read(lambda tx: open_letter(tx, room.vault, report_id))
    room.store.write(lambda tx: put_away(tx, report_id, room.now))

    assert letter is not None
    assert (letter.sender, letter.subject, letter.text.strip()) == (
        "jan@example.net",
        "Thanks",
        "A good issue!",
    )
    assert "jan@" not in repr(letter)
    assert waiting(room) == []
    assert room.store.rows("letter") == []


def test_a_letter_that_is_gone_opens_as_none(room: SortingRoom) -> None:
    """Reports are removed when they are old."""
    assert room.store.read(lambda tx: open_letter(tx, room.vault, 4711)) is None


def test_machines_are_not_handed_on(room: SortingRoom) -> None:
    """Neither bounces nor answering machines."""
    (reader_id,) = room.subscribe()
    report = dsn(room, reader_id, room.send())
    room.store.run(keep(room.store.database, room.vault, report, room.now))
    path = room.return_path(reader_id, None)
    away = f"From: jan@example.net\r\nTo: {path}\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n"
    arrived = Arrived("smtp", "jan@example.net", path, away.encode())
    room.store.run(keep(room.store.database, room.vault, arrived, room.now))

    read_everything(room, reader_of(room))

    assert room.store.rows("letter") == []
    assert waiting(room) == []


def test_our_own_letter_that_comes_back_ends_there(room: SortingRoom) -> None:
    """The newsroom's mailbox sends everything on to a return path: one round, and no more."""
    write(room, "A good issue!")
    read_everything(room, reader_of(room))
    (mail,) = sent(room)

    path = room.return_path(1, None)
    back = Arrived("smtp", "editors@example.org", path, mail.as_bytes())
    room.store.run(keep(room.store.database, room.vault, back, room.now))
    read_everything(room, reader_of(room))

    assert len(room.store.rows("letter")) == 1


def test_one_sender_fills_nobody_s_mailbox(room: SortingRoom) -> None:
    """So many in an hour, the rest waits on the desk; an hour later it goes on."""
    write(room, *(f"Letter {number}." for number in range(8)))
    read_everything(room, reader_of(room))

    assert len(room.store.rows("letter")) == MOST_OF_ONE_PER_HOUR
    assert len(waiting(room)) == 8 - MOST_OF_ONE_PER_HOUR

    room.wait(minutes=61)
    write(room, "Another.")
    read_everything(room, reader_of(room))
    assert len(room.store.rows("letter")) == MOST_OF_ONE_PER_HOUR + 1


def test_neither_do_many(room: SortingRoom) -> None:
    """Whatever names they write: so many in an hour altogether."""
    for number in range(MOST_PER_HOUR + 5):
        write(room, "Buy!", sender=f"spam{number}@example.net")
    read_everything(room, reader_of(room))

    assert len(room.store.rows("letter")) == MOST_PER_HOUR
    assert len(waiting(room)) == 5


@pytest.mark.parametrize(
    "sender", ["", "nobody", "пошта@example.net", "x@example.net>\r\nBcc: y@example.org"]
)
def test_a_sender_that_can_t_be_answered_is_answered_nowhere_else(room: SortingRoom, sender: str) -> None:
    """No address, one beyond ASCII, or a forged header: answers stay with us, the letter tells the rest."""
    write(room, "A good issue!", sender=sender)
    read_everything(room, reader_of(room))

    (mail,) = sent(room)
    assert mail["Bcc"] is None
    assert mail["Reply-To"] in ("news@example.org", "answers@example.org", "x@example.net")


def test_a_wish_to_leave_is_handed_on_and_proposed(room: SortingRoom) -> None:
    """The newsroom reads it, and the desk has the button."""
    room.subscribe()
    write(room, "Адпішыце мяне, калі ласка", sender="reader1@example.org")

    read_everything(room, reader_of(room))

    assert room.effects() == [Effect.PROPOSED]
    assert len(room.store.rows("letter")) == 1


def test_what_is_handed_on_is_stored_sealed(room: SortingRoom) -> None:
    """No word of it stands in the database."""
    write(room, "A good issue!")
    read_everything(room, reader_of(room))

    stored = str(room.contents())

    assert "good issue" not in stored
    assert "jan@" not in stored
    assert "editors@" not in stored


def test_a_letter_is_forgotten_by_the_desk_in_time(room: SortingRoom) -> None:
    """With the counters that say who was answered."""
    write(room, "A good issue!")
    read_everything(room)

    room.now += timedelta(days=31)

    assert waiting(room) == []


def test_a_newsroom_that_is_no_address_is_refused() -> None:
    """At the start, in one sentence."""
    room_of_nobody = ReturnedSettings(newsroom="the editors")

    with pytest.raises(SettingsError, match=r"\[returned\] newsroom is not an e-mail address"):
        Forwarding.of(room_of_nobody, None)  # type: ignore[arg-type]  # it is not asked
    assert Forwarding.of(ReturnedSettings(), None) is None  # type: ignore[arg-type]  # as above
