"""Rows 17 to 20 and 27 of the table of faults: a relay that hangs up, at whichever moment."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Manner
from tests.integration.delivery.fault_relay import fault_relay
from tests.integration.delivery.fault_scene import UNTRIED, enlarge, quick_steps, readers, serving, tries
from tests.integration.delivery.faults import (
    LOCKSTEP,
    PIPELINED,
    Act,
    Close,
    Fault,
    Hang,
    Moment,
    Reset,
    Say,
    Terms,
)

CROWD = readers(20)
VICTIMS = CROWD[3:6]
BOTH_WAYS = pytest.mark.parametrize("terms", [PIPELINED, LOCKSTEP], ids=["pipelined", "lockstep"])
BEFORE_THE_BODY = [Moment.BANNER, Moment.EHLO, Moment.MAIL, Moment.RCPT, Moment.DATA]
GOING_DOWN = b"421 4.3.2 Going down\r\n"


@pytest.mark.parametrize("moment", BEFORE_THE_BODY)
@pytest.mark.parametrize(
    ("terms", "act"),
    [(PIPELINED, Close()), (PIPELINED, Reset()), (LOCKSTEP, Reset())],
    ids=["pipelined close", "pipelined reset", "lockstep reset"],
)
def test_row_17_a_relay_that_dies_before_the_body_costs_no_try(
    house: OpenHouse, moment: Moment, act: Act, terms: Terms
) -> None:
    """Row 17: three hang-ups before any body; every copy is accepted once, at its first try."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, act, times=3), terms=terms) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=3)) as sending:
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert await here.rows("SELECT * FROM attempt") == []
            assert relay.seen["early"] == 0

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("moment", "act", "connections"),
    [
        (Moment.BANNER, Close(), 4),
        (Moment.EHLO, Say(GOING_DOWN), 4),
        (Moment.MAIL, Say(GOING_DOWN), 1),
        (Moment.RCPT, Close(), 1),
        (Moment.DATA, Close(), 4),
        (Moment.DATA, Say(GOING_DOWN), 1),
    ],
)
def test_row_17_and_20_a_relay_that_always_hangs_up_is_waited_for(
    house: OpenHouse, moment: Moment, act: Act, connections: int
) -> None:
    """Rows 17, 20: called once a step by all together, no copy loses a try; when it is well all are sent."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, act)) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, quick_steps(connections)) as sending:
                await asyncio.sleep(0.5)
                assert 4 <= relay.seen["connect"] <= 2 * connections + 5
                assert await tries(here) == UNTRIED
                relay.faults = ()
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]

    asyncio.run(scene())


def test_row_17_a_relay_that_dies_at_one_reader_serves_the_others(house: OpenHouse) -> None:
    """Row 17: one address at which the connection always dies never fails, and keeps nobody else waiting."""

    async def scene() -> None:
        dies = Fault(Moment.RCPT, Reset(), to=VICTIMS[0])
        async with house() as here, fault_relay(dies) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                await sending.until_seen(lambda relay: len(relay.accepted()) == len(CROWD) - 1)
                state, _, _, _ = await here.copy(VICTIMS[0])
                assert state in ("queued", "deferred")
                relay.faults = ()
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)

    asyncio.run(scene())


@pytest.mark.parametrize("act", [Close(), Reset()], ids=["close", "reset"])
def test_row_18_a_large_body_that_broke_off_is_provably_unsent(house: OpenHouse, act: Act) -> None:
    """Row 18: the dot never left us, so the copy is deferred, not uncertain; nobody gets it twice."""

    async def scene() -> None:
        dies = Fault(Moment.BODY, act, times=2, to=CROWD[0], after_bytes=10_000)
        small_window = replace(PIPELINED, receive_buffer=4096)
        async with house() as here, fault_relay(dies, terms=small_window) as relay:
            await here.subscribe(CROWD[:1])
            await here.release()
            await enlarge(here, 5_000_000)
            patient = Manner(timeouts=replace(QUICK, dot_s=10.0))
            async with serving(here, relay, patient) as sending:
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await here.attempts(CROWD[0]) == [("deferred", "body")] * 2

    asyncio.run(scene())


@BOTH_WAYS
@pytest.mark.parametrize("act", [Close(), Reset(), Hang()], ids=["close", "reset", "hang"])
def test_row_18_a_small_body_that_broke_off_is_sent_again(house: OpenHouse, act: Act, terms: Terms) -> None:
    """Row 18: whether the dot left us is not known; the same bytes go once more, and no copy is lost."""

    async def scene() -> None:
        faults = [Fault(Moment.BODY, act, times=1, to=victim, after_bytes=100) for victim in VICTIMS]
        async with house() as here, fault_relay(*faults, terms=terms) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=3)) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                assert await sending.judge() == (0, 0, 0)

    asyncio.run(scene())


@BOTH_WAYS
@pytest.mark.parametrize("act", [Close(), Reset(), Hang()], ids=["close", "reset", "hang"])
@pytest.mark.parametrize("moment", [Moment.DOT, Moment.TAKEN])
def test_row_19_a_relay_that_dies_after_the_dot_gets_the_same_bytes_once_more(
    house: OpenHouse, moment: Moment, act: Act, terms: Terms
) -> None:
    """Row 19: uncertain, one resend, nobody lost; a duplicate exactly where it had accepted the first."""

    async def scene() -> None:
        faults = [Fault(moment, act, times=1, to=victim) for victim in VICTIMS]
        async with house() as here, fault_relay(*faults, terms=terms) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=3)) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                assert await sending.judge() == (0, len(VICTIMS) if moment is Moment.TAKEN else 0, 0)
            for victim in VICTIMS:
                assert await here.attempts(victim) == [("unknown", "dot")]
            assert len(await here.rows("SELECT * FROM attempt")) == len(VICTIMS)

    asyncio.run(scene())


def test_row_19_a_second_uncertain_try_is_the_last(house: OpenHouse) -> None:
    """Row 19: a relay that dies after every dot gets each copy twice, never a third time."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(Moment.TAKEN, Reset())) as relay:
            await here.subscribe(CROWD[:4])
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                found = await sending.until_settled()
                assert found.unknown == 4
                assert await sending.judge() == (0, 4, 0)
            assert relay.accepted() == dict.fromkeys(CROWD[:4], 2)

    asyncio.run(scene())


@pytest.mark.parametrize("moment", [*BEFORE_THE_BODY, Moment.DOT, Moment.TAKEN, Moment.REPLIED])
def test_row_20_after_a_421_it_is_we_who_close(house: OpenHouse, moment: Moment) -> None:
    """Row 20: also where the relay keeps the connection open; what it refused so is sent later."""

    async def scene() -> None:
        says = Fault(moment, Say(GOING_DOWN, then=Hang()), times=1)
        async with house() as here, fault_relay(says) as relay:
            await here.subscribe(CROWD)
            await here.release()
            patient = Manner(timeouts=replace(QUICK, connect_s=30, mail_s=30, rcpt_s=30, data_s=30, dot_s=30))
            async with serving(here, relay, patient) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                assert relay.hanging == 0
                # Who accepts, and then says "not now", gets it again: we believe what is said.
                assert await sending.judge() == (0, 1 if moment is Moment.TAKEN else 0, 0)
            expected = [("deferred", "dot")] if moment in (Moment.DOT, Moment.TAKEN) else []
            assert await here.rows("SELECT outcome, stage FROM attempt") == expected

    asyncio.run(scene())


def test_row_20_a_relay_that_says_421_to_every_dot_is_not_called_in_a_hot_loop(house: OpenHouse) -> None:
    """Row 20: a deferred copy and a closed connection each; one connection a step."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(Moment.DOT, Say(GOING_DOWN))) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, quick_steps(4)) as sending:
                await asyncio.sleep(0.5)
                assert relay.seen["connect"] <= 2 * 4 + 5
                relay.faults = ()
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)

    asyncio.run(scene())


@pytest.mark.parametrize(
    "act",
    [Close(), Reset(), Say(b"421 4.4.2 Idle for too long\r\n"), Hang()],
    ids=["close", "reset", "421", "vanished"],
)
def test_row_27_a_connection_that_died_while_idle_costs_no_try(house: OpenHouse, act: Act) -> None:
    """Row 27: the next issue finds the relay gone from the other end, and is sent over a new connection."""

    async def scene() -> None:
        dies = Fault(Moment.REPLIED, act, times=1, to=CROWD[0])
        async with house() as here, fault_relay(dies) as relay:
            await here.subscribe(CROWD[:1])
            await here.release(46)
            async with serving(here, relay) as sending:
                await sending.until_settled()
                await here.subscribe(CROWD[1:])
                await here.release(47)
                await sending.until_seen(lambda relay: len(relay.accepted()) == len(CROWD))
                await sending.until_settled()
            assert relay.accepted() == dict.fromkeys(CROWD, 1) | {CROWD[0]: 2}
            assert await here.rows("SELECT * FROM attempt") == []
            assert relay.seen["connect"] == 2

    asyncio.run(scene())
