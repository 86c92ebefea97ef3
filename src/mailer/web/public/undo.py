"""The page behind the link of a goodbye: one button, and leaving is undone; looking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.routing import Route

from mailer.audience.undo import WayBack, WayBackState, come_back, look_up
from mailer.web.pages import Page, languages
from mailer.web.public.mailed_link import GONE, MailedLink, Visit
from mailer.web.site import Site

_TEMPLATES = {
    WayBackState.OPEN: "public/way_back.html",
    WayBackState.DONE: "public/subscribed.html",
    WayBackState.DEAD: "public/way_back_closed.html",
}


def routes(site: Site) -> list[Route]:
    """Return the routes of links in goodbyes."""
    return MailedLink("/{language}/back/{secret}", _look, _press, _page).routes(site)


async def _look(site: Site, secret: str) -> WayBack:
    return await look_up(site.database, secret, now=site.clock())


async def _press(site: Site, secret: str, _fields: Mapping[str, str]) -> WayBack:
    found = await come_back(site.database, site.vault, secret, now=site.clock())
    if found.state is WayBackState.DONE:
        site.wake()
    return found


def _page(visit: Visit, found: WayBack) -> Page:
    known, language = visit.known, visit.language
    here = [one for one in known if one.slug == found.newsletter and language in one.languages]
    if found.newsletter and not here:
        raise HTTPException(404)
    newsletter = here[0] if here else None
    return Page(
        _TEMPLATES[found.state],
        language,
        known,
        newsletter=newsletter,
        elsewhere={
            other: visit.site.paths.way_back(other, visit.secret) for other in languages(here or known)
        },
        values={"newsletter": newsletter, "newsletters": here},
        status=GONE if found.state is WayBackState.DEAD else 200,
        private=True,
    )
