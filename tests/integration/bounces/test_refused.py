"""Refusals at SMTP time lead to the same as returned mail, and are followed once."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert, update

from mailer.bounces.refused import Refused
from mailer.domain.consequence import Effect
from mailer.domain.delivery import DeliveryState
from mailer.domain.outcome import Blame, Stage
from mailer.domain.subscription import Standing
from mailer.storage import Transaction
from mailer.storage.tables import attempt, chunk, delivery, reader, subscription
from tests.integration.bounces.sorting_room import FULL, POLICY, SortingRoom

NO_USER = "550 5.1.1 ‹…›: User unknown"


def refuse(
    room: SortingRoom, issue_id: int, reader_id: int, reply: str, stage: Stage = Stage.RCPT, number: int = 1
) -> None:
    """Let the relay refuse a copy for good, as the ledger writes it down."""

    def work(tx: Transaction) -> None:
        key = (delivery.c.issue_id == issue_id) & (delivery.c.reader_id == reader_id)
        values = {"state": DeliveryState.FAILED, "settled_at": room.now, "reply": reply}
        tx.execute(update(delivery).where(key).values(values))
        tried = {"issue_id": issue_id, "reader_id": reader_id, "number": number, "stage": stage}
        tried |= {"outcome": DeliveryState.FAILED, "reply": reply, "at": room.now}
        tx.execute(insert(attempt).values(tried))

    room.store.write(work)


def put_off_to_the_end(room: SortingRoom, issue_id: int, reader_id: int, replies: list[str]) -> None:
    """Let a copy be put off until the issue's deadline."""

    def work(tx: Transaction) -> None:
        for number, reply in enumerate(replies, 1):
            tried = {"issue_id": issue_id, "reader_id": reader_id, "number": number, "stage": Stage.RCPT}
            tried |= {"outcome": DeliveryState.DEFERRED, "reply": reply, "at": room.now}
            tx.execute(insert(attempt).values(tried))
        key = (delivery.c.issue_id == issue_id) & (delivery.c.reader_id == reader_id)
        values = {"state": DeliveryState.FAILED, "reason": Blame.DEADLINE.value, "settled_at": room.now}
        tx.execute(update(delivery).where(key).values(values))

    room.store.write(work)


@pytest.fixture
def worker(room: SortingRoom) -> Refused:
    """What looks for refusals."""
    return Refused(room.store.database, room.rules, clock=lambda: room.now)


def look(room: SortingRoom, worker: Refused) -> int:
    return room.store.run(worker.look())


@pytest.mark.parametrize(
    ("reply", "stage", "expected"),
    [
        (NO_USER, Stage.RCPT, Effect.SUPPRESSED),
        (NO_USER, Stage.DOT, Effect.STRIKE),
        (FULL, Stage.RCPT, Effect.STRIKE),
        (POLICY, Stage.DOT, Effect.NONE),
        ("550 5.1.1 User unknown", Stage.MAIL, Effect.NONE),
        ("connection lost", Stage.RCPT, Effect.NONE),
        ("550", Stage.RCPT, Effect.STRIKE),
        ("554", Stage.DOT, Effect.NONE),
    ],
)
def test_a_refusal_is_judged_by_words_and_stage(
    room: SortingRoom, worker: Refused, reply: str, stage: Stage, expected: Effect
) -> None:
    """What is said before RCPT, or of what we send, is no reader's matter."""
    (reader_id,) = room.subscribe()
    refuse(room, room.send(), reader_id, reply, stage)

    assert look(room, worker) == 1

    assert room.effects() == [expected]
    assert room.standing(reader_id) is (
        Standing.BOUNCED if expected is Effect.SUPPRESSED else Standing.ACTIVE
    )


def test_a_refusal_is_followed_once(room: SortingRoom, worker: Refused) -> None:
    """By the same worker, by another one, and after a restart."""
    (reader_id,) = room.subscribe()
    refuse(room, room.send(), reader_id, NO_USER)
    look(room, worker)
    before = room.contents()

    for each in (worker, worker, Refused(room.store.database, room.rules, clock=lambda: room.now)):
        assert look(room, each) == 0

    assert room.contents() == before


def test_a_copy_refused_again_is_followed_again(room: SortingRoom, worker: Refused) -> None:
    """First it was our fault; an operator sent it once more, and then the mailbox was gone."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    refuse(room, issue_id, reader_id, POLICY)
    look(room, worker)
    room.wait(hours=2)
    refuse(room, issue_id, reader_id, NO_USER, number=2)

    look(room, worker)

    assert room.effects() == [Effect.NONE, Effect.SUPPRESSED]


def test_a_reader_who_is_gone_is_passed_over(room: SortingRoom, worker: Refused) -> None:
    """And does not keep the others from being looked at."""
    first, second = room.subscribe(2)
    issue_id = room.send()
    for number in (first, second):
        refuse(room, issue_id, number, NO_USER)
    room.store.write(
        lambda tx: [
            tx.execute(delete(subscription).where(subscription.c.reader_id == first)),
            tx.execute(delete(reader).where(reader.c.id == first)),
        ]
    )

    look(room, worker)

    assert room.standing(second) is Standing.BOUNCED
    assert len(room.effects()) == 1


def test_old_issues_are_not_looked_at(room: SortingRoom, worker: Refused) -> None:
    """Fourteen days after their release nothing follows any more."""
    (reader_id,) = room.subscribe()
    refuse(room, room.send(), reader_id, NO_USER)
    room.wait(days=14, seconds=1)

    assert look(room, worker) == 0


def test_a_late_commit_is_seen(room: SortingRoom, worker: Refused) -> None:
    """The ledger may write down minutes later what was said before the last look."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.wait(minutes=9)
    look(room, worker)
    room.wait(minutes=-8)
    refuse(room, issue_id, reader_id, NO_USER)
    room.wait(minutes=8)

    look(room, worker)

    assert room.effects() == [Effect.SUPPRESSED]


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (["451 4.7.1 Greylisted", "452 4.2.2 Mailbox full"], Effect.STRIKE),
        (["452 4.2.2 Mailbox full", "451 4.7.1 Greylisted, try again later"], Effect.NONE),
        (["450 4.1.1 ‹…›: User unknown"], Effect.STRIKE),
    ],
)
def test_a_copy_put_off_until_the_deadline(
    room: SortingRoom, worker: Refused, replies: list[str], expected: Effect
) -> None:
    """What was said last counts, once, after the deadline."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    put_off_to_the_end(room, issue_id, reader_id, replies)
    assert look(room, worker) == 0
    room.wait(days=1)

    assert [look(room, worker), look(room, worker)] == [1, 0]

    assert room.effects() == [expected]


def test_the_deadline_is_not_yet_done(room: SortingRoom, worker: Refused) -> None:
    """While a copy still waits, the end of the others is not written down yet."""
    (reader_id,) = room.subscribe()
    issue_id = room.send()
    room.wait(days=1)
    room.store.write(lambda tx: tx.execute(update(chunk).values(deferred=1)))
    look(room, worker)
    put_off_to_the_end(room, issue_id, reader_id, [FULL])
    room.store.write(lambda tx: tx.execute(update(chunk).values(deferred=0)))

    assert look(room, worker) == 1


def test_many_refusals_of_one_provider_open_its_guard(room: SortingRoom, worker: Refused) -> None:
    """As returned mail does."""
    gmail = room.subscribe(60, group="gmail")
    issue_id = room.send()
    for number in gmail[:10]:
        refuse(room, issue_id, number, NO_USER)

    look(room, worker)

    assert room.effects() == [Effect.HELD] * 10
    assert {row["standing"] for row in room.store.rows("subscription")} == {Standing.ACTIVE}
