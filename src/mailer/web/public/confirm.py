"""The page behind a confirm link: one button; looking at it changes nothing."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.confirmation import ConfirmLink, LinkState, confirm, look_up, renew
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.box import empty_box
from mailer.web.public.front import page_language
from mailer.web.public.signup import check_mail
from mailer.web.site import Site

_OK, _GONE = 200, 410
_PAGES = {
    LinkState.OPEN: ("public/confirm.html", _OK),
    LinkState.DONE: ("public/subscribed.html", _OK),
    LinkState.USED: ("public/used_link.html", _GONE),
    LinkState.LATE: ("public/late_link.html", _GONE),
    LinkState.DEAD: ("public/dead_link.html", _GONE),
}


def routes(site: Site) -> list[Route]:
    """Return the routes of confirm links."""
    path = "/{language}/confirm/{secret}"
    return [
        Route(path, partial(_look, site)),
        Route(path, partial(_press, site), methods=["POST"]),
        Route(f"{path}/again", partial(_look, site)),
        Route(f"{path}/again", partial(_again, site), methods=["POST"]),
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


async def _again(site: Site, request: Request) -> Response:
    """Ask for a new mail in place of a late link; the answer is that to any sign-up, whatever the link."""
    await request.body()
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    await renew(site.database, site.vault, request.path_params["secret"], now=site.clock())
    site.wake()
    return check_mail(site, language, known)


def _show(
    site: Site, request: Request, link: ConfirmLink, *, language: Language, known: list[Newsletter]
) -> Response:
    named = [newsletter for newsletter in known if newsletter.slug in link.newsletters]
    # The page names every newsletter it is about, so it exists only where each has a name.
    spoken = [one for one in languages(known) if all(one in newsletter.languages for newsletter in named)]
    if language not in spoken:
        raise HTTPException(404)
    template, status = _PAGES[link.state]
    secret = request.path_params["secret"]
    page = Page(
        template,
        language,
        known,
        newsletter=named[0] if named else None,
        elsewhere={other: site.paths.confirm(other, secret) for other in spoken},
        values={
            "newsletters": named,
            "again": site.paths.confirm_again(language, secret),
            "box": empty_box(known, language),
        },
        status=status,
        private=True,
    )
    return show(site, page)
