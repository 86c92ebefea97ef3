"""A relay whose answers are out of step: nobody gets another's mail, nothing is called taken that is not."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace

import pytest

from mailer.delivery.copy import Copy, EditionPress
from mailer.domain.content import LetterKind
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Manner, sending, until
from tests.integration.delivery.fault_scene import enlarge, readers
from tests.integration.delivery.house import House
from tests.integration.delivery.odd_server import OddServer

LATER = Manner(retry_s=(7200.0,))
SOON = Manner(retry_s=(0.1,))
PATIENT = replace(QUICK, data_s=2.0, block_s=2.0, dot_s=2.0)


async def states(here: House) -> Counter[str]:
    """Return how many copies are where; the books must balance."""
    await here.books()
    return Counter(dict(await here.rows("SELECT state, count(*) FROM delivery GROUP BY state")))


def test_what_follows_a_broken_off_body_never_goes_into_it(house: OpenHouse) -> None:
    """421 in the middle of a large body, the connection left open: a Letter's bytes must not follow."""

    class Breaks(OddServer):
        async def before_body(
            self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            if number == 1:
                await reader.readexactly(300_000)
                writer.write(b"421 4.3.0 closing\r\n")
                await writer.drain()
                await asyncio.sleep(0.3)

    async def scene() -> None:
        relay = Breaks()
        async with house() as here, relay.listening():
            await here.subscribe(readers(1))
            await here.release()
            await enlarge(here, 15_000_000)
            async with sending(here, relay.port, replace(LATER, timeouts=PATIENT)):
                await until(lambda: _is_tried(here))
                await here.write_letter("victim@example.net", LetterKind.CONFIRM)
                await until(lambda: _is_taken(relay, b"victim@example.net"))
            assert relay.recipients() == [b"victim@example.net"]
            assert await states(here) == {"deferred": 1}

    asyncio.run(scene())


async def _is_tried(here: House) -> bool:
    return not await here.rows("SELECT 1 FROM delivery WHERE state IN ('queued', 'inflight')")


async def _is_taken(relay: OddServer, address: bytes) -> bool:
    return address in relay.recipients()


def test_an_answer_in_the_middle_of_a_body_is_none_to_its_dot(house: OpenHouse) -> None:
    """250 before the dot was sent, then silence: the copy is not called accepted."""

    class Early(OddServer):
        async def before_body(
            self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readexactly(1000)
            writer.write(b"250 early\r\n")
            await asyncio.sleep(5)

    async def scene() -> None:
        relay = Early()
        async with house() as here, relay.listening():
            await here.subscribe(readers(1))
            await here.release()
            await enlarge(here, 15_000_000)
            async with sending(here, relay.port, replace(LATER, timeouts=replace(PATIENT, block_s=0.5))):
                await until(lambda: _is_tried(here))
            assert await states(here) == {"deferred": 1}

    asyncio.run(scene())


def test_a_relay_that_says_421_and_reads_no_more_stops_nobody(house: OpenHouse) -> None:
    """The sender leaves when it is told to."""

    class Deaf(OddServer):
        async def before_body(
            self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readexactly(1000)
            writer.write(b"421 4.3.0 closing\r\n")
            await asyncio.sleep(30)

    async def scene() -> None:
        relay = Deaf()
        async with house() as here, relay.listening():
            await here.subscribe(readers(2))
            await here.release()
            await enlarge(here, 15_000_000)
            timeouts = replace(QUICK, block_s=0.5, dot_s=0.5)
            async with sending(here, relay.port, replace(LATER, timeouts=timeouts)) as (_, sender, _, task):
                await asyncio.sleep(0.5)
                sender.stop()
                async with asyncio.timeout(4):
                    await task
            assert "inflight" not in await states(here)

    asyncio.run(scene())


def test_a_refused_reset_sends_nobody_an_empty_mail(house: OpenHouse) -> None:
    """502 to RSET, and yes to the envelope behind it: the connection is given up."""

    class NoReset(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            return {
                ("RCPT", 1): b"550 5.1.1 no such user\r\n",
                ("DATA", 1): b"503 no\r\n",
                ("RSET", number): b"502 5.5.1 not implemented\r\n",
            }.get((verb, number))

    async def scene() -> None:
        relay = NoReset()
        async with house() as here, relay.listening():
            await here.subscribe(readers(4))
            await here.release()
            async with sending(here, relay.port, SOON):
                await until(lambda: _is_tried(here))
            assert all(relay.bodies)
            assert await states(here) == {"failed": 1, "accepted": 3}

    asyncio.run(scene())


def test_350_to_data_loses_nothing(house: OpenHouse) -> None:
    """The copy before it is accepted once, the copy itself is tried again, its chunk is given back."""

    class Odd350(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            return b"350 hm\r\n" if (verb, number) == ("DATA", 2) else None

    async def scene() -> None:
        relay = Odd350()
        async with house() as here, relay.listening():
            await here.subscribe(readers(4))
            await here.release()
            async with sending(here, relay.port, SOON) as (feed, _, _, _):

                async def is_done() -> bool:
                    feed.wake()
                    return await states(here) == {"accepted": 4}

                await until(is_done)
            assert max(Counter(relay.recipients()).values()) == 1
            assert await here.rows("SELECT 1 FROM chunk WHERE owner IS NOT NULL") == []

    asyncio.run(scene())


def test_a_signature_that_fails_costs_only_its_own_copy(
    house: OpenHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the relay took before is accepted, and sent to nobody twice."""
    made = 0
    usual = EditionPress.copy_to

    def second_fails(press: EditionPress, address: str, public_id: bytes) -> Copy:
        nonlocal made
        made += 1
        signature: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        if made == 2:
            signature.set_exception(MemoryError("signing"))
        else:
            signature.set_result(b"")
        return usual(press, address, public_id)._replace(signature=signature)

    monkeypatch.setattr(EditionPress, "copy_to", second_fails)

    async def scene() -> None:
        relay = OddServer()
        async with house() as here, relay.listening():
            await here.subscribe(readers(4))
            await here.release()
            async with sending(here, relay.port, SOON) as (feed, _, _, _):

                async def is_done() -> bool:
                    feed.wake()
                    return await states(here) == {"accepted": 4}

                await until(is_done)
            assert sorted(Counter(relay.recipients()).values()) == [1] * 4

    asyncio.run(scene())


@pytest.mark.parametrize("size", ["²", "9" * 5000, "", "-1", "x"])
def test_an_odd_size_at_ehlo_ends_nothing(house: OpenHouse, size: str) -> None:
    """What is no number is no limit."""

    class OddSize(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            return f"250-odd\r\n250 SIZE {size}\r\n".encode() if verb == "EHLO" else None

    async def scene() -> None:
        relay = OddSize()
        async with house() as here, relay.listening():
            await here.subscribe(readers(1))
            await here.release()
            async with sending(here, relay.port):
                await until(lambda: _is_tried(here))
            assert await states(here) == {"accepted": 1}

    asyncio.run(scene())


def test_letters_wait_while_the_relay_refuses_us(house: OpenHouse) -> None:
    """A policy refusal says nothing about who asked for a confirmation: the Letter is kept for later."""

    class Suspended(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            return {"RCPT": b"554 5.7.1 our policy\r\n", "DATA": b"503 no\r\n"}.get(verb)

    async def scene() -> None:
        relay = Suspended()
        async with house() as here, relay.listening():
            for address in readers(3):
                await here.write_letter(address)
            async with sending(here, relay.port, LATER):

                async def is_tried() -> bool:
                    return relay.said.count("RCPT") >= 3

                await until(is_tried)
                await asyncio.sleep(0.1)
            assert await here.rows("SELECT state, count(*) FROM letter GROUP BY state") == [("deferred", 3)]

    asyncio.run(scene())


def test_a_chunk_that_cannot_be_read_is_not_claimed_again_and_again(house: OpenHouse) -> None:
    """Once a second, not a thousand times."""

    async def scene() -> None:
        relay = OddServer()
        async with house() as here, relay.listening():
            await here.subscribe(readers(2))
            await here.release()
            await here.execute("UPDATE edition SET skeleton = x'00'")
            async with sending(here, relay.port):
                before = here.database.commits
                await asyncio.sleep(1.2)
                assert here.database.commits - before < 30

    asyncio.run(scene())


def test_a_lockstep_relay_that_stalls_at_the_next_sender_keeps_no_outcome_waiting(house: OpenHouse) -> None:
    """Its answer to the body is written down, and a stop is prompt."""

    class Stalls(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            if verb == "EHLO":
                return b"250 odd\r\n"
            if (verb, number) == ("MAIL", 2):
                await asyncio.sleep(30)
            return None

    async def scene() -> None:
        relay = Stalls()
        async with house() as here, relay.listening():
            await here.subscribe(readers(3))
            await here.release()
            patient = replace(LATER, timeouts=replace(QUICK, mail_s=20.0))
            async with sending(here, relay.port, patient) as (_, sender, _, task):

                async def is_written() -> bool:
                    return (await states(here))["accepted"] == 1

                await until(is_written)
                began = time.monotonic()
                sender.stop()
                await task
                assert time.monotonic() - began < 5
            assert await states(here) == {"accepted": 1, "queued": 2}

    asyncio.run(scene())
