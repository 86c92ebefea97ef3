"""The page on which an address, old or new, agrees to a change or refuses it; looking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.routing import Route

from mailer.audience.new_address import MoveState, decide, look_up
from mailer.web.pages import Page, languages
from mailer.web.public.mailed_link import GONE, MailedLink, Visit
from mailer.web.site import Site

_ANSWERS = {"agree": True, "refuse": False}


def routes(site: Site) -> list[Route]:
    """Return the routes of links about a change of address."""
    return MailedLink("/{language}/move/{secret}", _look, _press, _page).routes(site)


async def _look(site: Site, secret: str) -> MoveState:
    return await look_up(site.database, secret, now=site.clock())


async def _press(site: Site, secret: str, fields: Mapping[str, str]) -> MoveState:
    agrees = _ANSWERS.get(fields.get("do", ""))
    if agrees is None:
        raise HTTPException(400)
    state = await decide(site.database, site.vault, secret, agrees=agrees, now=site.clock())
    site.wake()
    return state


def _page(visit: Visit, state: MoveState) -> Page:
    return Page(
        "public/move.html",
        visit.language,
        visit.known,
        elsewhere={other: visit.site.paths.move(other, visit.secret) for other in languages(visit.known)},
        values={"state": state.name},
        status=GONE if state is MoveState.DEAD else 200,
        private=True,
    )
