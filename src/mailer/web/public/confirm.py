"""The page behind a confirm link: one button; looking at it changes nothing."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.confirmation import ConfirmLink, LinkState, confirm, look_up
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.box import empty_box
from mailer.web.public.front import page_language
from mailer.web.site import Site

_GONE = 410
_TEMPLATES = {
    LinkState.OPEN: "public/confirm.html",
    LinkState.DONE: "public/subscribed.html",
    LinkState.LATE: "public/dead_link.html",
    LinkState.DEAD: "public/dead_link.html",
}


def routes(site: Site) -> list[Route]:
    """Return the routes of confirm links."""
    path = "/{language}/confirm/{secret}"
    return [
        Route(path, partial(_look, site)),
        Route(path, partial(_press, site), methods=["POST"]),
    ]


async def _look(site: Site, request: Request) -> Response:
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    link = await look_up(site.database, request.path_params["secret"], now=site.clock())
    return _show(site, request, link, language=language, known=known)


async def _press(site: Site, request: Request) -> Response:
    await request.body()
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    link = await confirm(site.database, site.vault, request.path_params["secret"], now=site.clock())
    if link.state is LinkState.DONE:
        site.wake()
    return _show(site, request, link, language=language, known=known)


def _show(
    site: Site, request: Request, link: ConfirmLink, *, language: Language, known: list[Newsletter]
) -> Response:
    here = [newsletter for newsletter in known if language in newsletter.languages]
    named = next((newsletter for newsletter in here if newsletter.slug in link.newsletters), None)
    if link.newsletters and named is None:
        raise HTTPException(404)
    newsletter = named or next(iter(here), None)
    secret = request.path_params["secret"]
    page = Page(
        _TEMPLATES[link.state],
        language,
        known,
        newsletter=newsletter,
        elsewhere={other: site.paths.confirm(other, secret) for other in languages(known)},
        values={
            "newsletter": newsletter,
            "box": empty_box(newsletter, language) if newsletter else None,
        },
        status=200 if link.state in (LinkState.OPEN, LinkState.DONE) else _GONE,
        private=True,
    )
    return show(site, page)
