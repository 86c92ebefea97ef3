"""Taking a sign-up: the same answer whoever's address it is."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.audience.signup import receive
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.box import Refused, read_fields, read_sign_up
from mailer.web.public.front import front_page, page_language
from mailer.web.site import Site

_UNPROCESSABLE = 422


def routes(site: Site) -> list[Route]:
    """Return the route that the subscribe box posts to."""
    path = "/{language}/subscribe"
    return [
        Route(path, partial(_back, site)),
        Route(path, partial(_subscribe, site), methods=["POST"]),
    ]


async def _back(site: Site, request: Request) -> Response:
    """Lead whoever comes here without a form to one."""
    language = page_language(request.path_params["language"], languages(await published(site.database)))
    return RedirectResponse(f"{site.paths.home(language)}#subscribe", 303)


async def _subscribe(site: Site, request: Request) -> Response:
    body = await request.body()
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    offered = [newsletter for newsletter in known if language in newsletter.languages]
    if not offered:
        return await front_page(site, language, status=_UNPROCESSABLE)
    try:
        form = read_sign_up(read_fields(body), offered, language)
    except Refused as refused:
        boxes = {refused.box.newsletter: refused.box}
        return await front_page(site, language, boxes=boxes, status=_UNPROCESSABLE)
    await receive(site.database, site.vault, form, now=site.clock())
    site.wake()
    return show(site, Page("public/check_mail.html", language, known, private=True))
