"""Rows 21 to 24 and 42 of the table of faults: refusals of every kind, and answers that are none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mailer.delivery.presence import Presence
from mailer.delivery.rounds import Rounds
from mailer.domain.retry import RetryPolicy
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Manner
from tests.integration.delivery.fault_relay import fault_relay
from tests.integration.delivery.fault_scene import (
    HOURS,
    enlarge,
    ledger,
    readers,
    serving,
    standings,
)
from tests.integration.delivery.faults import (
    LOCKSTEP,
    PIPELINED,
    Fault,
    Flood,
    Moment,
    Say,
    Terms,
)
from tests.integration.delivery.house import House, utc_now

CROWD = readers(12)
VICTIM = CROWD[5]
BOTH_WAYS = pytest.mark.parametrize("terms", [PIPELINED, LOCKSTEP], ids=["pipelined", "lockstep"])
NOT_NOW = b"451 4.3.0 Later\r\n"


@BOTH_WAYS
@pytest.mark.parametrize("moment", [Moment.MAIL, Moment.RCPT, Moment.DATA, Moment.DOT])
def test_row_21_a_copy_that_is_put_off_is_sent_later(house: OpenHouse, moment: Moment, terms: Terms) -> None:
    """Row 21: "not now" at any stage is one deferred try of one copy; then it is accepted, once."""

    async def scene() -> None:
        later = Fault(moment, Say(NOT_NOW), times=2)
        async with house() as here, fault_relay(later, terms=terms) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                assert await sending.judge() == (0, 0, 0)
            tried = await here.rows("SELECT outcome, stage FROM attempt")
            assert tried == [("deferred", str(moment))] * 2
            assert relay.seen["early"] == relay.seen["stray"] == 0
            assert relay.seen["connect"] == 2

    asyncio.run(scene())


@pytest.mark.parametrize("moment", [Moment.RCPT, Moment.DATA, Moment.DOT])
def test_row_21_what_is_put_off_until_the_deadline_has_failed(
    house: OpenHouse, moment: Moment, tmp_path: Path
) -> None:
    """Row 21: every copy ends in a named state, with the last answer as its proof."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, Say(NOT_NOW), to=VICTIM)) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay) as sending:
                await sending.until_seen(lambda relay: relay.seen["fault"] >= 3)
                await _close(here, tmp_path)
                found = await sending.until_settled()
                assert (found.accepted, found.failed) == (len(CROWD) - 1, 1)
            state, attempts, reason, reply = await here.copy(VICTIM)
            assert (state, reason) == ("failed", "deadline")
            assert attempts >= 2
            assert reply is not None
            assert reply.startswith("451 4.3.0")

    asyncio.run(scene())


async def _close(house: House, folder: Path) -> None:
    """End the issue as the rounds do when its deadline has passed."""
    presence = Presence(house.database, folder / "run")
    tomorrow = utc_now() + timedelta(days=1)
    await Rounds(house.database, presence, retry=RetryPolicy(), clock=lambda: tomorrow).tidy()


ABOUT_US = [
    b"550 5.7.1 Message refused by policy\r\n",
    b"550 5.7.26 Unauthenticated email is not accepted\r\n",
    b"554 5.7.0 Your account is suspended\r\n",
    b"552 5.3.4 Message too large\r\n",
]


@pytest.mark.parametrize("moment", [Moment.RCPT, Moment.DOT])
@pytest.mark.parametrize("answer", ABOUT_US)
def test_row_22_a_refusal_that_blames_us_touches_no_reader(
    house: OpenHouse, moment: Moment, answer: bytes
) -> None:
    """Row 22: the copy failed through the sender's fault; nobody is suppressed, others are served."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, Say(answer), to=VICTIM)) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay) as sending:
                found = await sending.until_settled()
                assert (found.accepted, found.failed) == (len(CROWD) - 1, 1)
            assert (await here.copy(VICTIM))[::2] == ("failed", "sender")
            assert await standings(here) == {"active"}

    asyncio.run(scene())


@BOTH_WAYS
def test_row_22_a_mailbox_that_is_gone_fails_alone(house: OpenHouse, terms: Terms) -> None:
    """Row 22: refused at RCPT for good, for the reader's sake; the same connection serves the others."""

    async def scene() -> None:
        gone = Fault(Moment.RCPT, Say(b"550 5.1.1 User unknown\r\n"), to=VICTIM)
        async with house() as here, fault_relay(gone, terms=terms) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay) as sending:
                found = await sending.until_settled()
                assert (found.accepted, found.failed) == (len(CROWD) - 1, 1)
                assert await sending.judge() == (0, 0, 0)
            assert (await here.copy(VICTIM))[::2] == ("failed", "reader")
            assert relay.seen["connect"] == 1

    asyncio.run(scene())


@pytest.mark.parametrize("fate", ["refused", "put off"])
@BOTH_WAYS
def test_row_22_a_relay_that_asks_for_a_body_without_a_recipient_gets_none(
    house: OpenHouse, terms: Terms, fate: str
) -> None:
    """Row 22: 354 after a refused RCPT is answered with a bare dot, whose reply means nothing."""

    async def scene() -> None:
        answer = b"550 5.1.1 User unknown\r\n" if fate == "refused" else NOT_NOW
        refuses = Fault(Moment.RCPT, Say(answer), times=1, to=VICTIM)
        asking = replace(terms, asks_anyway=True)
        async with house() as here, fault_relay(refuses, terms=asking) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD) - (fate == "refused")
                assert await sending.judge() == (0, 0, 0)
            assert relay.seen["stray"] == 0

    asyncio.run(scene())


GROUPS = [f"reader{i:03}@{'gmail.com' if i % 2 else 'mail.ru'}" for i in range(60)]


@pytest.mark.parametrize("crowd", [readers(60), GROUPS], ids=["one group", "two groups"])
@pytest.mark.parametrize("moment", [Moment.RCPT, Moment.DOT])
def test_row_23_a_relay_that_refuses_everybody_is_not_tried_on_everybody(
    house: OpenHouse, crowd: list[str], moment: Moment
) -> None:
    """Row 23: after some refusals that blame us the rest stays queued, and no reader is blamed."""

    async def scene() -> None:
        suspended = Fault(moment, Say(b"550 5.7.1 This account is suspended\r\n"))
        async with house() as here, fault_relay(suspended) as relay:
            await here.subscribe(crowd)
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                await sending.until_seen(lambda relay: relay.seen["fault"] >= 5)
                await asyncio.sleep(0.5)
                found = await here.books()
            # Five of each group, and those that were under way on the other connection.
            assert found.failed <= 2 * 5 + 2 * 2
            assert found.pending == len(crowd) - found.failed
            assert await standings(here) == {"active"}

    asyncio.run(scene())


def test_row_23_a_sender_whom_mail_refuses_is_nobodys_failure(house: OpenHouse) -> None:
    """Row 23: a 5xx to MAIL says nothing of a reader: no copy failed, and each waits."""

    async def scene() -> None:
        bad_from = Fault(Moment.MAIL, Say(b"550 5.1.8 Bad sender\r\n"))
        async with house() as here, fault_relay(bad_from) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(retry_s=HOURS)) as sending:
                await sending.until_seen(lambda relay: relay.seen["fault"] >= 5)
            found = await here.books()
            assert (found.failed, found.pending) == (0, len(CROWD))
            assert await standings(here) == {"active"}

    asyncio.run(scene())


# What is no SMTP, with the states that its victim's copy may be in after it.
GARBAGE = {
    "NUL": (b"550 5.1.1 \x00gone\r\n", {"failed"}),
    "code 999": (b"999 What\r\n", {"deferred"}),
    "code 000": (b"000 What\r\n", {"deferred"}),
    "no code": (b"hello\r\n", {"queued", "deferred"}),
    "bare LF": (b"550 5.1.1 User unknown\n", {"failed", "queued", "deferred"}),
    "8-bit": (b"550 5.1.1 \xed\xe5\xf2 \xff\r\n", {"failed"}),
    "one line of 1 MB": (b"550 " + b"x" * 1_000_000 + b"\r\n", {"failed", "queued", "deferred"}),
    "empty line": (b"\r\n", {"queued", "deferred"}),
    "250 to RCPT with 354 behind it": (
        b"250 OK\r\n354 Go on\r\n",
        {"accepted", "queued", "deferred", "unknown"},
    ),
    "no bytes but NUL": (b"\x00" * 64 + b"\r\n", {"queued", "deferred"}),
}


@pytest.mark.parametrize("name", GARBAGE)
@BOTH_WAYS
def test_row_24_garbage_at_one_reader_ends_in_a_named_state(
    house: OpenHouse, name: str, terms: Terms
) -> None:
    """Row 24: it is read or the connection is closed; the others are accepted once."""
    answer, states = GARBAGE[name]

    async def scene() -> None:
        says = Fault(Moment.RCPT, Say(answer), to=VICTIM)
        async with house() as here, fault_relay(says, terms=terms) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=2, retry_s=HOURS)) as sending:
                await sending.until_seen(
                    lambda relay: len(set(relay.accepted()) - {VICTIM}) == len(CROWD) - 1
                )
                await sending.until_seen(lambda relay: relay.seen["fault"] > 0)
                await asyncio.sleep(0.05)
                found = await ledger(here)
                relay.faults = ()
            assert found.pop(VICTIM) in states | {"inflight"}
            assert set(relay.accepted().values()) == {1}

    asyncio.run(scene())


@pytest.mark.parametrize(
    "answer",
    [b"hello\r\n", b"354 Go on\r\n", b"999 What\r\n", b"250 " + b"x" * 1_000_000 + b"\r\n", b"\x00\r\n"],
)
def test_row_24_an_accepted_copy_that_is_answered_with_garbage_is_never_lost(
    house: OpenHouse, answer: bytes
) -> None:
    """Row 24: whatever stands where the last reply should be, at most one copy more goes out."""

    async def scene() -> None:
        says = Fault(Moment.TAKEN, Say(answer), times=1, to=VICTIM)
        async with house() as here, fault_relay(says) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay, Manner(connections=2)) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                lost, duplicates, wrong = await sending.judge()
                assert (lost, wrong) == (0, 0)
                assert duplicates <= 1

    asyncio.run(scene())


def test_row_24_250_to_rcpt_and_550_at_the_dot_is_our_fault(house: OpenHouse) -> None:
    """Row 24: who took the address and then refuses the message refuses us."""

    async def scene() -> None:
        refuses = Fault(Moment.DOT, Say(b"550 5.1.1 User unknown\r\n"), to=VICTIM)
        async with house() as here, fault_relay(refuses) as relay:
            await here.subscribe(CROWD)
            await here.release()
            async with serving(here, relay) as sending:
                await sending.until_settled()
            assert (await here.copy(VICTIM))[0] == "failed"
            assert await standings(here) == {"active"}

    asyncio.run(scene())


@pytest.mark.parametrize("piece", [b"250-more\r\n" * 1000, b"x" * 10_000], ids=["lines", "one line"])
@pytest.mark.parametrize("moment", [Moment.BANNER, Moment.EHLO, Moment.MAIL, Moment.RCPT, Moment.TAKEN])
def test_row_24_an_endless_answer_is_not_swallowed(house: OpenHouse, moment: Moment, piece: bytes) -> None:
    """Row 24: we hang up within some megabytes, which the kernel holds, not we; then all goes on."""

    async def scene() -> None:
        async with house() as here, fault_relay(Fault(moment, Flood(piece), times=1)) as relay:
            await here.subscribe(CROWD)
            await here.release()
            patient = Manner(timeouts=replace(QUICK, connect_s=30, mail_s=30, rcpt_s=30, dot_s=30))
            async with serving(here, relay, patient) as sending:
                found = await sending.until_settled()
                assert found.accepted == len(CROWD)
                lost, duplicates, wrong = await sending.judge()
                assert (lost, wrong) == (0, 0)
                assert duplicates <= (moment is Moment.TAKEN)
            assert relay.flooded < 16_000_000

    asyncio.run(scene())


@pytest.mark.parametrize("how", ["announced", "at MAIL", "at the dot"])
def test_row_42_a_message_that_is_too_large_suppresses_nobody(house: OpenHouse, how: str) -> None:
    """Row 42: said in EHLO (RFC 1870), at MAIL or only at the dot: no copy is the reader's failure."""
    refusal = Say(b"552 5.3.4 Message size exceeds fixed limit\r\n")
    faults = {
        "announced": (),
        "at MAIL": (Fault(Moment.MAIL, refusal),),
        "at the dot": (Fault(Moment.DOT, refusal),),
    }

    async def scene() -> None:
        small = Terms(size=10_000) if how == "announced" else PIPELINED
        async with house() as here, fault_relay(*faults[how], terms=small) as relay:
            await here.subscribe(readers(30))
            await here.release()
            await enlarge(here, 40_000)
            async with serving(here, relay, Manner(connections=2, retry_s=HOURS)) as sending:
                await sending.until_seen(lambda relay: relay.seen["connect"] > 0)
                await asyncio.sleep(0.4)
                found = await here.books()
                assert await sending.judge() == (0, 0, 0)
            assert found.accepted == 0
            assert found.failed + found.pending == 30
            reasons = await here.rows("SELECT DISTINCT reason FROM delivery WHERE state = 'failed'")
            assert set(reasons) <= {("sender",)}
            assert await standings(here) == {"active"}

    asyncio.run(scene())


def test_row_42_a_message_of_just_the_size_is_sent(house: OpenHouse) -> None:
    """Row 42: a limit that is not passed keeps nothing back."""

    async def scene() -> None:
        async with house() as here, fault_relay(terms=Terms(size=60_000)) as relay:
            await here.subscribe(CROWD)
            await here.release()
            await enlarge(here, 40_000)
            async with serving(here, relay) as sending:
                assert (await sending.until_settled()).accepted == len(CROWD)

    asyncio.run(scene())
