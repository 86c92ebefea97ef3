"""A page behind a mailed link: looking changes nothing, a press acts, and both answer with the same page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.form import form_of
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.front import page_language
from mailer.web.site import Site

GONE = 410
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """Who opened the page.

    Attributes:
        secret: of the link.
        known: every newsletter.
    """

    site: Site
    language: Language
    secret: str
    known: list[Newsletter]


@dataclass(frozen=True, slots=True)
class MailedLink(Generic[T]):
    """What such a page does.

    Attributes:
        path: with ``{language}`` and ``{secret}``.
        look: says what the secret is worth.
        press: does what the fields of the form say, and says what the secret is worth then.
        page: shows that.
    """

    path: str
    look: Callable[[Site, str], Awaitable[T]]
    press: Callable[[Site, str, Mapping[str, str]], Awaitable[T]]
    page: Callable[[Visit, T], Page]

    def routes(self, site: Site) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route(self.path, partial(self._look, site)),
            Route(self.path, partial(self._press, site), methods=["POST"]),
        ]

    async def _look(self, site: Site, request: Request) -> Response:
        return await self._show(site, request, await self.look(site, request.path_params["secret"]))

    async def _press(self, site: Site, request: Request) -> Response:
        fields = await form_of(request)
        return await self._show(site, request, await self.press(site, request.path_params["secret"], fields))

    async def _show(self, site: Site, request: Request, found: T) -> Response:
        known = await published(site.database)
        language = page_language(request.path_params["language"], languages(known))
        return show(site, self.page(Visit(site, language, request.path_params["secret"], known), found))
