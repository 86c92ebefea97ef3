"""The page behind an unsubscribe link: one button; a bare POST does the same at once (RFC 8058)."""

from __future__ import annotations

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.departure import Leaver, look_up, unsubscribe
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.subscription import Event, Standing, step
from mailer.storage import readers
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
    leaver = await look_up(site.database, site.link_keys, request.path_params["token"])
    if leaver is None:
        return await _unknown(site, request)
    done = await _has_left(site, leaver)
    return await _show(site, request, leaver, template="unsubscribed" if done else "unsubscribe")


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
    return await _show(site, request, leaver, template="unsubscribed")


async def _has_left(site: Site, leaver: Leaver) -> bool:
    """Tell whether pressing the button would change nothing."""
    reader = leaver.reader
    if reader is None:
        return True
    standing = await site.database.read(lambda tx: readers.standing(tx, reader.id, leaver.newsletter))
    return standing is Standing.NONE or step(standing, Event.UNSUBSCRIBE).standing is standing


async def _show(site: Site, request: Request, leaver: Leaver, *, template: str) -> Response:
    known = await published(site.database)
    newsletter = next(one for one in known if one.slug == leaver.newsletter)
    language = _language(request, leaver, newsletter)
    here = site.paths.unsubscribe(request.path_params["token"])
    way_back = site.paths.way_back(language, leaver.way_back) if leaver.way_back else ""
    page = Page(
        f"public/{template}.html",
        language,
        known,
        newsletter=newsletter,
        elsewhere={other: f"{here}?lang={other}" for other in newsletter.languages},
        values={"newsletter": newsletter, "here": f"{here}?lang={language}", "way_back": way_back},
        private=True,
    )
    return show(site, page)


async def _unknown(site: Site, request: Request) -> Response:
    known = await published(site.database)
    language = language_of(request, languages(known))
    return show(site, Page("public/cut_link.html", language, known, status=_NOT_FOUND, private=True))


def _language(request: Request, leaver: Leaver, newsletter: Newsletter) -> Language:
    """Return the language chosen on the page, else the reader's own, else what the browser prefers."""
    for wanted in (request.query_params.get("lang"), leaver.language):
        for language in newsletter.languages:
            if language == wanted:
                return language
    return language_of(request, newsletter.languages)
