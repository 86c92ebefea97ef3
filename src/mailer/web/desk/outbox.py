"""The kept mails: what would have left this machine, shown to an operator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from mailer.domain.language import Language
from mailer.errors import NotFound
from mailer.rendering.templates import environment, render
from mailer.web.armour import PAGE_POLICY, PRIVATE
from mailer.web.assets import asset_url
from mailer.web.desk.password import let_in
from mailer.web.pages import TEMPLATES
from mailer.web.site import KeptMails, OpenedMail, Site

T = TypeVar("T")

_PER_PAGE: Final = 50
_FORMS: Final = ("html", "text", "source")
_MOST_DIGITS: Final = 12
_FRAMING: Final = {"Content-Security-Policy": f"{PAGE_POLICY}; frame-src 'self'"}
# A mail can carry anything. The sandbox runs no script and sends no form, wherever the page is opened;
# links may open a tab of their own, so that a confirm link can be tried.
_SANDBOX: Final = {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'"
    )
}


def routes(site: Site) -> list[Route]:
    """Return the routes of the kept mails; none where no mail is kept."""
    if site.mailbox is None:
        return []
    mails = _Mails(site.mailbox)
    return [
        Route("/desk/outbox", partial(_list, site, mails)),
        Route("/desk/outbox/{number}", partial(_mail, site, mails)),
        Route("/desk/outbox/{number}/sandbox", partial(_sandbox, site, mails)),
    ]


class _Mails:
    """The mailbox off the event loop, one question at a time: it reads files and is not for threads."""

    def __init__(self, mailbox: KeptMails) -> None:
        self._mailbox = mailbox
        self._lock = asyncio.Lock()

    async def ask(self, question: Callable[[KeptMails], T]) -> T:
        """Return what the mailbox answers."""
        async with self._lock:
            return await asyncio.to_thread(question, self._mailbox)


async def _list(site: Site, mails: _Mails, request: Request) -> Response:
    let_in(request, site.desk_password)
    before = _number(request.query_params.get("before"))
    # One more than shown tells whether there are older ones.
    found = await mails.ask(lambda mailbox: mailbox.newest(_PER_PAGE + 1, before))
    return _show(
        site,
        "desk/outbox.html",
        mails=found[:_PER_PAGE],
        older=found[_PER_PAGE - 1].number if len(found) > _PER_PAGE else None,
        paged=before is not None,
        count=await mails.ask(lambda mailbox: mailbox.count()),
    )


async def _mail(site: Site, mails: _Mails, request: Request) -> Response:
    let_in(request, site.desk_password)
    mail = await _opened(mails, request)
    asked = request.query_params.get("show", "")
    shown = asked if asked in _FORMS else "html" if mail.html else "text"
    return _show(site, "desk/mail.html", mail=mail, shown=shown, forms=_FORMS)


async def _sandbox(site: Site, mails: _Mails, request: Request) -> Response:
    let_in(request, site.desk_password)
    mail = await _opened(mails, request)
    in_a_new_tab = mail.html.replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(in_a_new_tab, headers=PRIVATE | _SANDBOX)


async def _opened(mails: _Mails, request: Request) -> OpenedMail:
    number = _number(request.path_params["number"])
    if number is None:
        raise HTTPException(404)
    try:
        return await mails.ask(lambda mailbox: mailbox.get(number))
    except NotFound:
        raise HTTPException(404) from None


def _number(text: str | None) -> int | None:
    """Return the number that a path or query names, or None when it is none."""
    plain = text is not None and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if text is not None and plain else None


def _show(site: Site, template: str, **values: object) -> Response:
    paths = site.paths
    frame = {"outbox": f"{paths.base}/desk/outbox", "asset": partial(asset_url, paths.base)}
    words = render(environment(TEMPLATES, Language.ENGLISH), template, {**frame, **values})
    return HTMLResponse(words, headers=PRIVATE | _FRAMING)
