"""What the subscribe box carries against programs, and how a sign-up that comes back looks.

While there is no attack that is a signed time and a field that no person sees. In an attack a browser is
given work to do as well: a script of our own and ALTCHA's solver, from our own host. Without a script
nothing is refused: such a sign-up waits a little longer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.audience.signup import NO_SIGNS, Signs
from mailer.web.armour import PRIVATE
from mailer.web.site import Site

NOT_FOUND: Final = 404


def routes(site: Site) -> list[Route]:
    """Return the route at which a program gets a challenge for its sign-up."""
    return [Route("/api/challenge", partial(_challenge, site))]


def signs_of(site: Site, request: Request, fields: Mapping[str, str], *, is_form: bool = True) -> Signs:
    """Say how a sign-up came; *is_form*: it was sent by the subscribe box."""
    if site.defence is None:
        return NO_SIGNS
    client = request.client.host if request.client else None
    return site.defence.gatekeeper.look(client, fields, site.clock(), is_form=is_form)


async def _challenge(site: Site, _request: Request) -> Response:
    if site.defence is None:
        raise HTTPException(NOT_FOUND)
    challenge = site.defence.gatekeeper.challenge(site.clock())
    return Response(challenge, media_type="application/json", headers=PRIVATE)
