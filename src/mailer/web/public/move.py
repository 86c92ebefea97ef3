"""The page on which an address, old or new, agrees to a change or refuses it; looking changes nothing."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.new_address import MoveState, decide, look_up
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.box import read_fields
from mailer.web.public.front import page_language
from mailer.web.site import Site

_GONE = 410
_ANSWERS = {"agree": True, "refuse": False}


def routes(site: Site) -> list[Route]:
    """Return the routes of links about a change of address."""
    path = "/{language}/move/{secret}"
    return [
        Route(path, partial(_look, site)),
        Route(path, partial(_press, site), methods=["POST"]),
    ]


async def _look(site: Site, request: Request) -> Response:
    state = await look_up(site.database, request.path_params["secret"], now=site.clock())
    return await _show(site, request, state)


async def _press(site: Site, request: Request) -> Response:
    agrees = _ANSWERS.get(read_fields(await request.body()).get("do", ""))
    if agrees is None:
        raise HTTPException(400)
    secret = request.path_params["secret"]
    state = await decide(site.database, site.vault, secret, agrees=agrees, now=site.clock())
    site.wake()
    return await _show(site, request, state)


async def _show(site: Site, request: Request, state: MoveState) -> Response:
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    page = Page(
        "public/move.html",
        language,
        known,
        elsewhere={
            other: site.paths.move(other, request.path_params["secret"]) for other in languages(known)
        },
        values={"state": state.name},
        status=_GONE if state is MoveState.DEAD else 200,
        private=True,
    )
    return show(site, page)
