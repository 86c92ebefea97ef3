"""A relay whose answers are out of step: nobody gets another's mail, nothing is called taken that is not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from mailer.delivery.dkim import Signer
from mailer.delivery.dkim_key import create_dkim_key
from mailer.delivery.feed import Feed
from mailer.delivery.sender import Sender
from mailer.delivery.signing import Signing
from mailer.domain.content import LetterKind
from mailer.editorial.sample import sample_newsletter
from mailer.rendering.skeleton import Hole, Skeleton
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Manner, sending, until
from tests.integration.delivery.fault_scene import enlarge, readers
from tests.integration.delivery.house import House, utc_now
from tests.integration.delivery.odd_server import OddServer

LATER = Manner(retry_s=(7200.0,))
SOON = Manner(retry_s=(0.1,))
PATIENT = replace(QUICK, data_s=3.0, block_s=3.0, dot_s=3.0)
LARGE = 15_000_000
"""More than the kernel keeps for a relay that does not read: bytes."""


class UnderWay(NamedTuple):
    """A house whose issue is being sent."""

    here: House
    feed: Feed
    sender: Sender
    task: asyncio.Task[None]

    async def until_all_are(self, *wanted: str) -> None:
        """Wait until every copy is in one of these states."""

        async def are() -> bool:
            self.feed.wake()
            return set(await states(self.here)) <= set(wanted)

        await until(are)


@asynccontextmanager
async def under_way(
    house: OpenHouse,
    relay: OddServer,
    count: int,
    manner: Manner = LATER,
    *,
    size: int = 0,
    signer: Signer | None = None,
) -> AsyncIterator[UnderWay]:
    """Send an issue of about *size* bytes for *count* readers to the relay until the block ends."""
    async with house() as here, relay.listening():
        await here.subscribe(readers(count))
        await here.release()
        if size:
            await enlarge(here, size)
        async with sending(here, relay.port, manner, signer=signer) as (feed, sender, _, task):
            yield UnderWay(here, feed, sender, task)


async def states(here: House) -> Counter[str]:
    """Return how many copies are where; the books must balance."""
    await here.books()
    return Counter(dict(await here.rows("SELECT state, count(*) FROM delivery GROUP BY state")))


def test_what_follows_a_broken_off_body_never_goes_into_it(house: OpenHouse) -> None:
    """421 in the middle of a large body, the connection left open: the next mail's bytes must not follow."""

    class Breaks(OddServer):
        now: UnderWay

        async def answer(self, verb: str, number: int) -> bytes | None:
            if (verb, number) == ("DATA", 1):
                # At hand when the body begins, so that it is what would follow in the same breath.
                await self.now.here.write_letter("victim@example.net", LetterKind.CONFIRM)
                self.now.feed.wake()
                await asyncio.sleep(0.5)
            return None

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
        async with under_way(house, relay, 1, replace(LATER, timeouts=PATIENT), size=LARGE) as relay.now:

            async def is_taken() -> bool:
                return b"victim@example.net" in relay.recipients()

            await until(is_taken)
            await relay.now.until_all_are("deferred")
        assert relay.recipients() == [b"victim@example.net"]
        assert relay.bodies[0].startswith(b"From: ")

    asyncio.run(scene())


class Early(OddServer):
    """Says something in the middle of a body, and reads no more."""

    word = b"250 early\r\n"

    async def before_body(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Say it."""
        await reader.readexactly(1000)
        writer.write(self.word)
        await asyncio.sleep(30)


def test_an_answer_in_the_middle_of_a_body_is_none_to_its_dot(house: OpenHouse) -> None:
    """250 before the dot was sent, then silence: the copy is not called accepted."""

    async def scene() -> None:
        manner = replace(LATER, timeouts=replace(PATIENT, block_s=0.5))
        async with under_way(house, Early(), 1, manner, size=LARGE) as now:
            await now.until_all_are("deferred")

    asyncio.run(scene())


def test_a_relay_that_says_421_and_reads_no_more_stops_nobody(house: OpenHouse) -> None:
    """The sender leaves when it is told to."""

    async def scene() -> None:
        relay = Early()
        relay.word = b"421 4.3.0 closing\r\n"
        manner = replace(LATER, timeouts=replace(QUICK, block_s=0.5, dot_s=0.5))
        async with under_way(house, relay, 2, manner, size=LARGE) as now:
            await asyncio.sleep(0.5)
            now.sender.stop()
            async with asyncio.timeout(4):
                await now.task
            assert "inflight" not in await states(now.here)

    asyncio.run(scene())


def test_a_connection_that_dies_during_the_commit_leaves_the_copy_unsent(
    house: OpenHouse, tmp_path: Path
) -> None:
    """No byte of the body had gone: it is put off, not called uncertain."""

    class Dies(OddServer):
        holder: sqlite3.Connection

        async def answer(self, verb: str, number: int) -> bytes | None:
            if (verb, number) == ("DATA", 1):
                self.holder = sqlite3.connect(tmp_path / "mailer.db", isolation_level=None)
                self.holder.execute("BEGIN IMMEDIATE")
            return None

        async def before_body(
            self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            if number == 1:
                await asyncio.sleep(0.1)
                writer.transport.abort()
                await asyncio.sleep(0.1)
                self.holder.close()

    async def scene() -> None:
        async with under_way(house, Dies(), 1) as now:
            await now.until_all_are("deferred", "unknown")
            assert await now.here.rows("SELECT outcome, stage FROM attempt") == [("deferred", "body")]

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
        async with under_way(house, relay, 4, SOON) as now:
            await now.until_all_are("failed", "accepted")
            assert await states(now.here) == {"failed": 1, "accepted": 3}
        assert all(relay.bodies)

    asyncio.run(scene())


def test_350_to_data_loses_nothing(house: OpenHouse) -> None:
    """The copy before it is accepted once, the copy itself is tried again, its chunk is given back."""

    class Odd350(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            return b"350 hm\r\n" if (verb, number) == ("DATA", 2) else None

    async def scene() -> None:
        relay = Odd350()
        async with under_way(house, relay, 4, SOON) as now:
            await now.until_all_are("accepted")

            async def is_given_back() -> bool:
                return await now.here.rows("SELECT 1 FROM chunk WHERE owner IS NOT NULL") == []

            await until(is_given_back)
        assert max(Counter(relay.recipients()).values()) == 1

    asyncio.run(scene())


class SecondFails(Signer):
    """A signer whose second signature can't be made."""

    made = 0

    def begin(self, skeleton: Skeleton, values: Mapping[Hole, bytes]) -> asyncio.Future[bytes]:
        """Sign, or fail."""
        self.made += 1
        if self.made != 2:
            return super().begin(skeleton, values)
        broken: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        broken.set_exception(MemoryError("signing"))
        return broken


def test_a_signature_that_fails_costs_only_its_own_copy(house: OpenHouse, tmp_path: Path) -> None:
    """What the relay took before is accepted, and sent to nobody twice."""
    domain = sample_newsletter().sender.rpartition("@")[2]
    signing = Signing(domain, "test", create_dkim_key(tmp_path / "dkim.pem"))

    async def scene() -> None:
        relay, signer = OddServer(), SecondFails(signing, clock=utc_now)
        async with under_way(house, relay, 4, SOON, signer=signer) as now:
            await now.until_all_are("accepted")
        signer.close()
        assert sorted(Counter(relay.recipients()).values()) == [1] * 4
        assert all(body.startswith(b"DKIM-Signature: ") for body in relay.bodies)

    asyncio.run(scene())


@pytest.mark.parametrize("size", ["²", "9" * 5000, "", "-1", "x"])
def test_an_odd_size_at_ehlo_ends_nothing(house: OpenHouse, size: str) -> None:
    """What is no number is no limit."""

    class OddSize(OddServer):
        async def answer(self, verb: str, number: int) -> bytes | None:
            return f"250-odd\r\n250 SIZE {size}\r\n".encode() if verb == "EHLO" else None

    async def scene() -> None:
        async with under_way(house, OddSize(), 1) as now:
            await now.until_all_are("accepted")

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
        manner = replace(LATER, timeouts=replace(QUICK, mail_s=20.0))
        async with under_way(house, Stalls(), 3, manner) as now:

            async def is_written() -> bool:
                return (await states(now.here))["accepted"] == 1

            await until(is_written)
            now.sender.stop()
            async with asyncio.timeout(5):
                await now.task
            assert await states(now.here) == {"accepted": 1, "queued": 2}

    asyncio.run(scene())


def test_a_newsletter_our_signature_says_nothing_about_is_not_sent(house: OpenHouse, tmp_path: Path) -> None:
    """Neither its issue nor a Letter goes, also when it was changed while the service ran."""
    signing = Signing("elsewhere.example", "test", create_dkim_key(tmp_path / "dkim.pem"))

    async def scene() -> None:
        relay, signer = OddServer(), Signer(signing, clock=utc_now)
        async with under_way(house, relay, 2, signer=signer) as now:
            await now.here.write_letter("reader@example.net")
            now.feed.wake()
            await asyncio.sleep(0.5)
            assert await states(now.here) == {"queued": 2}
        signer.close()
        assert relay.bodies == []

    asyncio.run(scene())
