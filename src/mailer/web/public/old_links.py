"""Links in mails of listmonk's, where readers came from it: a page that still leads them out.

listmonk's addresses name a subscriber by a number of its own, which we do not keep. So nothing can be
done for whoever opens one, but asking for their address and mailing them a link to their settings. An
operator who moves points the old site's name at this one (docs/moving.md).
"""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.web.pages import Page, language_of, languages, published, show
from mailer.web.site import Site

_GONE = 410
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
    return await _way_out(site, request, status=200)


async def _pressed(site: Site, request: Request) -> Response:
    """Say that nothing was done: a mail program must not tell its owner that they have left."""
    await request.body()
    return await _way_out(site, request, status=_GONE)


async def _way_out(site: Site, request: Request, *, status: int) -> Response:
    known = await published(site.database)
    page = Page(
        "public/old_link.html",
        language_of(request, languages(known)),
        known,
        elsewhere={other: site.paths.settings(other) for other in languages(known)},
        values={"address": "", "is_mistaken": False},
        status=status,
        private=True,
    )
    response = show(site, page)
    response.headers.add_vary_header("Accept-Language")
    return response
