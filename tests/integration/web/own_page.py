"""A reader at the page of their settings, before the site of staging.py."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

import httpx

from tests.integration.web.staging import READER, Stage


@dataclass
class OwnPage:
    """The page behind a link that was mailed."""

    stage: Stage
    path: str

    async def look(self) -> httpx.Response:
        """Open it."""
        return await self.stage.client.get(self.path)

    async def press(self, do: str, **fields: str) -> httpx.Response:
        """Press one of its buttons."""
        return await self.stage.client.post(self.path, data={"do": do, **fields})


async def ask(stage: Stage, address: str = READER, lang: str = "en") -> httpx.Response:
    """Ask for a link."""
    return await stage.client.post(f"/{lang}/manage", data={"address": address})


async def opened(stage: Stage, address: str = READER, lang: str = "en") -> OwnPage:
    """Ask for a link and take it from the mail."""
    await ask(stage, address, lang)
    await stage.decide()
    return OwnPage(stage, f"/{lang}/manage/{secret(stage, 'manage')}")


def secret(stage: Stage, kind: str) -> str:
    """Return the secret that the newest letter of *kind* carries."""
    found = stage.rows(f"SELECT sealed, seal_id FROM letter WHERE kind = '{kind}' ORDER BY id")
    sealed, seal_id = found[-1]
    return stage.site.vault.open_values(bytes(sealed), bytes(seal_id))["secret"]


def words(answer: httpx.Response) -> str:
    """Return what a page says, without its tags and with plain spaces."""
    return unescape(re.sub(r"<[^>]+>", " ", answer.text)).replace("\u00a0", " ")
