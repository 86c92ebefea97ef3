"""What has outlived its time is forgotten by the rounds of a running node."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from mailer.delivery.presence import Presence
from mailer.delivery.rounds import Rounds
from mailer.domain.content import LetterKind
from mailer.domain.retry import RetryPolicy
from mailer.storage import Transaction, letters, reader_links, spent_proofs
from mailer.storage.reader_links import LinkPurpose, ReaderLink
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.house import utc_now

TABLES = ("reader_link", "spent_proof", "letter_count")


def test_what_has_outlived_its_time_is_forgotten(house: OpenHouse, tmp_path: Path) -> None:
    """Links, used proofs and counters go once they serve nothing, and not before."""

    async def scene() -> None:
        now = utc_now()
        async with house() as here:
            await here.subscribe(["anna@example.org"])
            ((reader,),) = await here.rows("SELECT id FROM reader")

            def work(tx: Transaction) -> None:
                link = ReaderLink(
                    b"l" * 32, int(str(reader)), LinkPurpose.SETTINGS, now + timedelta(minutes=30)
                )
                reader_links.add(tx, link)
                spent_proofs.spend(tx, b"p" * 32, now + timedelta(hours=1))
                letters.count(tx, b"i" * 32, LetterKind.CONFIRM, now)

            await here.database.write(work)

            async def left(after: timedelta) -> list[int]:
                presence = Presence(here.database, tmp_path / "run")
                await Rounds(here.database, presence, retry=RetryPolicy(), clock=lambda: now + after).tidy()
                return [len(await here.rows(f"SELECT 1 FROM {table}")) for table in TABLES]

            assert await left(timedelta(minutes=20)) == [1, 1, 1]
            assert await left(timedelta(minutes=40)) == [0, 1, 1]
            assert await left(timedelta(hours=2)) == [0, 0, 1]
            assert await left(timedelta(days=31)) == [0, 0, 0]

    asyncio.run(scene())
