"""What people see when a page can't be had: never an error trace, always a way on."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, TypeAlias

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.errors import MailerError, StorageError
from mailer.web.armour import PRIVATE, armour
from mailer.web.pages import Page, language_of, languages, published, show
from mailer.web.site import Site

Handler: TypeAlias = Callable[[Request, Any], Coroutine[Any, Any, Response]]

_FAILED = 500
_UNAVAILABLE = 503


def handlers(site: Site) -> dict[int | type[Exception], Handler]:
    """Return the answers to everything that can go wrong, by kind."""
    return {
        HTTPException: partial(_refused, site),
        StorageError: partial(_unavailable, site),
        Exception: partial(_failed, site),
    }


async def _refused(site: Site, request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _refusal(site, request, error.status_code, error.headers)


async def _refusal(site: Site, request: Request, status: int, headers: Mapping[str, str] | None) -> Response:
    try:
        known = await published(site.database)
    except MailerError:
        known = []
    # Private, because a mistyped address may still hold most of somebody's link.
    page = Page(
        "public/refused.html",
        _language(request, known),
        known,
        values={"status": status},
        status=status,
        private=True,
    )
    response = show(site, page)
    response.headers.update(headers or {})
    return response


async def _unavailable(site: Site, request: Request, _error: Exception) -> Response:
    response = _without_database(site, request, _UNAVAILABLE)
    response.headers["Retry-After"] = "300"
    return response


async def _failed(site: Site, request: Request, _error: Exception) -> Response:
    return _without_database(site, request, _FAILED)


def _without_database(site: Site, request: Request, status: int) -> Response:
    """Answer when little can be relied on; the reason is in the log of whoever runs the server."""
    language = _language(request, [])
    try:
        page = Page("public/refused.html", language, [], values={"status": status}, private=True)
        response = show(site, page)
    except MailerError:
        response = PlainTextResponse("Please try again in a few minutes.")
    response.status_code = status
    response.headers.update(PRIVATE)
    armour(response.headers)
    return response


def _language(request: Request, known: list[Newsletter]) -> Language:
    offered = languages(known)
    first = request.url.path.lstrip("/").partition("/")[0]
    return next((language for language in offered if language == first), None) or language_of(
        request, offered
    )
