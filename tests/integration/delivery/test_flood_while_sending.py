"""An issue goes out while sign-ups flood in: its readers do not wait for strangers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from mailer.audience import signup
from mailer.audience.deciding import Deciding, Judging
from mailer.audience.flood import Flood
from mailer.audience.signup import SignUpForm
from mailer.domain.content import LetterKind
from mailer.domain.flood import FloodLimits
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.storage import signups
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import dispatching
from tests.integration.delivery.house import House, utc_now

CROWD = [f"reader{number}@example.org" for number in range(120)]
FORM = SignUpForm("", (sample_newsletter().slug,), Language.ENGLISH)


async def pour(house: House, count: int) -> None:
    """Have so many strangers' addresses typed in."""
    forms = [
        SignUpForm(f"stranger{number}@example.net", FORM.newsletters, FORM.language)
        for number in range(count)
    ]
    await asyncio.gather(
        *(signup.receive(house.database, house.vault, each, now=utc_now()) for each in forms)
    )


def test_of_five_mails_four_are_copies(house: OpenHouse, tmp_path: Path) -> None:
    """While copies wait, at most one mail in five is a Letter; before and after, Letters go at once."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            await here.release()
            for number in range(150):
                await here.write_letter(f"stranger{number}@example.net", LetterKind.CONFIRM)
            async with dispatching(here, tmp_path) as dispatch:
                await dispatch.until_settled()
                last = max(place for place, body in enumerate(dispatch.begun) if not body.is_letter)
                letters_before = sum(body.is_letter for body in dispatch.begun[:last])
                await dispatch.until(lambda: _no_letters(here))

            assert dispatch.begun[0].is_letter
            # Besides each fifth, the last claim of copies may find none waiting for a moment.
            assert letters_before <= len(CROWD) / 4 + 5
            assert len(dispatch.begun) == len(CROWD) + 150

    asyncio.run(scene())


async def _no_letters(house: House) -> bool:
    return await house.rows("SELECT 1 FROM letter") == []


def test_an_issue_goes_out_while_the_flood_waits(house: OpenHouse, tmp_path: Path) -> None:
    """A thousand sign-ups come and wait meanwhile; every copy goes, and thirty mails of the flood at most."""

    async def scene() -> None:
        async with house() as here:
            await here.subscribe(CROWD)
            await here.release()
            flood = Flood(FloodLimits())
            async with dispatching(here, tmp_path) as dispatch:
                judging = Judging(here.vault, flood)
                sign_ups = Deciding(here.database, judging, clock=utc_now, decided=dispatch.feed.wake)
                deciding_them = asyncio.create_task(sign_ups.run())
                await pour(here, 1_000)
                await dispatch.until_settled()
                await dispatch.until(lambda: _all_wait(here))
                deciding_them.cancel()
                with suppress(asyncio.CancelledError):
                    await deciding_them

            books = await here.books()
            strangers = [body for body in dispatch.begun if body.recipient.endswith("@example.net")]
            assert (books.accepted, books.audience) == (120, 120)
            assert len(strangers) <= 30
            assert flood.is_attack

    asyncio.run(scene())


async def _all_wait(house: House) -> bool:
    return (await house.database.read(lambda tx: signups.waiting(tx, utc_now()))).many >= 970
