"""While the restore fence is shut no copy and no Letter leaves, and nothing is released."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mailer.config import RelaySettings
from mailer.delivery.claims import Claims
from mailer.delivery.copy import Composer
from mailer.delivery.dialler import Dialler
from mailer.delivery.feed import Feed
from mailer.delivery.fence import Fence, Fenced, identify
from mailer.delivery.letterpress import Letterpress
from mailer.delivery.release import Terms, release
from mailer.delivery.sender import Sender
from mailer.domain.fence import Fault
from mailer.domain.issue import IssueState
from mailer.domain.period import week
from mailer.domain.retry import RetryPolicy
from mailer.editorial.importing import import_commentaries
from mailer.editorial.sample import sample_commentaries
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from mailer.storage import installation, issues, newsletters
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import until
from tests.integration.delivery.house import LINKS, NODE, SECRETS, House, utc_now

_QUIET_S = 0.5
"""Long enough for an unfenced sender to send everything several times over."""


def _claims(house: House) -> Claims:
    composer = Composer(SECRETS, house.vault, "")
    return Claims(house.database, composer, Letterpress(LINKS), owner=NODE, clock=utc_now)


class Sending:
    """A sender behind a fence, and what its relay has taken."""

    def __init__(self, house: House, folder: Path) -> None:
        self.fence = Fence(house.database, folder, clock=utc_now)
        self.mailbox = Mailbox(folder / "kept")
        self.relay = Relay(self.mailbox)
        self.feed = Feed(_claims(house), may_send=lambda: self.fence.is_open)

    async def until_kept(self, count: int) -> None:
        """Wait until the relay has taken so many mails."""

        async def kept() -> bool:
            return self.mailbox.count() >= count

        await until(kept, 5)


@asynccontextmanager
async def _sending(house: House, folder: Path) -> AsyncIterator[Sending]:
    here = Sending(house, folder)
    await here.relay.start()
    relay = RelaySettings(host="127.0.0.1", port=here.relay.port, tls="none", connections=2)
    sender = Sender(
        house.database, here.feed, Dialler(relay, "here.example.org"), retry=RetryPolicy((1,)), clock=utc_now
    )
    await here.fence.count()
    tasks = [asyncio.create_task(sender.run()), asyncio.create_task(here.fence.watch(here.feed.wake))]
    try:
        yield here
    finally:
        sender.stop()
        await tasks[0]
        tasks[1].cancel()
        await here.relay.stop()


async def _due(house: House) -> None:
    """Put six copies and a Letter on their way."""
    await house.subscribe([f"reader{number}@example.org" for number in range(6)])
    await house.release()
    await house.write_letter("somebody@example.net")


def test_a_copied_database_sends_nothing_until_it_is_allowed(house: OpenHouse, tmp_path: Path) -> None:
    """Neither copies nor Letters; once a person allows it, all of it goes without a restart."""

    async def scene() -> None:
        async with house() as here:
            await identify(here.database, tmp_path / "elsewhere", now=utc_now())
            await _due(here)
            async with _sending(here, tmp_path) as sending:
                await asyncio.sleep(_QUIET_S)
                assert sending.fence.state.fault is Fault.MISSING
                assert sending.mailbox.count() == 0
                assert await here.rows("SELECT 1 FROM chunk WHERE owner IS NOT NULL") == []

                await Fence(here.database, tmp_path, clock=utc_now).allow()
                await sending.until_kept(7)
            assert (await here.books()).accepted == 6

    (tmp_path / "elsewhere").mkdir()
    asyncio.run(scene())


def test_a_file_that_goes_away_stops_what_is_claimed_too(house: OpenHouse, tmp_path: Path) -> None:
    """A running sender notices within seconds, and holds copies that it has at hand already."""

    async def scene() -> None:
        async with house() as here:
            await identify(here.database, tmp_path, now=utc_now())
            async with _sending(here, tmp_path) as sending:
                (tmp_path / "identity").unlink()
                await sending.fence.look()
                await _due(here)
                sending.feed.wake()
                await asyncio.sleep(_QUIET_S)
                assert sending.mailbox.count() == 0

                await sending.fence.allow()
                sending.feed.wake()
                await sending.until_kept(7)

    asyncio.run(scene())


def test_copies_at_hand_wait_for_the_fence(house: OpenHouse, tmp_path: Path) -> None:
    """What was claimed before the fence was shut is not dealt out until it opens."""

    async def scene() -> None:
        async with house() as here:
            await _due(here)
            is_open = True
            feed = Feed(_claims(here), may_send=lambda: is_open)
            filling = asyncio.create_task(feed.fill())
            first = await feed.take(5)
            is_open = False
            assert first is not None
            assert (feed.take_now(), await feed.take(0.2)) == (None, None)

            is_open = True
            feed.wake()
            assert await feed.take(2) is not None
            feed.stop()
            await filling
            await feed.drain()

    asyncio.run(scene())


@pytest.mark.parametrize("is_restored", [False, True])
def test_a_release_passes_the_fence_and_is_counted(
    house: OpenHouse, tmp_path: Path, *, is_restored: bool
) -> None:
    """Released, database and file have counted it; refused, the issue is the draft it was."""

    async def scene() -> None:
        async with house() as here:
            await identify(here.database, tmp_path, now=utc_now())
            newsletter = await here.database.read(lambda tx: newsletters.pick(tx, None))
            period = week(2026, 47)
            await import_commentaries(here.database, sample_commentaries(period))
            draft = await here.database.write(
                lambda tx: issues.build(tx, newsletter.slug, period, words={}, now=utc_now())
            )
            await here.subscribe(["reader@example.org"])
            if is_restored:
                (tmp_path / "identity").unlink()
            fence = Fence(here.database, tmp_path, clock=utc_now)
            terms = Terms(LINKS, NODE, utc_now().replace(microsecond=0), fence=fence)

            if is_restored:
                with pytest.raises(Fenced, match="mailer sending allow"):
                    await release(here.database, draft.id, terms)
            else:
                await release(here.database, draft.id, terms)

            after = await here.database.read(lambda tx: issues.get(tx, draft.id))
            counted = await here.database.read(installation.find)
            assert after.state is (IssueState.DRAFT if is_restored else IssueState.RELEASED)
            assert counted is not None
            assert counted.counter == (0 if is_restored else 1)
            assert is_restored or " 1\n" in (tmp_path / "identity").read_text()

    asyncio.run(scene())
