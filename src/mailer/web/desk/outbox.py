"""The kept mails: what would have left this machine, shown to an operator."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.errors import NotFound
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import sandboxed, show
from mailer.web.site import KeptMails, OpenedMail, Site

T = TypeVar("T")

_PER_PAGE: Final = 50
_FORMS: Final = ("html", "text", "source")
_MOST_DIGITS: Final = 12


def routes(site: Site) -> list[Route]:
    """Return the routes of the kept mails; none where no mail is kept."""
    if site.mailbox is None:
        return []
    mails = _Mails(site.mailbox)
    return [
        guarded(site, "/desk/outbox", partial(_list, mails)),
        guarded(site, "/desk/outbox/{number}", partial(_mail, mails)),
        guarded(site, "/desk/outbox/{number}/sandbox", partial(_sandbox, mails)),
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


async def _list(mails: _Mails, visit: Visit) -> Response:
    before = _number(visit.request.query_params.get("before"))
    # One more than shown tells whether there are older ones.
    found = await mails.ask(lambda mailbox: mailbox.newest(_PER_PAGE + 1, before))
    return show(
        visit,
        "desk/outbox.html",
        mails=found[:_PER_PAGE],
        older=found[_PER_PAGE - 1].number if len(found) > _PER_PAGE else None,
        paged=before is not None,
        count=await mails.ask(lambda mailbox: mailbox.count()),
    )


async def _mail(mails: _Mails, visit: Visit) -> Response:
    mail = await _opened(mails, visit.request)
    asked = visit.request.query_params.get("show", "")
    shown = asked if asked in _FORMS else "html" if mail.html else "text"
    return show(visit, "desk/mail.html", mail=mail, shown=shown, forms=_FORMS)


async def _sandbox(mails: _Mails, visit: Visit) -> Response:
    return sandboxed(visit.site, (await _opened(mails, visit.request)).html)


async def _opened(mails: _Mails, request: Request) -> OpenedMail:
    number = _number(request.path_params["number"])
    if number is None:
        raise NotFound("There is no such mail.")
    return await mails.ask(lambda mailbox: mailbox.get(number))


def _number(text: str | None) -> int | None:
    """Return the number that a path or query names, or None when it is none."""
    plain = text is not None and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS
    return int(text) if text is not None and plain else None
