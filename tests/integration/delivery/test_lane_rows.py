"""Rows 23, 42 and 43 of the table of faults: a relay's limits are learned, and what refuses us is stopped."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from mailer.delivery import control
from mailer.delivery.second_try import retry
from mailer.delivery.standstill import read_standstill
from mailer.domain.issue import IssueState
from mailer.storage import issues
from mailer.storage.requeue import Requeued
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import Manner
from tests.integration.delivery.fault_relay import FaultRelay, fault_relay
from tests.integration.delivery.fault_scene import HOURS, readers, serving, standings, tries
from tests.integration.delivery.faults import Fault, Moment, Pace, Say, Terms
from tests.integration.delivery.house import House, utc_now

GMAIL, MAIL_RU, OTHER = (readers(20, domain) for domain in ("gmail.com", "mail.ru", "example.org"))
EVERYBODY = [*GMAIL, *MAIL_RU, *OTHER]
SPAM = Say(b"550 5.7.1 Message rejected as spam\r\n")
AT_GMAIL = Fault(Moment.DOT, SPAM, to="*@gmail.com")
AT_MAIL_RU = Fault(Moment.DOT, SPAM, to="*@mail.ru")
CONNECTIONS = 2
MOST_TRIED = 5 + CONNECTIONS
"""Five in a row, and what was under way when the fifth was heard."""


async def state(here: House) -> IssueState:
    return (await here.database.read(lambda tx: issues.get(tx, 1))).state


async def halted(here: House) -> list[str | None]:
    found = await here.database.read(lambda tx: read_standstill(tx, issues.get(tx, 1), "", utc_now()))
    return [each.group for each in found.halts]


def refused(relay: FaultRelay) -> int:
    return sum(not record.accepted for record in relay.log)


def test_row_43_a_rate_that_changes_is_followed(house: OpenHouse) -> None:
    """Row 43: everybody is served once, though it goes slower and faster; few tries are refused."""

    async def scene() -> None:
        pace = Pace(rates=((0, 80), (1.5, 30), (3, 100)), burst=8, refusal=b"451 4.7.1 Slow down\r\n")
        async with house() as here, fault_relay(terms=Terms(pace=pace)) as relay:
            await here.subscribe(readers(120))
            await here.release()
            async with serving(here, relay, Manner(connections=4, retry_s=(0.3,))) as sending:
                found = await sending.until_settled(30)
                assert found.accepted == 120
                assert await sending.judge() == (0, 0, 0)
            assert relay.seen["paced"] < 40

    asyncio.run(scene())


@pytest.mark.parametrize(
    "answer", [b"421 4.7.0 Slow down\r\n", b"421 4.7.0 Too many messages, try again in 1 second\r\n"]
)
def test_row_43_a_relay_that_hangs_up_when_it_throttles_is_no_other_case(
    house: OpenHouse, answer: bytes
) -> None:
    """Row 43: 421 instead of 451, with a hint and without: all are served, once, without a storm."""

    async def scene() -> None:
        pace = Pace(rates=((0, 50),), burst=10, refusal=answer)
        async with house() as here, fault_relay(terms=Terms(pace=pace)) as relay:
            await here.subscribe(readers(60))
            await here.release()
            async with serving(here, relay, Manner(connections=4, retry_s=(0.3,))) as sending:
                assert (await sending.until_settled(20)).accepted == 60
                assert await sending.judge() == (0, 0, 0)
            assert relay.seen["paced"] < 30

    asyncio.run(scene())


def test_row_43_how_many_messages_a_connection_carries_is_learned(house: OpenHouse) -> None:
    """Row 43: after the first connections the relay need not hang up any more: we leave before."""

    async def scene() -> None:
        async with house() as here, fault_relay(terms=Terms(per_connection=5)) as relay:
            await here.subscribe(readers(60))
            await here.release()
            async with serving(here, relay, Manner(connections=1)) as sending:
                assert (await sending.until_settled()).accepted == 60
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert relay.seen["connect"] <= 60 / 5 + 1
            assert relay.seen["quit"] >= 60 / 5 - 3

    asyncio.run(scene())


def test_row_43_how_many_connections_it_bears_is_learned(house: OpenHouse) -> None:
    """Row 43: six are tried and two are let in: the others wait, and nobody's copy loses a try."""

    async def scene() -> None:
        async with house() as here, fault_relay(terms=Terms(connections=2)) as relay:
            await here.subscribe(readers(120))
            await here.release()
            async with serving(here, relay, Manner(connections=6)) as sending:
                assert (await sending.until_settled()).accepted == 120
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert relay.seen["connect"] <= 12

    asyncio.run(scene())


def test_row_23_what_refuses_us_stands_still_and_the_others_are_served(house: OpenHouse) -> None:
    """Row 23: five refusals that blame us stop their provider's copies; nobody is condemned."""

    async def scene() -> None:
        async with house() as here, fault_relay(AT_GMAIL) as relay:
            await here.subscribe(EVERYBODY)
            await here.release()
            async with serving(here, relay, Manner(CONNECTIONS, retry_s=HOURS)) as sending:

                async def served() -> bool:
                    return (await here.books()).accepted == 40 and await halted(here) == ["gmail"]

                await sending.until(served)
                assert await sending.judge() == (0, 0, 0)
            assert await state(here) is IssueState.RELEASED
            assert 5 <= refused(relay) <= MOST_TRIED
            assert (await here.books()).failed == refused(relay)
            assert await standings(here) == {"active"}

    asyncio.run(scene())


def test_row_23_two_providers_that_refuse_us_pause_the_issue(house: OpenHouse) -> None:
    """Row 23: what two refuse, others would too: what was not tried stays queued."""

    async def scene() -> None:
        async with house() as here, fault_relay(AT_GMAIL, AT_MAIL_RU) as relay:
            await here.subscribe([*GMAIL, *MAIL_RU])
            await here.release()
            async with serving(here, relay, Manner(CONNECTIONS, retry_s=HOURS)) as sending:

                async def paused() -> bool:
                    return await state(here) is IssueState.PAUSED

                await sending.until(paused)
                await asyncio.sleep(0.1)
            assert 10 <= refused(relay) <= 2 * MOST_TRIED
            books = await here.books()
            assert (books.failed, books.pending) == (refused(relay), 40 - refused(relay))

    asyncio.run(scene())


def test_row_42_what_is_too_large_for_the_relay_is_paused(house: OpenHouse) -> None:
    """Row 42: no relay that says 552 5.3.4 is asked for everybody, and nobody's mailbox is doubted."""

    async def scene() -> None:
        too_large = Fault(Moment.DOT, Say(b"552 5.3.4 Message too big for this system\r\n"))
        async with house() as here, fault_relay(too_large) as relay:
            await here.subscribe(EVERYBODY)
            await here.release()
            async with serving(here, relay, Manner(CONNECTIONS, retry_s=HOURS)) as sending:

                async def paused() -> bool:
                    return await state(here) is IssueState.PAUSED

                await sending.until(paused)
            assert refused(relay) <= 3 * MOST_TRIED
            assert await standings(here) == {"active"}

    asyncio.run(scene())


def test_row_23_when_it_is_mended_everybody_gets_a_copy(house: OpenHouse) -> None:
    """Row 23: resume sends what was not tried, retry what was refused meanwhile; each reader has one copy."""

    async def scene() -> None:
        mended = Fault(Moment.DOT, SPAM, to="*@gmail.com", times=5)
        async with house() as here, fault_relay(mended) as relay:
            await here.subscribe(EVERYBODY)
            await here.release()
            async with serving(here, relay, Manner(retry_s=HOURS)) as sending:

                async def stopped() -> bool:
                    return bool(await halted(here))

                await sending.until(stopped)
                await control.resume(here.database, 1)
                assert (await sending.until_settled()).failed == 5
                assert await retry(here.database, 1, uncertain=False, now=utc_now()) == Requeued(5, 0)
                assert (await sending.until_settled()).accepted == 60
                assert await sending.judge() == (0, 0, 0)

    asyncio.run(scene())


def test_a_day_that_is_used_up_ends_sending_until_it_slides_on(house: OpenHouse) -> None:
    """Letters go first and count; the rest waits, untried, and an operator can read until when."""

    async def scene() -> None:
        async with house() as here, fault_relay() as relay:
            await here.subscribe(readers(8))
            await here.write_letter("letter@example.net")
            await here.release()
            async with serving(here, relay, messages_per_day=4) as sending:
                await sending.until_seen(lambda relay: len(relay.log) == 4)
                await asyncio.sleep(0.2)
                before = here.database.commits
                await asyncio.sleep(0.3)
                assert here.database.commits - before < 10
            found = await here.database.read(
                lambda tx: read_standstill(tx, issues.get(tx, 1), "127.0.0.1", utc_now())
            )
            assert len(relay.log) == 4
            assert relay.log[0].recipient == "letter@example.net"
            assert await tries(here) == [("accepted", 1), ("queued", 0)]
            assert found.used_up_until is not None
            assert found.used_up_until > utc_now() + timedelta(hours=23)

    asyncio.run(scene())
