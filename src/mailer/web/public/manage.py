"""One's own settings: the page that mails a link to them, and the page behind it."""

from __future__ import annotations

from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience import settings_link
from mailer.audience.address import NotAnAddress, parse_address
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.form import form_of
from mailer.web.pages import Page, languages, published, show
from mailer.web.public import presses, settings_page
from mailer.web.public.challenge import signs_of
from mailer.web.public.embed import is_foreign
from mailer.web.public.front import page_language
from mailer.web.site import Site

_GONE = 410
_UNPROCESSABLE = 422
_MOST_KEPT_CHARS = 254


def routes(site: Site) -> list[Route]:
    """Return the routes of the settings; they go before that of an issue, whose path looks alike."""
    ask, own = "/{language}/manage", "/{language}/manage/{secret}"
    return [
        Route(ask, partial(_form, site)),
        Route(ask, partial(_ask, site), methods=["POST"]),
        Route(own, partial(_look, site)),
        Route(own, partial(_press, site), methods=["POST"]),
    ]


async def _form(site: Site, request: Request) -> Response:
    known = await published(site.database)
    return _ask_page(site, _language(request, known), known)


async def _ask(site: Site, request: Request) -> Response:
    """Answer the same whoever's address it is: nobody has looked yet."""
    fields = await form_of(request)
    address = fields.get("address", "")
    known = await published(site.database)
    language = _language(request, known)
    if is_foreign(request):
        # Else any page could have its visitors' browsers mail somebody a link: a press here counts.
        return _ask_page(site, language, known, typed=address)
    try:
        parse_address(address)
    except NotAnAddress:
        return _ask_page(site, language, known, typed=address, is_mistaken=True)
    signs = signs_of(site, request, fields)
    await settings_link.ask(site.database, site.vault, address, now=site.clock(), signs=signs)
    return show(site, Page("public/settings_sent.html", language, known, private=True))


async def _look(site: Site, request: Request) -> Response:
    known = await published(site.database)
    visit = settings_page.Visit(site, _language(request, known), request.path_params["secret"], known)
    return await settings_page.show_settings(visit) or _dead(visit)


async def _press(site: Site, request: Request) -> Response:
    fields = await form_of(request)
    known = await published(site.database)
    visit = settings_page.Visit(site, _language(request, known), request.path_params["secret"], known, fields)
    press = presses.PRESSES.get(fields.get("do", ""))
    if press is None:
        raise HTTPException(400)
    return await press(visit) or _dead(visit)


def _ask_page(
    site: Site,
    language: Language,
    known: list[Newsletter],
    *,
    typed: str | None = None,
    is_mistaken: bool = False,
) -> Response:
    kept = "".join(letter for letter in typed or "" if letter.isprintable())[:_MOST_KEPT_CHARS]
    page = Page(
        "public/settings_ask.html",
        language,
        known,
        elsewhere={other: site.paths.settings(other) for other in languages(known)},
        values={"address": kept, "is_mistaken": is_mistaken},
        status=_UNPROCESSABLE if is_mistaken else 200,
        # What was typed stands in it.
        private=typed is not None,
    )
    return show(site, page)


def _dead(visit: settings_page.Visit) -> Response:
    site, known = visit.site, visit.known
    page = Page(
        "public/settings_dead.html",
        visit.language,
        known,
        elsewhere={other: site.paths.settings(other) for other in languages(known)},
        values={"address": "", "is_mistaken": False},
        status=_GONE,
        private=True,
    )
    return show(site, page)


def _language(request: Request, known: list[Newsletter]) -> Language:
    return page_language(request.path_params["language"], languages(known))
