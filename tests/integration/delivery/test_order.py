"""What is sent when, to whom no more, and how often a relay is called."""

from __future__ import annotations

import asyncio
import math
import random
from pathlib import Path

import pytest

from mailer.audience.departure import unsubscribe
from mailer.delivery.timeouts import Timeouts
from mailer.domain.content import LetterKind
from mailer.domain.token import Token
from mailer.storage import deliveries
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, Begun, Manner, dispatching, sending, until
from tests.integration.delivery.house import SECRETS, House, utc_now
from tests.integration.delivery.plain_server import plain_server

GROUPS = ("example.org", "gmail.com", "mail.ru", "yandex.by", "proton.me")
CROWD = [f"reader{number}@{GROUPS[number % 5]}" for number in range(120)]


def test_letters_go_before_copies(house: OpenHouse, tmp_path: Path) -> None:
    """A Letter that is written while an issue is being sent overtakes the copies that wait."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            await here.release()
            await here.write_letter("early@example.net")
            async with dispatching(here, tmp_path) as dispatch:
                await dispatch.until(lambda: _begun(dispatch.begun, 5))
                await here.write_letter("late@example.net", LetterKind.CONFIRM)
                dispatch.feed.wake()
                await dispatch.until_settled()
            order = [body.recipient for body in dispatch.begun]
            assert order[0] == "early@example.net"
            assert order.index("late@example.net") < 60
            assert await here.rows("SELECT * FROM letter") == []

    asyncio.run(scene())


async def _begun(begun: list[Begun], count: int) -> bool:
    return len(begun) >= count


def test_no_body_begins_after_its_reader_has_left(house: OpenHouse, tmp_path: Path) -> None:
    """Readers who leave while the issue is being sent get no copy whose body begins after the answer."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            issue_id = await here.release()
            leavers = random.Random(7).sample(await _public_ids(here), 60)
            left: dict[str, float] = {}
            async with dispatching(here, tmp_path, manner=Manner(connections=4)) as dispatch:
                await dispatch.until(lambda: _begun(dispatch.begun, 10))
                for address, public_id in leavers:
                    link = SECRETS.link.link(Token(public_id, issue=issue_id))
                    await unsubscribe(here.database, here.vault, SECRETS.link, link=link, now=utc_now())
                    left[address] = asyncio.get_running_loop().time()
                await dispatch.until_settled()
            copies = [body for body in dispatch.begun if not body.is_letter]
            assert not [body for body in copies if body.at > left.get(body.recipient, math.inf)]
            found = await here.books()
            assert found.skipped > 0
            assert found.skipped + found.accepted == found.audience
            assert found.unsubscribed == len(left)

    asyncio.run(scene())


async def _public_ids(here: House) -> list[tuple[str, bytes]]:
    rows = await here.rows("SELECT sealed_address, public_id FROM reader")
    return [(here.vault.open(bytes(sealed), bytes(own)).decode(), bytes(own)) for sealed, own in rows]


def test_a_cancelled_issue_stops_before_the_next_body(house: OpenHouse, tmp_path: Path) -> None:
    """Once the waiting copies are closed no further body begins, and the books balance."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            issue_id = await here.release()
            async with dispatching(here, tmp_path, manner=Manner(connections=3)) as dispatch:
                await dispatch.until(lambda: _begun(dispatch.begun, 10))
                await here.database.write(
                    lambda tx: deliveries.close_waiting(tx, issue_id, utc_now(), deadline=False)
                )
                so_far = len(dispatch.begun)
                await dispatch.until_settled()
                assert len(dispatch.begun) == so_far
            found = await here.books()
            assert (found.accepted, found.skipped) == (so_far, len(CROWD) - so_far)

    asyncio.run(scene())


def test_an_address_the_relay_cannot_take_is_left_out(house: OpenHouse) -> None:
    """Without SMTPUTF8 at the relay such a copy is skipped for its script; the others go on."""

    async def scene() -> None:
        async with house() as here, plain_server() as server:
            await here.subscribe(["юрась@example.org", "first@example.org"])
            await here.release()
            async with sending(here, server.port) as (feed, *_):
                feed.wake()
                await until(lambda: _none_pending(here))
            assert (await here.copy("юрась@example.org"))[:3] == ("skipped", 0, "script")
            assert (await here.copy("first@example.org"))[0] == "accepted"

    asyncio.run(scene())


def test_a_relay_with_smtputf8_takes_any_address(house: OpenHouse, tmp_path: Path) -> None:
    """An address beyond ASCII is offered as it is, to a relay that says it can."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(["юрась@example.org"])
            await here.release()
            async with dispatching(here, tmp_path) as dispatch:
                await dispatch.until_settled()
            assert dispatch.kept() == {"юрась@example.org": 1}

    asyncio.run(scene())


async def _none_pending(here: House) -> bool:
    return not (await here.books()).pending


STRANGE = {
    "8-bit words": ({"DOT": b"250 \xd0\xd1\xff taken\r\n"}, "accepted"),
    "250 to DATA": ({"DATA": b"250 OK\r\n"}, "deferred"),
    "354 to RCPT": ({"RCPT": b"354 Go on\r\n"}, "deferred"),
    "code 999": ({"RCPT": b"999 What\r\n"}, "deferred"),
    "no code at the dot": ({"DOT": b"hello\r\n"}, "unknown"),
    "an endless line at the dot": ({"DOT": b"250 " + b"x" * 1_000_000 + b"\r\n"}, "unknown"),
    "NUL": ({"RCPT": b"550 5.1.1 \x00gone\r\n"}, "failed"),
    "8-bit refusal": ({"RCPT": b"550 5.1.1 \xed\xe5\xf2\r\n"}, "failed"),
}


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_answer_ends_in_a_named_state(house: OpenHouse, name: str) -> None:
    """Whatever a broken relay says, the copy's first try ends where it can be read, and nothing breaks."""
    says, state = STRANGE[name]

    async def scene() -> None:
        async with house() as here, plain_server(**says) as server:
            await here.subscribe(["first@example.org"])
            await here.release()
            async with sending(here, server.port, Manner(retry_s=(3600,))) as (_, _, _, task):
                await until(lambda: _was_tried(here))
                assert not task.done()
            assert (await here.copy("first@example.org"))[0] == state

    asyncio.run(scene())


async def _was_tried(here: House) -> bool:
    return (await here.copy("first@example.org"))[:2] not in {("queued", 0), ("inflight", 1)}


@pytest.mark.parametrize("script", ["mail * defer 421 4.7.0 Later", "connect * defer", "dot * drop"])
def test_a_relay_that_hangs_up_is_not_called_in_a_hot_loop(
    house: OpenHouse, tmp_path: Path, script: str
) -> None:
    """Ten connections together call such a relay once per step, and the steps double."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            await here.release()
            steps = Timeouts(connect_s=5, redial_s=0.1)
            async with dispatching(
                here, tmp_path, script, manner=Manner(connections=10, timeouts=steps)
            ) as dispatch:
                # All ten call at first; then at 0.2, 0.6 and 1.4 seconds, each a fifth sooner or later.
                await asyncio.sleep(1.3)
                assert 10 <= dispatch.relay.connections <= 14
            assert (await here.books()).balance

    asyncio.run(scene())


def test_a_relay_that_comes_back_is_called_soon(house: OpenHouse, tmp_path: Path) -> None:
    """Many connections that break together cost one step, not one each."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            await here.release()
            steps = Timeouts(redial_s=0.1)
            manner = Manner(connections=10, timeouts=steps)
            async with dispatching(here, tmp_path, "connect * drop 10", manner=manner) as dispatch:
                await dispatch.until_settled(3)
            assert (await here.books()).accepted == len(CROWD)

    asyncio.run(scene())


def test_a_connection_is_changed_after_as_many_messages_as_the_relay_allows(
    house: OpenHouse, tmp_path: Path
) -> None:
    """Ten copies at three messages a connection take four connections."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD[:10])
            await here.release()
            async with dispatching(here, tmp_path, manner=Manner(messages_per_connection=3)) as dispatch:
                await dispatch.until_settled()
            assert dispatch.relay.connections == 4

    asyncio.run(scene())


def test_a_damaged_edition_holds_nobody_else_up(house: OpenHouse, tmp_path: Path) -> None:
    """Copies of an edition that can't be read stay queued and free; those of others are sent."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(["first@example.org"])
            await here.release(46)
            await here.subscribe(["second@example.org"])
            await here.release(47)
            await here.execute("UPDATE edition SET skeleton = x'00' WHERE issue_id = 1")
            async with dispatching(here, tmp_path, manner=Manner(timeouts=QUICK)) as dispatch:
                await dispatch.until(lambda: _begun(dispatch.begun, 2))
            assert dispatch.kept() == {"first@example.org": 1, "second@example.org": 1}
            assert await here.rows("SELECT state FROM delivery WHERE issue_id = 1") == [("queued",)]
            assert await here.rows("SELECT DISTINCT owner FROM chunk") == [(None,)]

    asyncio.run(scene())
