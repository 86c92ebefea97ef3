"""What came back of an issue, counted: each reader once, nobody's refusal twice, nothing that is no news."""

from __future__ import annotations

from mailer.domain.delivery import DeliveryState
from mailer.domain.language import Language
from mailer.domain.reply_class import ReplyClass
from mailer.domain.returned_mail import MailKind, ReturnedMail
from mailer.domain.returns import GroupReturns, Returns, in_all
from mailer.storage import return_stats
from tests.integration.bounces.sorting_room import FULL, POLICY, SortingRoom


def counted(room: SortingRoom, issue_id: int) -> list[GroupReturns]:
    return room.store.read(lambda tx: return_stats.by_group(tx, issue_id))


def of_all(room: SortingRoom, issue_id: int) -> Returns:
    return in_all(counted(room, issue_id))


def test_what_came_back_stands_beside_the_books(room: SortingRoom) -> None:
    """By class and group; a copy that was taken and came back stays taken."""
    gmail, others = room.subscribe(3, group="gmail"), room.subscribe(2)
    issue_id = room.send()
    room.come_back(gmail[0], issue_id)
    room.come_back(gmail[1], issue_id, FULL)
    room.come_back(others[0], issue_id, POLICY)

    first, second = counted(room, issue_id)

    assert (first.language, first.group, second.group) == (Language.ENGLISH, "gmail", "other")
    assert first.returns.came_back == {ReplyClass.INVALID: 1, ReplyClass.MAILBOX: 1}
    assert (first.returns.books.accepted, first.returns.came_back_later, first.returns.suppressed) == (
        3,
        2,
        1,
    )
    assert (second.returns.came_back, second.returns.suppressed) == ({ReplyClass.POLICY: 1}, 0)
    assert in_all([first, second]).books.balance


def test_a_reader_counts_once(room: SortingRoom) -> None:
    """By the bounce that ended the subscription, whatever else was said of the same copy."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.come_back(reader_id, issue_id, FULL)
    room.come_back(reader_id, issue_id)
    room.come_back(reader_id, issue_id, POLICY)

    found = of_all(room, issue_id)

    assert (found.came_back, found.suppressed) == ({ReplyClass.INVALID: 1}, 1)


def test_answers_that_are_no_bounce(room: SortingRoom) -> None:
    """Complaints and holidays are counted apart; “not spam” is no complaint."""
    readers = room.subscribe(3)
    issue_id = room.send()
    for reader_id, mail in zip(
        readers,
        (
            ReturnedMail(MailKind.COMPLAINT, feedback_type="abuse"),
            ReturnedMail(MailKind.COMPLAINT, feedback_type="not-spam"),
            ReturnedMail(MailKind.AUTO_REPLY),
        ),
        strict=True,
    ):
        room.follow(room.read(mail, room.return_path(reader_id, issue_id)))

    found = of_all(room, issue_id)

    assert (found.complaints, found.auto_replies, found.came_back_later, found.suppressed) == (1, 1, 0, 0)


def test_what_was_refused_never_came_back(room: SortingRoom) -> None:
    """A report about a copy that we could not hand over speaks of another."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.come_back(reader_id, issue_id, POLICY)

    room.set_copy(issue_id, reader_id, DeliveryState.FAILED)

    assert of_all(room, issue_id).came_back_later == 0


def test_nothing_was_sent(room: SortingRoom) -> None:
    """An issue without copies has no line."""
    assert counted(room, 1) == []
