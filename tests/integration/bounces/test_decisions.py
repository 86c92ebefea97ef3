"""What operators decide about returned mail, with the evidence in view."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailer.audience import retention
from mailer.bounces import decisions
from mailer.domain.consequence import UNDO_KEPT, Effect
from mailer.domain.reply_class import ReplyClass
from mailer.domain.returned_mail import MailKind, ReturnedMail
from mailer.domain.subscription import Standing
from mailer.errors import InvalidMove, NotFound
from mailer.storage import erasure, readers, traces
from tests.integration.bounces.sorting_room import FULL, POLICY, SortingRoom, address_of
from tests.integration.storage.scene import EN, SLUG


def undo(room: SortingRoom, number: int = 1) -> None:
    room.store.run(decisions.undo(room.store.database, number, operator="anna", now=room.now))


def test_undoing_subscribes_again(room: SortingRoom) -> None:
    """To every newsletter that the bounce ended; the mark is lifted, and who did it is kept."""
    (reader_id,) = room.subscribe(to=(SLUG, "other"))
    room.come_back(reader_id, room.send())
    room.wait(days=20)

    undo(room)

    assert [room.standing(reader_id, slug) for slug in (SLUG, "other")] == [Standing.ACTIVE] * 2
    assert room.store.rows("suppression") == []
    (row,) = room.store.rows("consequence")
    assert (row["effect"], row["undone_by"], row["undone_at"]) == (Effect.SUPPRESSED, "anna", room.now)
    assert room.send(week=48)
    assert len(room.copies(2)) == 1


def test_after_an_undo_older_copies_count_no_more(room: SortingRoom) -> None:
    """The operator said that the mailbox lives: neither late reports nor old strikes say otherwise."""
    (reader_id,) = room.subscribe()
    for week in (43, 44, 45):
        room.come_back(reader_id, room.send(week=week), FULL)
        room.wait(weeks=1)
    issue_id = room.send(week=46)
    room.come_back(reader_id, issue_id, FULL)
    room.wait(days=1)

    undo(room, 4)

    assert room.come_back(reader_id, issue_id) is Effect.NONE
    room.wait(weeks=1)
    assert room.come_back(reader_id, room.send(week=47), FULL) is Effect.STRIKE


def test_what_an_earlier_bounce_ended_stays_ended(room: SortingRoom) -> None:
    """Who came back to one newsletter alone is brought back to that one alone."""
    (reader_id,) = room.subscribe(to=(SLUG, "other"))
    room.come_back(reader_id, room.send())
    room.wait(days=3)
    room.store.write(
        lambda tx: readers.set_standing(
            tx, reader_id, SLUG, Standing.ACTIVE, consent_at=room.now, forget_at=None
        )
    )
    room.wait(days=4)
    room.come_back(reader_id, room.send(week=48))

    undo(room, 2)

    assert [room.standing(reader_id, slug) for slug in (SLUG, "other")] == [Standing.ACTIVE, Standing.BOUNCED]


@pytest.mark.parametrize("said", [FULL, POLICY])
def test_there_must_be_something_to_undo(room: SortingRoom, said: str) -> None:
    """A strike ended nothing."""
    (reader_id,) = room.subscribe()
    room.come_back(reader_id, room.send(), said)

    with pytest.raises(InvalidMove, match="nothing to undo"):
        undo(room)
    with pytest.raises(NotFound):
        undo(room, 2)


def test_undoing_twice_says_so(room: SortingRoom) -> None:
    """The second press changes nothing."""
    (reader_id,) = room.subscribe()
    room.come_back(reader_id, room.send())
    undo(room)

    with pytest.raises(InvalidMove, match="undone already"):
        undo(room)


def test_after_thirty_days_nothing_is_kept(room: SortingRoom) -> None:
    """The reader's row has gone, with the sealed address; the mark alone stays."""
    (reader_id,) = room.subscribe()
    room.come_back(reader_id, room.send())
    room.wait(seconds=UNDO_KEPT.total_seconds() + 1)

    room.store.run(retention.forget(room.store.database, now=room.now))

    assert room.store.rows("reader") == []
    assert [row["reason"] for row in room.store.rows("suppression")] == [Standing.BOUNCED]
    with pytest.raises(InvalidMove, match="kept no more"):
        undo(room)


def test_a_proposal_is_pressed(room: SortingRoom) -> None:
    """It unsubscribes, with the goodbye; once."""
    (reader_id,) = room.subscribe()
    room.follow(room.read(ReturnedMail(MailKind.HUMAN), sender=address_of(reader_id), writes_to_leave=True))
    database = room.store.database

    room.store.run(decisions.press_proposal(database, room.vault, 1, now=room.now))

    assert room.standing(reader_id) is Standing.UNSUBSCRIBED
    assert room.effects() == [Effect.UNSUBSCRIBED]
    assert [row["kind"] for row in room.store.rows("letter")] == ["goodbye"]
    with pytest.raises(InvalidMove, match="decided this already"):
        room.store.run(decisions.press_proposal(database, room.vault, 1, now=room.now))


def test_a_proposal_is_dropped(room: SortingRoom) -> None:
    """The reader stays; who asks again is proposed again."""
    (reader_id,) = room.subscribe()
    asking = room.read(ReturnedMail(MailKind.HUMAN), sender=address_of(reader_id), writes_to_leave=True)
    room.follow(asking)

    room.store.run(decisions.drop_proposal(room.store.database, 1, operator="anna", now=room.now))

    assert room.standing(reader_id) is Standing.ACTIVE
    assert room.store.read(decisions.waiting).proposals == ()
    assert len(room.follow(asking)) == 1


def test_what_waits_is_shown_with_its_evidence(room: SortingRoom) -> None:
    """The guard, how many it holds, and the newest of what was said, each answer once."""
    gmail = room.subscribe(60, group="gmail")
    issue_id = room.send()
    for number in (*gmail[:12], gmail[0]):
        room.come_back(number, issue_id)
    room.follow(room.read(ReturnedMail(MailKind.HUMAN), sender=address_of(50), writes_to_leave=True))

    found = room.store.read(decisions.waiting)

    ((held,), (proposal,)) = found.held, found.proposals
    assert (held.guard.group, held.count, len(held.examples)) == ("gmail", 12, 1)
    assert all("User unknown" in each.reply for each in held.examples)
    assert proposal.reader_id == 50


def test_a_readers_history_is_newest_first(room: SortingRoom) -> None:
    """Everything that came back, and what it led to."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    for said in (POLICY, FULL):
        room.come_back(reader_id, issue_id, said)
        room.now += timedelta(hours=1)

    found = room.store.read(lambda tx: decisions.history(tx, reader_id))

    assert [each.effect for each in found] == [Effect.STRIKE, Effect.NONE]


def test_an_issues_returned_mail_is_counted(room: SortingRoom) -> None:
    """By language and provider group, kind, class and effect."""
    gmail, other = room.subscribe(3, group="gmail"), room.subscribe(1)
    issue_id = room.send()
    for number in gmail[:2]:
        room.come_back(number, issue_id)
        room.come_back(number, issue_id, FULL)
    away = ReturnedMail(MailKind.AUTO_REPLY)
    room.follow(room.read(away, room.return_path(other[0], issue_id)))

    found = room.store.read(lambda tx: decisions.stats(tx, issue_id))

    assert {(c.language, c.group, c.kind, c.reply_class, c.effect, c.readers) for c in found} == {
        (EN, "gmail", MailKind.BOUNCE, ReplyClass.INVALID, Effect.SUPPRESSED, 2),
        (EN, "gmail", MailKind.BOUNCE, ReplyClass.MAILBOX, Effect.NONE, 2),
        (EN, "other", MailKind.AUTO_REPLY, None, Effect.NONE, 1),
    }


def test_erasing_leaves_numbers_alone(room: SortingRoom) -> None:
    """The returned mail goes, nobody is asked about the reader any more, and the counts stay."""
    (reader_id, other) = room.subscribe(2)
    issue_id = room.send()
    for number in (reader_id, other):
        room.store_report(room.return_path(number, issue_id))
    first, second = (row["id"] for row in room.store.rows("report"))
    room.follow(replace(room.bounce(reader_id, issue_id, FULL), report_id=first))
    room.follow(replace(room.bounce(other, issue_id, FULL), report_id=second))
    room.follow(room.read(ReturnedMail(MailKind.HUMAN), sender=address_of(reader_id), writes_to_leave=True))

    erased = room.reader(reader_id)
    room.store.write(lambda tx: erasure.erase(tx, erased, room.now))

    assert [row["id"] for row in room.store.rows("report")] == [second]
    assert room.store.read(decisions.waiting).proposals == ()
    assert [each.readers for each in room.store.read(lambda tx: decisions.stats(tx, issue_id))] == [2]


def test_readers_take_their_returned_mail_away(room: SortingRoom) -> None:
    """It stands in their own export, in its words without the address."""
    (reader_id,) = room.subscribe()
    room.come_back(reader_id, room.send(), FULL)

    (found,) = room.store.read(lambda tx: traces.returned(tx, reader_id))

    assert (found["kind"], found["effect"], found["reply"]) == (MailKind.BOUNCE, Effect.STRIKE, FULL)
