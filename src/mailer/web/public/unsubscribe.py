"""The page behind an unsubscribe link: one button; a bare POST does the same at once (RFC 8058).

The link lives for ever and issues are forwarded, so looking tells nothing of the reader: neither whether they
left, nor their language. The page of a press has an address of its own (``?done``), the same for everybody.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.departure import look_up, unsubscribe
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.pages import Page, language_of, languages, published, show
from mailer.web.site import Site

_NOT_FOUND = 404


def routes(site: Site) -> list[Route]:
    """Return the routes of unsubscribe links."""
    path = "/u/{token}"
    return [
        Route(path, partial(_look, site)),
        Route(path, partial(_press, site), methods=["POST"]),
    ]


async def _look(site: Site, request: Request) -> Response:
    slug = await look_up(site.database, site.link_keys, request.path_params["token"])
    if slug is None:
        return await _unknown(site, request)
    if "done" in request.query_params:
        return await _done(site, request, slug)
    page = _page(site, request, await published(site.database), slug)
    return show(site, replace(page, template="public/unsubscribe.html"))


async def _press(site: Site, request: Request) -> Response:
    # RFC 8058 §3.1: the body says List-Unsubscribe=One-Click, in either form encoding. The token alone
    # is the authority, so what the body says is not asked; it is read because a client may wait for that.
    await request.body()
    leaver = await unsubscribe(
        site.database, site.vault, site.link_keys, link=request.path_params["token"], now=site.clock()
    )
    if leaver is None:
        return await _unknown(site, request)
    site.wake()
    return await _done(site, request, leaver.newsletter, leaver.way_back)


async def _done(site: Site, request: Request, slug: str, secret: str = "") -> Response:
    """Show the page of a press, with the way back where *secret* is given."""
    page = _page(site, request, await published(site.database), slug, query="done&")
    way_back = site.paths.way_back(page.language, secret) if secret else ""
    return show(
        site, replace(page, template="public/unsubscribed.html", values={**page.values, "way_back": way_back})
    )


def _page(site: Site, request: Request, known: list[Newsletter], slug: str, query: str = "") -> Page:
    """Return what both pages share; the switch leads to ?*query*lang=…."""
    newsletter = next(one for one in known if one.slug == slug)
    language = _language(request, newsletter)
    here = site.paths.unsubscribe(request.path_params["token"])
    return Page(
        "",
        language,
        known,
        newsletter=newsletter,
        elsewhere={other: f"{here}?{query}lang={other}" for other in newsletter.languages},
        values={"newsletter": newsletter, "here": f"{here}?lang={language}"},
        private=True,
    )


async def _unknown(site: Site, request: Request) -> Response:
    known = await published(site.database)
    language = language_of(request, languages(known))
    return show(site, Page("public/cut_link.html", language, known, status=_NOT_FOUND, private=True))


def _language(request: Request, newsletter: Newsletter) -> Language:
    """Return the language chosen on the page, else what the browser prefers."""
    wanted = request.query_params.get("lang")
    for language in newsletter.languages:
        if language == wanted:
            return language
    return language_of(request, newsletter.languages)
