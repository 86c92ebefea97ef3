"""Links in mails of listmonk's, where readers came from it: a page that still leads them out.

listmonk's addresses name a subscriber by a number of its own, which we do not keep. So nothing can be
done for whoever opens one, but asking for their address and mailing them a link to their settings. An
operator who moves points the old site's name at this one (docs/moving.md).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.newsletter import Newsletter
from mailer.rendering.templates import environment, render
from mailer.web.pages import TEMPLATES, Page, language_of, languages, published, show
from mailer.web.site import Site

_GONE = 410
_WAY_OUT: Final = "public/_old_way_out.html"
_PATHS: Final = (
    "/subscription/{campaign:uuid}/{subscriber:uuid}",
    "/subscription/optin/{subscriber:uuid}",
    "/campaign/{campaign:uuid}/{subscriber:uuid}",
    "/link/{link:uuid}/{campaign:uuid}/{subscriber:uuid}",
)


def routes(site: Site) -> list[Route]:
    """Return the routes of old links; they go before that of an issue, whose path looks alike."""
    looking = [Route(path, partial(_page, site)) for path in _PATHS]
    pressing = [Route(path, partial(_pressed, site), methods=["POST"]) for path in _PATHS[:2]]
    return [*looking, *pressing]


async def _page(site: Site, request: Request) -> Response:
    known = await published(site.database)
    values: dict[str, object] = {"address": "", "is_mistaken": False}
    return _shown(site, _page_of(site, request, known, "public/old_link.html", values=values))


async def _pressed(site: Site, request: Request) -> Response:
    """Say that nothing was done: a mail program must not tell its owner that they have left.

    In every language: what a mail program sends names none.
    """
    await request.body()
    known = await published(site.database)
    ways = [
        Markup(render(environment(TEMPLATES, each), _WAY_OUT, {"settings": site.paths.settings(each)}))  # noqa: S704 - a template of ours escaped it
        for each in languages(known)
    ]
    page = _page_of(site, request, known, "public/old_link_pressed.html", values={"ways": ways})
    return _shown(site, replace(page, status=_GONE))


def _page_of(
    site: Site, request: Request, known: list[Newsletter], template: str, *, values: dict[str, object]
) -> Page:
    return Page(
        template,
        language_of(request, languages(known)),
        known,
        elsewhere={other: site.paths.settings(other) for other in languages(known)},
        values=values,
        private=True,
    )


def _shown(site: Site, page: Page) -> Response:
    response = show(site, page)
    response.headers.add_vary_header("Accept-Language")
    return response
