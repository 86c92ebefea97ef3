"""A Letter that was claimed is dealt out or given back, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from mailer.delivery.claims import Claims
from mailer.delivery.copy import Composer
from mailer.delivery.letterpress import Letterpress
from mailer.domain.newsletter import Newsletter
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.house import LINKS, NODE, SECRETS, House, utc_now


class TornPress(Letterpress):
    """A press that breaks at each look at a theme, in a way nobody has thought of."""

    async def prepare(self, newsletters: Iterable[Newsletter]) -> None:
        """Break."""
        raise ZeroDivisionError


def claims(house: House, press: Letterpress, owner: str = NODE) -> Claims:
    return Claims(house.database, Composer(SECRETS, house.vault, ""), press, owner=owner, clock=utc_now)


def test_letters_are_given_back_when_they_cant_be_prepared(house: OpenHouse) -> None:
    """Another node, or this one a moment later, takes them."""

    async def scene() -> None:
        async with house() as here:
            await here.write_letter("first@example.net")
            await here.write_letter("second@example.net")

            with pytest.raises(ZeroDivisionError):
                await claims(here, TornPress(LINKS)).letters(10)

            assert await here.rows("SELECT state, owner FROM letter") == [("queued", None)] * 2
            assert len(await claims(here, Letterpress(LINKS), "node-2").letters(10)) == 2

    asyncio.run(scene())
