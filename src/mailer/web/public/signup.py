"""Taking a sign-up: the same answer whoever's address it is."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.audience.signup import receive
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.form import form_of
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.box import Refused, offered_in, read_sign_up
from mailer.web.public.challenge import signs_of
from mailer.web.public.embed import is_foreign, show_filled
from mailer.web.public.front import front_page, page_language
from mailer.web.public.shelf import Shelf
from mailer.web.site import Site

_UNPROCESSABLE = 422


def routes(site: Site) -> list[Route]:
    """Return the routes that the subscribe box posts to, and of the page that follows."""
    path = "/{language}/subscribe"
    shelf = Shelf(site, partial(check_mail, site))
    return [
        Route(path, partial(_back, site)),
        Route(path, partial(_subscribe, site, shelf), methods=["POST"]),
        Route("/{language}/check-mail", partial(_check_mail, site)),
    ]


def check_mail(site: Site, language: Language, known: list[Newsletter]) -> Response:
    """Return the page that answers every sign-up."""
    elsewhere = {other: site.paths.check_mail(other) for other in languages(known)}
    return show(site, Page("public/check_mail.html", language, known, elsewhere=elsewhere, private=True))


async def _back(site: Site, request: Request) -> Response:
    """Lead whoever comes here without a form to one."""
    language = page_language(request.path_params["language"], languages(await published(site.database)))
    return RedirectResponse(f"{site.paths.home(language)}#subscribe", 303)


async def _check_mail(site: Site, request: Request) -> Response:
    """Show the answer in another language: the switch leads here, and nothing is asked for."""
    known = await published(site.database)
    return check_mail(site, page_language(request.path_params["language"], languages(known)), known)


async def _subscribe(site: Site, shelf: Shelf, request: Request) -> Response:
    fields = await form_of(request)
    known = await shelf.newsletters()
    language = page_language(request.path_params["language"], languages(known))
    offered = offered_in(language, known)
    if not offered:
        return await front_page(site, language, status=_UNPROCESSABLE)
    if is_foreign(request):
        return show_filled(site, language, known, fields)
    try:
        form = read_sign_up(fields, offered, language)
    except Refused as refused:
        return await front_page(site, language, box=refused.box, status=_UNPROCESSABLE)
    signs = signs_of(site, request, fields)
    await receive(site.database, site.vault, form, now=site.clock(), signs=signs)
    # Nobody is woken: the sending process looks by its own clock (audience/deciding.py), so that no
    # visitor's next answer is slower or quicker by what becomes of this one.
    return shelf.answer(language)
