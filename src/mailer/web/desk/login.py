"""Logging in and out."""

from __future__ import annotations

from functools import partial
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.editorial.login_waits import LoginWaits
from mailer.editorial.operators import Refused, check
from mailer.storage import operators
from mailer.web.armour import PRIVATE
from mailer.web.desk.door import Visit, current_session, guarded, is_from_here, log_in, log_out, page_of_ours
from mailer.web.desk.frame import show_outside
from mailer.web.form import form_of
from mailer.web.site import Site

_MOST_AT_ONCE: Final = 8
"""Each takes 0.15 s, one after the other: who comes later is asked to come back."""
_WRONG: Final = (
    "Name or password is not right, or the last wrong try was a moment ago. "
    "After each wrong try the wait gets longer, up to 15 minutes."
)
_BUSY: Final = "Many are trying to log in at this moment. Try again in a few seconds."
_FROM_ELSEWHERE: Final = "This form came from another site. Log in here."


class _Counter:
    """Logins that are being checked in this process, and the waits after wrong ones."""

    def __init__(self) -> None:
        self._checking = 0
        self._waits = LoginWaits()

    async def check(
        self, site: Site, name: str, password: str, *, client: str | None
    ) -> operators.Operator | str:
        """Return who it is, or the sentence that says why not."""
        if self._checking >= _MOST_AT_ONCE:
            return _BUSY
        self._checking += 1
        try:
            answer = await check(
                site.database, name, password, site.clock(), client=client, waits=self._waits
            )
        finally:
            self._checking -= 1
        return _WRONG if isinstance(answer, Refused) else answer


def routes(site: Site) -> list[Route]:
    """Return the routes of login and logout."""
    return [
        Route("/desk/login", partial(_form, site), methods=["GET"]),
        Route("/desk/login", partial(_log_in, site, _Counter()), methods=["POST"]),
        guarded(site, "/desk/logout", _log_out, method="POST"),
    ]


async def _form(site: Site, request: Request) -> Response:
    if await current_session(site, request):
        return RedirectResponse(f"{site.paths.base}/desk/", 303, PRIVATE)
    return await _show(site, request.query_params.get("next", ""))


async def _log_in(site: Site, counter: _Counter, request: Request) -> Response:
    fields = await form_of(request)
    name, wanted = fields.get("name", ""), fields.get("next", "")
    if not is_from_here(site, request):
        return await _show(site, wanted, status=403, mistake=_FROM_ELSEWHERE)
    client = request.client.host if request.client else None
    answer = await counter.check(site, name, fields.get("password", ""), client=client)
    if isinstance(answer, str):
        return await _show(site, wanted, status=503 if answer == _BUSY else 403, mistake=answer, name=name)
    response = RedirectResponse(site.paths.base + page_of_ours(wanted), 303, PRIVATE)
    await log_in(site, answer.id, response)
    return response


async def _log_out(visit: Visit) -> Response:
    response = RedirectResponse(f"{visit.site.paths.base}/desk/login", 303, PRIVATE)
    await log_out(visit, response)
    return response


async def _show(site: Site, wanted: str, *, status: int = 200, mistake: str = "", name: str = "") -> Response:
    is_empty = await site.database.read(operators.count) == 0
    typed = "".join(letter for letter in name if letter.isprintable())[:64]
    return show_outside(
        site,
        "desk/login.html",
        status=status,
        mistake=mistake,
        name=typed,
        next=page_of_ours(wanted),
        is_empty=is_empty,
    )
