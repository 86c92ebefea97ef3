"""The desk's door: who has logged in, and whether a form is really theirs.

Every page and every form of the desk is a route made by *guarded*, so that none can be left open by
forgetting. A session is a random value in a cookie, of which only the hash is stored: it can be ended,
and a copy of the database opens nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.errors import InvalidMove, MailerError, NotFound, StorageError
from mailer.storage import operators
from mailer.storage.operators import Session
from mailer.web.armour import PRIVATE
from mailer.web.desk.frame import refuse
from mailer.web.form import read_fields
from mailer.web.site import Site

SESSION_LASTS: Final = timedelta(hours=12)
_PAGE_OF_OURS: Final = re.compile(r"/desk/(?:[\w-]+(?:/[\w-]+)*)?", re.ASCII)
_COOKIE_BYTES: Final = 32
_MOST_COOKIE_CHARACTERS: Final = 100
_MOST_FIELDS: Final = 20
_OUT_OF_DATE: Final = "This form is out of date. Go back, reload the page and try again: nothing was changed."
_FROM_ELSEWHERE: Final = "This form came from another site. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Visit:
    """A request by an operator who has logged in.

    Attributes:
        fields: of the form that was sent.
        files: name and content of each file that was sent with it.
    """

    site: Site
    request: Request
    session: Session = field(repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)


Handler: TypeAlias = Callable[[Visit], Awaitable[Response]]


def guarded(
    site: Site, path: str, handler: Handler, *, method: str = "GET", most_body_bytes: int | None = None
) -> Route:
    """Return a route for operators; everyone else is led to the login, and nothing happens.

    Args:
        site: what the pages work with.
        path: of the route.
        handler: answers a visit; a MailerError of it becomes a page with its sentence.
        method: GET, or POST for what changes something.
        most_body_bytes: where a form may be larger than usual, because files come with it.
    """
    limit = [Middleware(RequestBodyLimitMiddleware, max_body_size=most_body_bytes)] if most_body_bytes else []
    return Route(path, partial(_enter, site, handler), methods=[method], middleware=limit)


async def current_session(site: Site, request: Request) -> Session | None:
    """Return the session of whoever asks, or None."""
    token = request.cookies.get(_cookie_name(site), "")
    if not token or len(token) > _MOST_COOKIE_CHARACTERS:
        return None
    now = site.clock()
    return await site.database.read(lambda tx: operators.session(tx, _hashed(token), now))


async def log_in(site: Site, operator_id: int, response: Response) -> None:
    """Begin a session and put its cookie on *response*."""
    token, now = secrets.token_urlsafe(_COOKIE_BYTES), site.clock()
    session = Session(
        token_hash=_hashed(token),
        operator_id=operator_id,
        form_token=secrets.token_urlsafe(_COOKIE_BYTES),
        began_at=now,
        expires_at=now + SESSION_LASTS,
    )
    await site.database.write(lambda tx: operators.begin_session(tx, session))
    response.set_cookie(
        _cookie_name(site),
        token,
        max_age=int(SESSION_LASTS.total_seconds()),
        secure=_is_https(site),
        httponly=True,
        # Not Strict: a link to an issue in a mail would meet the login although one is logged in. What
        # changes something is a POST, which Lax keeps from other sites too.
        samesite="lax",
    )


async def log_out(visit: Visit, response: Response) -> None:
    """End the session, and take its cookie away with *response*."""
    site = visit.site
    await site.database.write(lambda tx: operators.end_session(tx, visit.session.token_hash))
    response.delete_cookie(_cookie_name(site), secure=_is_https(site), httponly=True, samesite="lax")


def page_of_ours(path: str) -> str:
    """Return the page to go to after the login: never another site, whatever a link says."""
    return path if _PAGE_OF_OURS.fullmatch(path) and path != "/desk/logout" else "/desk/"


def is_from_here(site: Site, request: Request) -> bool:
    """Tell whether a form was sent from a page of ours, as far as the browser says."""
    fetch_site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    # By any name it is asked for, such as through a tunnel, and by its public one behind a web server.
    here = {request.headers.get("host", ""), urlsplit(site.links.base).netloc}
    scheme, _, host = (origin or "").partition("://")
    is_ours = origin is None or (scheme in ("http", "https") and host in here - {""})
    return fetch_site == "same-origin" and is_ours


async def _enter(site: Site, handler: Handler, request: Request) -> Response:
    session = await current_session(site, request)
    if session is None:
        return _to_login(site, request)
    visit = Visit(site, request, session)
    try:
        if request.method == "POST":
            if not is_from_here(site, request):
                return refuse(visit, 403, _FROM_ELSEWHERE)
            visit = await _with_form(visit)
            if not hmac.compare_digest(
                visit.fields.get("form_token", "").encode(), session.form_token.encode()
            ):
                return refuse(visit, 403, _OUT_OF_DATE)
        return await handler(visit)
    except StorageError:
        raise
    except MailerError as error:
        status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, InvalidMove) else 422
        return refuse(visit, status, str(error))


async def _with_form(visit: Visit) -> Visit:
    request = visit.request
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return Visit(visit.site, request, visit.session, read_fields(await request.body()))
    fields: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []
    async with request.form(max_files=1000, max_fields=_MOST_FIELDS) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                # A file field in which nothing was chosen is sent as a file without name and content.
                if value.filename or value.size:
                    files.append((value.filename or "", await value.read()))
            else:
                fields[name] = value
    return Visit(visit.site, request, visit.session, fields, files)


def _to_login(site: Site, request: Request) -> Response:
    login = f"{site.paths.base}/desk/login"
    if request.headers.get("hx-request"):
        # A fragment in place of which the login would be shown inside the page.
        return Response(status_code=401, headers=PRIVATE | {"HX-Redirect": login})
    # Nothing else that stands in the path is repeated: it may be a reader's address.
    wanted = page_of_ours(request.url.path)
    if request.method == "GET" and wanted != "/desk/":
        login = f"{login}?{urlencode({'next': wanted})}"
    return RedirectResponse(login, 303, PRIVATE)


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _is_https(site: Site) -> bool:
    return site.links.base.startswith("https://")


def _cookie_name(site: Site) -> str:
    return "__Host-mailer_session" if _is_https(site) else "mailer_session"
