"""What every sign-up needs and none changes, kept for a second: the newsletters, and the page that answers.

Five hundred sign-ups may come in one second. Reading the newsletters and setting the page cost more than
taking a sign-up does; and what is one and the same for everybody can tell nobody apart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.pages import published
from mailer.web.site import Site

KEPT_S: Final = 1.0
"""How long after a change to a newsletter a sign-up may still be taken as before it."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A page as it was set once."""

    body: bytes
    status: int
    headers: Mapping[str, str]


class Shelf:
    """The newsletters, and one page about them for each language."""

    def __init__(
        self,
        site: Site,
        answer: Callable[[Language, list[Newsletter]], Response],
        *,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Hold nothing yet.

        Args:
            site: whose newsletters.
            answer: sets the page; it is the same for everybody.
            clock_s: seconds, from anywhere, that never go back.
        """
        self._site = site
        self._answer = answer
        self._clock_s = clock_s
        self._read = asyncio.Lock()
        self._stale_at = float("-inf")
        self._known: list[Newsletter] = []
        self._sheets: dict[Language, _Sheet] = {}

    async def newsletters(self) -> list[Newsletter]:
        """Return every newsletter, in order of their slugs, as it was a second ago at the earliest.

        Raises:
            StorageError: the database can't be read.
        """
        async with self._read:
            if self._clock_s() >= self._stale_at:
                self._known = await published(self._site.database)
                self._sheets = {}
                self._stale_at = self._clock_s() + KEPT_S
            return self._known

    def answer(self, language: Language) -> Response:
        """Return the page in *language*, about the newsletters that were read last."""
        sheet = self._sheets.get(language)
        if sheet is None:
            page = self._answer(language, self._known)
            sheet = self._sheets[language] = _Sheet(bytes(page.body), page.status_code, dict(page.headers))
        return Response(sheet.body, sheet.status, sheet.headers)
