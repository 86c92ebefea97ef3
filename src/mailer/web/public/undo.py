"""The page behind the link of a goodbye: one button, and leaving is undone; looking changes nothing."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.undo import WayBack, WayBackState, come_back, look_up
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.front import page_language
from mailer.web.site import Site

_GONE = 410
_TEMPLATES = {
    WayBackState.OPEN: "public/way_back.html",
    WayBackState.DONE: "public/subscribed.html",
    WayBackState.DEAD: "public/way_back_closed.html",
}


def routes(site: Site) -> list[Route]:
    """Return the routes of links in goodbyes."""
    path = "/{language}/back/{secret}"
    return [
        Route(path, partial(_look, site)),
        Route(path, partial(_press, site), methods=["POST"]),
    ]


async def _look(site: Site, request: Request) -> Response:
    found = await look_up(site.database, request.path_params["secret"], now=site.clock())
    return await _show(site, request, found)


async def _press(site: Site, request: Request) -> Response:
    await request.body()
    secret = request.path_params["secret"]
    found = await come_back(site.database, site.vault, secret, now=site.clock())
    if found.state is WayBackState.DONE:
        site.wake()
    return await _show(site, request, found)


async def _show(site: Site, request: Request, found: WayBack) -> Response:
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    secret = request.path_params["secret"]
    here = [one for one in known if one.slug == found.newsletter and language in one.languages]
    if found.newsletter and not here:
        raise HTTPException(404)
    newsletter = here[0] if here else None
    page = Page(
        _TEMPLATES[found.state],
        language,
        known,
        newsletter=newsletter,
        elsewhere={other: site.paths.way_back(other, secret) for other in languages(here or known)},
        values={"newsletter": newsletter, "newsletters": here},
        status=_GONE if found.state is WayBackState.DEAD else 200,
        private=True,
    )
    return show(site, page)
