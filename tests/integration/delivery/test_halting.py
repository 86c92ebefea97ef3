"""Halting and going on: what the breaker decides is done, said in plain words, and undone by an operator."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from mailer.delivery import control
from mailer.delivery.halting import halt
from mailer.delivery.second_try import retry, waiting
from mailer.delivery.standstill import Standstill, read_standstill
from mailer.domain.breaker import Trip
from mailer.domain.bucket import DAY, SLOT, Limits, slot_of
from mailer.domain.issue import IssueState
from mailer.domain.newsletter import UnknownPolicy
from mailer.domain.outcome import Blame, Failed, Stage, Unknown
from mailer.errors import InvalidMove
from mailer.storage import Transaction, chunks, deliveries, issues, lanes
from mailer.storage.halts import Halt
from mailer.storage.requeue import Requeued
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.house import NODE, House, utc_now

NOW = datetime(2026, 11, 23, 8, 55, tzinfo=UTC)
READERS = ["anna@gmail.com", "boris@mail.ru", "vera@example.org"]
GMAIL = Trip(1, "gmail", Stage.DOT, "550 5.7.26 unauthenticated")
MAIL_RU = Trip(1, "mail.ru", Stage.DOT, "550 spam message rejected")
LOGIN = Trip(1, None, Stage.CONNECT, "535 5.7.8 bad credentials")
REFUSED = Failed(Stage.DOT, "550 5.7.26 unauthenticated", Blame.SENDER)
HELD = Unknown(Stage.DOT, "the connection was closed", None)


def played(house: OpenHouse, scene: Callable[[House], Awaitable[None]]) -> None:
    """Play a scene in a house with an issue released to three readers of three provider groups."""

    async def whole() -> None:
        async with house() as here:
            await here.subscribe(READERS)
            await here.release()
            await scene(here)

    asyncio.run(whole())


async def state(here: House) -> IssueState:
    return (await here.database.read(lambda tx: issues.get(tx, 1))).state


async def standstill(here: House) -> Standstill:
    return await here.database.read(lambda tx: read_standstill(tx, issues.get(tx, 1), "smtp", utc_now()))


async def settle_all(here: House, outcome: Failed | Unknown) -> None:
    """Let every copy that is due end in *outcome*."""

    def work(tx: Transaction) -> None:
        while (chunk := chunks.claim(tx, NODE, utc_now())) is not None:
            for copy in chunks.due(tx, chunk, utc_now()):
                assert deliveries.begin(tx, copy, NODE)
                assert deliveries.settle(tx, copy, outcome, utc_now())
            chunks.let_go(tx, chunk.id, NODE, utc_now())

    await here.database.write(work)


def test_one_group_stands_still_and_the_others_go_on(house: OpenHouse) -> None:
    """The issue is not paused; a second halt of the same group changes nothing."""

    async def scene(here: House) -> None:
        assert await halt(here.database, GMAIL, now=NOW) == GMAIL
        assert await halt(here.database, GMAIL, now=NOW) is None

        assert await state(here) is IssueState.RELEASED
        assert [each.group for each in (await standstill(here)).halts] == ["gmail"]

    played(house, scene)


def test_a_second_group_pauses_the_issue(house: OpenHouse) -> None:
    """Whatever two providers refuse, the third will too."""

    async def scene(here: House) -> None:
        await halt(here.database, GMAIL, now=NOW)
        stopped = await halt(here.database, MAIL_RU, now=NOW)

        assert stopped is not None
        assert stopped.group is None
        assert await state(here) is IssueState.PAUSED
        assert await halt(here.database, LOGIN, now=NOW) is None

    played(house, scene)


@pytest.mark.parametrize("trips", [[GMAIL], [GMAIL, MAIL_RU], [LOGIN]])
def test_resume_goes_on_with_everything(house: OpenHouse, trips: list[Trip]) -> None:
    """Whether a group or the whole issue stood still; once more there is nothing to resume."""

    async def scene(here: House) -> None:
        for trip in trips:
            await halt(here.database, trip, now=NOW)

        resumed = await control.resume(here.database, 1)

        assert resumed.state is IssueState.RELEASED
        assert await standstill(here) == Standstill()
        with pytest.raises(InvalidMove):
            await control.resume(here.database, 1)

    played(house, scene)


def test_what_is_over_is_not_halted(house: OpenHouse) -> None:
    """A refusal that comes after the operator has cancelled stops nothing and says nothing."""

    async def scene(here: House) -> None:
        await control.cancel(here.database, 1, now=utc_now())

        assert await halt(here.database, LOGIN, now=NOW) is None
        assert await here.rows("SELECT * FROM halt") == []

    played(house, scene)


@pytest.mark.parametrize(
    ("halt", "sentence"),
    [
        (
            Halt(1, None, Stage.CONNECT, "535 5.7.8 no", NOW),
            (
                "The outgoing mail server refused us five times in a row when we connected or logged in: "
                "“535 5.7.8 no”. Mend it, then resume."
            ),
        ),
        (
            Halt(1, None, Stage.MAIL, "550 5.7.1 no", NOW),
            (
                "The outgoing mail server refused us five times in a row when we named the sender: "
                "“550 5.7.1 no”. Mend it, then resume."
            ),
        ),
        (
            Halt(1, None, Stage.DOT, "550 spam", NOW),
            (
                "More than one mail provider refused us five times in a row, the last with “550 spam”. "
                "Mend it, then resume."
            ),
        ),
        (
            Halt(1, "gmail", Stage.DOT, "550 spam", NOW),
            "gmail refused us five times in a row: “550 spam”. Copies for it wait; mend it, then resume.",
        ),
        (
            Halt(1, "other", Stage.DOT, "550 spam", NOW),
            (
                "Smaller mail providers refused us five times in a row: “550 spam”. "
                "Copies for them wait; mend it, then resume."
            ),
        ),
    ],
)
def test_an_operator_reads_why_and_what_to_do(halt: Halt, sentence: str) -> None:
    """In plain words: who, how often, with which answer."""
    assert Standstill((halt,)).sentences(UTC) == [sentence]


def test_a_used_up_day_names_its_end_by_the_newsletters_clock() -> None:
    """Nobody needs to do anything."""
    assert Standstill(used_up_until=NOW).sentences(ZoneInfo("Europe/Warsaw")) == [
        (
            "The messages of the day are used up ([relay] messages_per_day); "
            "sending goes on by itself on Mon 23 Nov at 09:55 (Europe/Warsaw)."
        )
    ]


def test_a_script_gets_the_same_as_data() -> None:
    """With times in UTC, and nothing in place of what is not there."""
    found = Standstill((Halt(1, "gmail", Stage.DOT, "550 spam", NOW),), NOW)

    assert found.as_json() == {
        "halts": [
            {"group": "gmail", "stage": "dot", "reply": "550 spam", "since": "2026-11-23T08:55:00+00:00"}
        ],
        "day_used_up_until": "2026-11-23T08:55:00+00:00",
    }
    assert Standstill().as_json() == {"halts": [], "day_used_up_until": None}


def test_a_used_up_day_is_found(house: OpenHouse) -> None:
    """While the issue is being sent; another relay's day is not ours."""

    async def scene(here: House) -> None:
        now = utc_now()
        for _ in range(2):
            await here.database.write(lambda tx: lanes.take(tx, "smtp", Limits(per_day=1), now))

        found = await standstill(here)

        assert found.used_up_until == slot_of(now) + SLOT + DAY
        elsewhere = await here.database.read(
            lambda tx: read_standstill(tx, issues.get(tx, 1), "other", utc_now())
        )
        assert elsewhere == Standstill()

    played(house, scene)


def test_refused_copies_go_again_when_an_operator_says_so(house: OpenHouse) -> None:
    """Also of an issue that was called sent: it is being sent again, and its books balance."""

    async def scene(here: House) -> None:
        await settle_all(here, REFUSED)
        await here.database.write(issues.finish_done)
        assert await state(here) is IssueState.SENT
        counted = await waiting(here.database, 1, uncertain=False, now=utc_now())

        done = await retry(here.database, 1, uncertain=False, now=utc_now())

        assert counted == done == Requeued(3, 0)
        assert await state(here) is IssueState.RELEASED
        books = await here.books()
        assert (books.pending, books.failed) == (3, 0)

    played(house, scene)


def test_nothing_to_try_again_leaves_an_issue_as_it_was(house: OpenHouse) -> None:
    """A sent issue stays sent."""

    async def scene(here: House) -> None:
        await settle_all(here, Failed(Stage.RCPT, "550 5.1.1 no such user", Blame.READER))
        await here.database.write(issues.finish_done)

        assert await retry(here.database, 1, uncertain=False, now=utc_now()) == Requeued()
        assert await state(here) is IssueState.SENT

    played(house, scene)


def test_uncertain_copies_go_again_where_they_are_held(house: OpenHouse) -> None:
    """Only under the policy that holds them; elsewhere they went again by themselves."""

    async def scene(here: House) -> None:
        await settle_all(here, HELD)
        with pytest.raises(InvalidMove, match="leave out --uncertain"):
            await retry(here.database, 1, uncertain=True, now=utc_now())
        await here.furnish(UnknownPolicy.HOLD)

        done = await retry(here.database, 1, uncertain=True, now=utc_now())

        assert done == Requeued(0, 3)
        assert await here.rows("SELECT count(*) FROM delivery WHERE next_at IS NOT NULL") == [(3,)]

    played(house, scene)


def test_an_issue_that_is_over_tries_nothing_again(house: OpenHouse) -> None:
    """Past its deadline, or cancelled: a sentence that says so, and nothing changes."""

    async def scene(here: House) -> None:
        await settle_all(here, REFUSED)
        late = utc_now() + timedelta(hours=2)
        for ask in (waiting, retry):
            with pytest.raises(InvalidMove, match="past its deadline"):
                await ask(here.database, 1, uncertain=False, now=late)
        await control.cancel(here.database, 1, now=utc_now())
        with pytest.raises(InvalidMove, match="this issue is cancelled; only what is being sent"):
            await retry(here.database, 1, uncertain=False, now=utc_now())
        assert (await here.books()).failed == 3

    played(house, scene)


def test_copies_in_a_senders_hands_are_waited_for(house: OpenHouse) -> None:
    """A chunk that is let go within seconds is queued again then."""

    async def scene(here: House) -> None:
        await settle_all(here, REFUSED)
        await here.execute(f"UPDATE chunk SET owner = '{NODE}' WHERE id = 1")

        asked = asyncio.create_task(retry(here.database, 1, uncertain=False, now=utc_now()))
        await asyncio.sleep(0.1)
        assert not asked.done()
        await here.database.write(partial(chunks.let_go, chunk_id=1, owner=NODE, now=utc_now()))

        assert await asked == Requeued(3, 0)

    played(house, scene)
