"""Whatever a relay does at whichever stage, a copy ends where docs say, and the books balance meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailer.domain.newsletter import UnknownPolicy
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import dispatching
from tests.integration.delivery.house import House

VICTIM = "victim.reader@example.org"
OTHERS = ["first@example.net", "second@example.net"]


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a copy ends, by which tries, and how often the relay holds it."""

    state: str
    tries: tuple[tuple[str, str], ...] = ()
    reason: str | None = None
    kept: int = 1


ACCEPTED = Fate("accepted")

ENDS = {
    # Nothing was said about any reader: no try is lost.
    "connect * defer 1": ACCEPTED,
    "connect * refuse 1": ACCEPTED,
    "connect * drop 2": ACCEPTED,
    "connect * hang 1": ACCEPTED,
    "ehlo * defer 1": ACCEPTED,
    "ehlo * refuse 1": ACCEPTED,
    "ehlo * drop 1": ACCEPTED,
    "mail * drop 1": ACCEPTED,
    f"rcpt {VICTIM} drop 1": ACCEPTED,
    f"rcpt {VICTIM} hang 1": ACCEPTED,
    f"data {VICTIM} drop 1": ACCEPTED,
    f"rcpt {VICTIM} defer 1 421 4.7.0 Too many": ACCEPTED,
    # Not now: retried, also where a relay refuses us before it has heard of the reader.
    "mail * defer 1": Fate("accepted", (("deferred", "mail"),)),
    "mail * refuse 1": Fate("accepted", (("deferred", "mail"),)),
    f"rcpt {VICTIM} defer 2": Fate("accepted", (("deferred", "rcpt"),) * 2),
    f"data {VICTIM} defer 1": Fate("accepted", (("deferred", "data"),)),
    f"dot {VICTIM} defer 1": Fate("accepted", (("deferred", "dot"),)),
    f"dot {VICTIM} defer 1 421 4.3.2 Going down": Fate("accepted", (("deferred", "dot"),)),
    f"after-dot {VICTIM} defer 1": Fate("accepted", (("deferred", "dot"),), kept=2),
    # A connection that dies at this reader every time counts as a try, so that others are not held up.
    f"rcpt {VICTIM} drop 4": Fate("accepted", (("deferred", "rcpt"),)),
    # Refused for good: the reader's fault only at RCPT, and only where the reply is about a mailbox.
    f"rcpt {VICTIM} refuse": Fate("failed", (("failed", "rcpt"),), "reader", kept=0),
    f"rcpt {VICTIM} refuse 550 5.7.1 Policy": Fate("failed", (("failed", "rcpt"),), "sender", kept=0),
    f"data {VICTIM} refuse": Fate("failed", (("failed", "data"),), "sender", kept=0),
    f"dot {VICTIM} refuse": Fate("failed", (("failed", "dot"),), "sender", kept=0),
    f"after-dot {VICTIM} refuse": Fate("failed", (("failed", "dot"),), "sender"),
    # Not certain: the same bytes once more, and never a third time.
    f"dot {VICTIM} drop 1": Fate("accepted", (("unknown", "dot"),)),
    f"dot {VICTIM} hang 1": Fate("accepted", (("unknown", "dot"),)),
    f"after-dot {VICTIM} drop 1": Fate("accepted", (("unknown", "dot"),), kept=2),
    f"after-dot {VICTIM} drop": Fate("unknown", (("unknown", "dot"),) * 2, kept=2),
    f"dot {VICTIM} drop": Fate("unknown", (("unknown", "dot"),) * 2, kept=0),
}


@pytest.mark.parametrize("script", ENDS)
def test_a_copy_ends_where_the_relay_left_it(house: OpenHouse, tmp_path: Path, script: str) -> None:
    """Others get theirs once; the victim's state, tries and copies are as listed; resends are equal."""
    asyncio.run(_ends_as_told(house, tmp_path, script, ENDS[script]))


async def _ends_as_told(open_house: OpenHouse, folder: Path, script: str, fate: Fate) -> None:
    async with open_house() as house:
        await house.subscribe([VICTIM, *OTHERS])
        await house.release()
        async with dispatching(house, folder, script) as dispatch:
            await dispatch.until_settled()
        hit = await _hit(house, fate)
        state, attempts, reason, _ = await house.copy(hit)
        assert (state, reason) == (fate.state, fate.reason)
        assert tuple(await house.attempts(hit)) == fate.tries
        assert attempts == len(fate.tries) + (fate.state == "accepted")
        kept = dispatch.kept()
        assert (kept.pop(hit, 0), set(kept.values())) == (fate.kept, {1})
        assert len({mail.content() for mail in dispatch.mailbox if mail.recipients == (hit,)}) == min(
            fate.kept, 1
        )
        assert await house.rows("SELECT owner, next_at FROM chunk") == [(None, None)]
        assert (await house.books()).audience == 3
        await _assert_no_address_is_stored(house)


async def _hit(house: House, fate: Fate) -> str:
    """Return the address that the script hit: at MAIL nobody is named, so it was whoever came first."""
    for address in [VICTIM, *OTHERS]:
        if fate.tries and await house.attempts(address):
            return address
    return VICTIM


async def _assert_no_address_is_stored(house: House) -> None:
    for table in ("delivery", "attempt", "chunk", "letter", "edition", "node"):
        for row in await house.rows(f"SELECT * FROM {table}"):
            said = " ".join(str(value) for value in row).lower()
            assert "victim" not in said
            assert "@example.net" not in said


def test_a_reply_is_stored_without_the_address_it_quotes(house: OpenHouse, tmp_path: Path) -> None:
    """The reply that refused a copy is kept as proof, with every address in it masked."""
    said = f"550 5.1.1 <{VICTIM}>: victim.reader is unknown here, ask second@example.net"

    async def scene() -> None:
        async with house() as here:
            await here.subscribe([VICTIM])
            await here.release()
            async with dispatching(here, tmp_path, f"rcpt {VICTIM} refuse {said}") as dispatch:
                await dispatch.until_settled()
            _, _, _, reply = await here.copy(VICTIM)
            assert reply is not None
            assert reply.startswith("550 5.1.1")
            assert "is unknown here" in reply
            await _assert_no_address_is_stored(here)

    asyncio.run(scene())


def test_with_the_hold_policy_an_uncertain_copy_is_not_resent(house: OpenHouse, tmp_path: Path) -> None:
    """It stays unknown after one try, waits for an operator, and the issue is not held open by it."""

    async def scene() -> None:
        async with house() as here:
            await here.furnish(UnknownPolicy.HOLD)
            await here.subscribe([VICTIM, *OTHERS])
            await here.release()
            async with dispatching(here, tmp_path, f"after-dot {VICTIM} drop") as dispatch:
                await dispatch.until_settled()
                await asyncio.sleep(0.2)
            assert (await here.copy(VICTIM))[:2] == ("unknown", 1)
            assert dispatch.kept()[VICTIM] == 1

    asyncio.run(scene())


@pytest.mark.parametrize("script", ["rcpt *@example.net defer 1", "after-dot *@example.org drop 1"])
def test_on_postgresql_a_copy_ends_alike(postgres_house: OpenHouse, tmp_path: Path, script: str) -> None:
    """Deferred and uncertain copies are accepted in the end, and the books balance at every look."""

    async def scene() -> None:
        async with postgres_house() as here:
            await here.subscribe([VICTIM, *OTHERS])
            await here.release()
            async with dispatching(here, tmp_path, script) as dispatch:
                await dispatch.until_settled()
            found = await here.books()
            assert (found.audience, found.accepted) == (3, 3)
            await _assert_no_address_is_stored(here)

    asyncio.run(scene())
