"""A house that sends to a fault relay, and the judge who holds the relay's log against the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from sqlalchemy import text

from mailer.delivery.feed import Feed
from mailer.delivery.letterpress import letterhead
from mailer.delivery.sender import Sender
from mailer.domain.books import Books
from mailer.domain.content import RenderedMail
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.rendering import holes
from mailer.rendering.letterhead import edition_skeleton
from mailer.storage import Transaction
from tests.integration.delivery.dispatch import QUICK, Begun, Manner, sending
from tests.integration.delivery.fault_relay import FaultRelay
from tests.integration.delivery.house import LINKS, NODE, House, utc_now

# Looking at the books takes time from the sending.
_LOOK_S = 0.03
ONE_BY_ONE = Manner()
"""One connection, quick waits."""
HOURS = (7200.0,)
"""A retry wait that no test sees the end of."""
UNTRIED = [("queued", 0)]
"""What is left of an issue of which no copy has lost a try."""


class Judgement(NamedTuple):
    """What the relay's log and the ledger say of each other (faults.md)."""

    lost: int
    """Readers whom the ledger calls accepted, without a copy at the relay."""
    duplicates: int
    """Copies accepted at the relay beyond the first."""
    wrong: int
    """Messages whose bytes changed between two tries, or that went to somebody who is no reader."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A sender at work, and the relay it sends to."""

    house: House
    relay: FaultRelay
    feed: Feed
    sender: Sender
    begun: list[Begun]
    task: asyncio.Task[None]

    async def until(self, condition: Callable[[], Awaitable[bool]], within_s: float = 10) -> None:
        """Wait; the books must balance at every look, and the sender must be alive."""
        async with asyncio.timeout(within_s):
            is_over = False
            while not is_over:
                assert not self.task.done(), self.task
                await self.house.books()
                self.feed.wake()
                is_over = await condition()
                await asyncio.sleep(0 if is_over else _LOOK_S)

    async def until_seen(self, what: Callable[[FaultRelay], bool], within_s: float = 10) -> None:
        """Wait until the relay has seen something."""

        async def seen() -> bool:
            return what(self.relay)

        await self.until(seen, within_s)

    async def until_settled(self, within_s: float = 10) -> Books:
        """Wait until no copy is pending or awaits its resend; return the books."""

        async def settled() -> bool:
            waiting = "SELECT 1 FROM chunk WHERE next_at IS NOT NULL OR owner IS NOT NULL"
            return (await self.house.books()).pending == 0 and not await self.house.rows(waiting)

        await self.until(settled, within_s)
        return await self.house.books()

    async def judge(self) -> Judgement:
        """Hold the relay's log against the ledger; every reader is known by the sealed address."""
        return await judge(self.house, self.relay)


async def judge(house: House, *relays: FaultRelay) -> Judgement:
    """Hold the logs of relays against the ledger."""
    states = await ledger(house)
    records = [record for relay in relays for record in relay.log]
    there = [record.recipient for record in records if record.accepted]
    lost = [address for address, state in states.items() if state == "accepted" and address not in there]
    contents = {(record.message_id, record.digest) for record in records}
    changed = len(contents) - len({message_id for message_id, _ in contents})
    strangers = [record for record in records if record.recipient not in states]
    return Judgement(len(lost), len(there) - len(set(there)), changed + len(strangers))


async def ledger(house: House) -> dict[str, str]:
    """Return the state of each reader's copy, by address."""
    rows = await house.rows(
        "SELECT r.sealed_address, r.public_id, d.state FROM delivery d JOIN reader r ON r.id = d.reader_id"
    )
    return {
        house.vault.open(bytes(sealed), bytes(own)).decode("utf-8", "backslashreplace"): state
        for sealed, own, state in rows
    }


async def tries(house: House) -> list[tuple[str, int]]:
    """Return every (state, attempts) that some copy is in."""
    rows = await house.rows("SELECT DISTINCT state, attempts FROM delivery ORDER BY state, attempts")
    return [(str(state), int(attempts)) for state, attempts in rows]


async def standings(house: House) -> set[str]:
    """Return every standing that some reader has."""
    found = {str(standing) for (standing,) in await house.rows("SELECT standing FROM subscription")}
    return found | {"suppressed" for _ in await house.rows("SELECT 1 FROM suppression")}


async def enlarge(house: House, size: int) -> None:
    """Make every edition of the issue a message of *size* bytes or a little more, before it is sent."""
    line = "A long week. " * 5 + "\n"
    url = LINKS.unsubscribe(holes.TOKEN)
    body = line * (size // len(line)) + f"\n{url}\n"
    mail = RenderedMail(Language.ENGLISH, "Week", f"<!doctype html>\n<p>Week\n<a\nhref={url}>-</a>\n", body)
    head = letterhead(sample_newsletter(), Language.ENGLISH, LINKS)
    skeleton = edition_skeleton(mail, head, issue_key="2026-W47", date=utc_now().replace(microsecond=0))
    values = {"skeleton": skeleton.pack(), "digest": skeleton.digest}

    def work(tx: Transaction) -> None:
        tx.execute(text("UPDATE edition SET skeleton = :skeleton, digest = :digest"), values)

    await house.database.write(work)


@asynccontextmanager
async def serving(
    house: House,
    relay: FaultRelay,
    manner: Manner = ONE_BY_ONE,
    *,
    owner: str = NODE,
    **settings: Any,
) -> AsyncIterator[Scene]:
    """
    Send the house's issue to the relay until the block ends.

    Args:
        house, relay: both open.
        manner: how the sender goes about it.
        owner: the node it sends as.
        settings: of the relay, where they are not those of a plain one on loopback.
    """
    async with sending(house, relay.port, manner, owner=owner, **settings) as (feed, sender, begun, task):
        yield Scene(house, relay, feed, sender, begun, task)
        sender.stop()
        async with asyncio.timeout(5):
            await task


def quick_steps(connections: int) -> Manner:
    """Return a manner that calls again after 20, 40, 80, 160 … ms, each a fifth sooner or later."""
    return Manner(connections=connections, timeouts=replace(QUICK, redial_s=0.01))


def readers(count: int, domain: str = "example.org") -> Sequence[str]:
    """Return addresses; none is the beginning of another."""
    return [f"reader{number:03}@{domain}" for number in range(count)]
