"""The fault relay itself: what it logs and when, and what it makes of commands that come together."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.integration.delivery.fault_relay import FaultRelay, fault_relay
from tests.integration.delivery.faults import (
    LOCKSTEP,
    Act,
    Close,
    Deaf,
    Drip,
    Fault,
    Flood,
    Hang,
    Moment,
    Pace,
    Reset,
    Say,
    Terms,
)

BODY = b"Message-ID: <one@example.org>\r\n\r\n..dotted\r\nend\r\n"
ENVELOPE = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"


@asynccontextmanager
async def _client(relay: FaultRelay) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", relay.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def _codes(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    """Return the codes of so many replies; an empty one where the relay hung up."""
    found: list[bytes] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            line = await reader.readline()
            if line[3:4] != b"-":
                found.append(line[:3])
    return found


def test_commands_that_arrive_together_are_answered_in_order() -> None:
    """An envelope in one packet, and the next one behind a dot, are taken as if they came one by one."""

    async def scene() -> None:
        async with fault_relay() as relay, _client(relay) as (reader, writer):
            writer.write(b"EHLO me\r\n")
            assert await _codes(reader, 2) == [b"220", b"250"]
            writer.write(ENVELOPE)
            assert await _codes(reader, 3) == [b"250", b"250", b"354"]
            writer.write(BODY + b".\r\n" + ENVELOPE)
            assert await _codes(reader, 4) == [b"250", b"250", b"250", b"354"]
            writer.write(BODY + b".\r\nQUIT\r\n")
            assert await _codes(reader, 2) == [b"250", b"221"]
            digest = hashlib.sha256(BODY.replace(b"..", b".")).digest()
            assert [(each.message_id, each.recipient, each.digest) for each in relay.log] == [
                ("<one@example.org>", "b@example.org", digest)
            ] * 2
            assert relay.seen["early"] == 0

    asyncio.run(scene())


def test_a_relay_without_pipelining_notices_a_client_in_a_hurry() -> None:
    """Commands that did not wait for their turn are counted."""

    async def scene() -> None:
        async with fault_relay(terms=LOCKSTEP) as relay, _client(relay) as (reader, writer):
            writer.write(b"EHLO me\r\n")
            await _codes(reader, 2)
            writer.write(ENVELOPE)
            await _codes(reader, 3)
            assert relay.seen["early"] == 2

    asyncio.run(scene())


def test_a_body_before_its_354_is_noticed() -> None:
    """RFC 2920 §3.1: nothing follows DATA before its answer."""

    async def scene() -> None:
        async with fault_relay() as relay, _client(relay) as (reader, writer):
            writer.write(ENVELOPE + BODY + b".\r\n")
            assert await _codes(reader, 5) == [b"220", b"250", b"250", b"354", b"250"]
            assert relay.seen["early"] == 1

    asyncio.run(scene())


NO_BODY = [b"220", b"250", b"550", b"554"]


@pytest.mark.parametrize(
    ("terms", "said", "codes"),
    [
        (Terms(), ENVELOPE, NO_BODY),
        (Terms(asks_anyway=True), ENVELOPE + b".\r\n", [b"220", b"250", b"550", b"354", b"554"]),
        (Terms(), b"MAIL FROM:<>\r\nMAIL FROM:<>\r\n", [b"220", b"250", b"503"]),
        (Terms(), b"MAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\n", [b"220", b"250", b"250", b"250"]),
        (
            Terms(login=True),
            b"MAIL FROM:<>\r\nAUTH PLAIN x\r\nMAIL FROM:<>\r\n",
            [b"220", b"530", b"235", b"250"],
        ),
        (Terms(size=9), b"MAIL FROM:<> SIZE=10\r\nMAIL FROM:<> SIZE=9\r\n", [b"220", b"552", b"250"]),
        (Terms(connections=0), b"", [b"421", b""]),
        (Terms(per_connection=0), ENVELOPE, [b"220", b"421", b""]),
    ],
)
def test_it_refuses_what_real_servers_refuse(terms: Terms, said: bytes, codes: Sequence[bytes]) -> None:
    """No body without a recipient, no MAIL inside a transaction, nothing above its limits."""

    async def scene() -> None:
        refuses = Fault(Moment.RCPT, Say(b"550 5.1.1 Unknown\r\n"))
        async with fault_relay(refuses, terms=terms) as relay, _client(relay) as (reader, writer):
            writer.write(said)
            assert await _codes(reader, len(codes)) == codes
            assert not relay.log

    asyncio.run(scene())


@pytest.mark.parametrize("act", [Close(), Reset(), Hang(), Deaf(), Flood(b"250-x\r\n", 70_000)])
@pytest.mark.parametrize(
    ("moment", "accepted"),
    [
        (Moment.BANNER, 0),
        (Moment.RCPT, 0),
        (Moment.BODY, 0),
        (Moment.DOT, 0),
        (Moment.TAKEN, 1),
        (Moment.REPLIED, 1),
    ],
)
def test_it_breaks_when_it_is_told_to(act: Act, moment: Moment, accepted: int) -> None:
    """Whatever goes wrong, a message is accepted from TAKEN on, and the conversation is at its end."""

    async def scene() -> None:
        async with fault_relay(Fault(moment, act)) as relay, _client(relay) as (reader, writer):
            writer.write(b"EHLO me\r\n" + ENVELOPE + BODY + b".\r\n")
            writer.write_eof()
            try:
                async with asyncio.timeout(0.1 if isinstance(act, Deaf) else 5):
                    said = await reader.read()
            except (ConnectionError, TimeoutError):
                said = b""
            assert (b"250 2.0.0 Taken" in said) == (
                moment is Moment.REPLIED and not isinstance(act, Reset | Deaf)
            )
            assert sum(relay.accepted().values()) == accepted
            assert relay.seen["fault"] == 1

    asyncio.run(scene())


def test_it_answers_one_byte_at_a_time() -> None:
    """A dripped answer is whole in the end, and the conversation goes on."""

    async def scene() -> None:
        drips = Fault(Moment.RCPT, Drip(0.001), times=1)
        async with fault_relay(drips) as relay, _client(relay) as (reader, writer):
            writer.write(ENVELOPE)
            assert await _codes(reader, 4) == [b"220", b"250", b"250", b"354"]

    asyncio.run(scene())


def test_a_pace_allows_as_much_as_its_rates_say() -> None:
    """A bucket that changes its rate fills at the old one until the change, and at the new one after it."""
    pace = Pace(((0, 20), (10, 5), (20, 50)))
    assert pace.tokens_between(0, 10) == 200
    assert pace.tokens_between(8, 22) == 40 + 50 + 100
    assert pace.tokens_between(30, 31) == 50


@pytest.mark.parametrize("moment", [Moment.MAIL, Moment.RCPT, Moment.DOT])
def test_what_is_above_the_pace_is_refused(moment: Moment) -> None:
    """Of three messages at once a burst of two lets two through; the third is refused at its moment."""

    async def scene() -> None:
        pace = Pace(((0, 0.001),), burst=2, moment=moment)
        async with fault_relay(terms=Terms(pace=pace)) as relay, _client(relay) as (reader, writer):
            await _codes(reader, 1)
            for _ in range(2):
                writer.write(ENVELOPE)
                assert await _codes(reader, 3) == [b"250", b"250", b"354"]
                writer.write(BODY + b".\r\n")
                assert await _codes(reader, 1) == [b"250"]
            writer.write(ENVELOPE)
            codes = await _codes(reader, 3)
            if moment is Moment.DOT:
                writer.write(BODY + b".\r\n")
                codes = await _codes(reader, 1)
            assert codes.count(b"451") == relay.seen["paced"] == 1

    asyncio.run(scene())
