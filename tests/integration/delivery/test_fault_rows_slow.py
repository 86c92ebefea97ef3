"""Rows 25, 26, 28, 36, 51, 52 and 54 of the table of faults: what is slow, stuck or short of something."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Manner, until
from tests.integration.delivery.fault_relay import fault_relay
from tests.integration.delivery.fault_scene import enlarge, judge, readers, serving, tries
from tests.integration.delivery.faults import (
    LOCKSTEP,
    PIPELINED,
    Act,
    Close,
    Deaf,
    Drip,
    Fault,
    Hang,
    Moment,
    Terms,
)
from tests.integration.delivery.house import House

CROWD = readers(40)
BOTH_WAYS = pytest.mark.parametrize("terms", [PIPELINED, LOCKSTEP], ids=["pipelined", "lockstep"])
PATIENT = replace(QUICK, connect_s=30, mail_s=30, rcpt_s=30, data_s=30, dot_s=30, reset_s=30)
EVERYWHERE = [Moment.BANNER, Moment.EHLO, Moment.MAIL, Moment.RCPT, Moment.DATA, Moment.DOT, Moment.TAKEN]
REPOSITORY = Path(__file__).parents[3]


@pytest.mark.parametrize("act", [Hang(), Deaf(), Drip(0.2)], ids=["hang", "deaf", "drip"])
@pytest.mark.parametrize("moment", EVERYWHERE)
def test_row_25_a_connection_that_is_stuck_keeps_no_other_waiting(
    house: OpenHouse, moment: Moment, act: Act
) -> None:
    """Row 25: while one connection waits for an answer the others send everything but what it has in hand."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, act, connections=frozenset({1}))) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=3, timeouts=PATIENT)) as sending:
                # A connection has two copies in hand at most: one on the wire, the envelope of the next.
                await sending.until_seen(
                    lambda relay: relay.hanging == 1 and len(relay.accepted()) >= len(CROWD) - 2
                )
                assert {record.connection for record in relay.log} <= {1, 2, 3}
                sending.task.cancel()

    asyncio.run(_cancelled(scene()))


async def _cancelled(scene: object) -> None:
    """Play a scene whose sender is broken off: nobody waits half a minute for a stuck connection."""
    with contextlib.suppress(asyncio.CancelledError):
        await scene  # type: ignore[misc]


@pytest.mark.parametrize("moment", EVERYWHERE)
@pytest.mark.parametrize("act", [Hang(), Drip(0.05)], ids=["hang", "drip"])
def test_row_25_each_answer_has_its_time(house: OpenHouse, moment: Moment, act: Act) -> None:
    """Row 25: dripping makes no answer's time longer; what is stuck is dropped, and all is accepted."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, act, times=1)) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                assert await sending.judge() == (0, 1 if moment is Moment.TAKEN else 0, 0)
            after_the_dot = moment in (Moment.DOT, Moment.TAKEN)
            assert len(await here.rows("SELECT * FROM attempt")) == after_the_dot

    asyncio.run(scene())


def test_row_26_a_relay_that_reads_nothing_is_left(house: OpenHouse) -> None:
    """Row 26: its window is full before the body has left us: closed in time, not accepted, sent later."""

    async def scene() -> None:
        deaf = Fault(Moment.BODY, Deaf(), times=1, after_bytes=1000)
        async with house() as here, fault_relay(deaf, terms=replace(PIPELINED, receive_buffer=4096)) as relay:
            await here.subscribe(CROWD[:1])
            await here.release()
            await enlarge(here, 4_000_000)
            async with serving(here, relay, Manner(timeouts=replace(QUICK, dot_s=2.5))) as sending:
                found = await sending.until_settled()
                assert found.accepted == 1
                assert await sending.judge() == (0, 0, 0)
            stages = await here.rows("SELECT outcome, stage FROM attempt")
            assert stages == [("deferred", "body")]

    asyncio.run(scene())


@BOTH_WAYS
def test_row_28_a_slow_and_broken_up_way_is_only_slower(house: OpenHouse, terms: Terms) -> None:
    """Row 28: answers that come byte by byte, each late, change nothing but the time."""

    async def scene() -> None:
        dripping = [Fault(moment, Drip(0.0005)) for moment in EVERYWHERE if moment is not Moment.DOT]
        async with house() as here, fault_relay(*dripping, terms=terms) as relay:
            await here.subscribe(CROWD[:12])
            await here.release()
            async with serving(here, relay, Manner(connections=4, timeouts=PATIENT)) as sending:
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]
            assert relay.seen["connect"] == 4

    asyncio.run(scene())


def test_row_36_two_senders_never_take_the_same_copy(house: OpenHouse) -> None:
    """Row 36: four nodes claim from one ledger at once; each copy goes out once."""

    async def scene() -> None:
        async with house() as here, fault_relay() as relay, AsyncExitStack() as stack:
            domains = ("example.org", "gmail.com", "mail.ru", "yandex.by", "proton.me", "web.de")
            for domain in domains:
                await here.subscribe(readers(10, domain))
            for number in (46, 47):
                await here.release(number)
            nodes = [
                await stack.enter_async_context(
                    serving(here, relay, Manner(connections=3), owner=f"node-{number}")
                )
                for number in range(4)
            ]
            for node in nodes:
                await node.until_settled()
            assert relay.accepted() == {f"reader{i:03}@{domain}": 2 for i in range(10) for domain in domains}
            assert len({record.message_id for record in relay.log}) == len(relay.log) == 120
            assert await tries(here) == [("accepted", 1)]

    asyncio.run(scene())


def test_row_54_a_step_that_blocks_the_loop_is_only_slower(house: OpenHouse) -> None:
    """Row 54: forty steps of 30 ms in which nothing else runs: no copy loses a try."""

    async def scene() -> None:
        async with house() as here, fault_relay() as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=4, timeouts=PATIENT)) as sending:
                for _ in range(40):
                    time.sleep(0.03)  # noqa: ASYNC251 - this is the fault
                    await asyncio.sleep(0.002)
                await sending.until_settled()
                assert await sending.judge() == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]

    asyncio.run(scene())


@asynccontextmanager
async def _child(
    database: Path, port: int, *, connections: int, stderr: int = subprocess.DEVNULL, files: int = 0
) -> AsyncIterator[None]:
    """Let a process of its own send; it must be well to its end."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.delivery.fault_child",
        *map(str, (database, port, connections, files)),
        stdin=subprocess.PIPE,
        stderr=stderr,
        cwd=REPOSITORY,
    )
    try:
        yield
        async with asyncio.timeout(5):
            # Its standard input ends here, and so does it.
            await child.communicate(b"")
        assert child.returncode == 0
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _until_accepted(house: House, count: int) -> None:
    async def accepted() -> bool:
        return (await house.books()).accepted == count

    await until(accepted, 20)


def test_row_51_a_log_that_nobody_reads_does_not_stop_the_sending(house: OpenHouse, tmp_path: Path) -> None:
    """Row 51: standard error is a full pipe, and there is plenty to be said: all is sent all the same."""

    async def scene() -> None:
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        while _fill(writing):
            pass
        os.set_blocking(writing, True)
        drops = Fault(Moment.DOT, Close(), times=4), Fault(Moment.BANNER, Close(), times=1)
        try:
            async with house() as here, fault_relay(*drops) as relay:
                await here.subscribe(CROWD)
                await here.release()
                async with _child(tmp_path / "mailer.db", relay.port, connections=4, stderr=writing):
                    await _until_accepted(here, len(CROWD))
                assert await judge(here, relay) == (0, 0, 0)
                assert relay.accepted() == dict.fromkeys(CROWD, 1)
        finally:
            os.close(reading)
            os.close(writing)

    asyncio.run(scene())


def _fill(descriptor: int) -> int:
    try:
        return os.write(descriptor, b"x" * 4096)
    except BlockingIOError:
        return 0


def test_row_52_a_process_short_of_files_sends_with_those_it_has(house: OpenHouse, tmp_path: Path) -> None:
    """Row 52: a hundred connections are allowed, and the process may open 64 files: every copy goes out."""

    async def scene() -> None:
        async with house() as here, fault_relay() as relay:
            await here.subscribe(readers(200))
            await here.release()
            async with _child(tmp_path / "mailer.db", relay.port, connections=100, files=64):
                await _until_accepted(here, 200)
            assert await judge(here, relay) == (0, 0, 0)
            assert await tries(here) == [("accepted", 1)]

    asyncio.run(scene())
