"""The web application: every route of the pages, and what lies around them."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.routing import Route

from mailer.web import assets
from mailer.web.api import subscribe
from mailer.web.armour import MOST_BODY_BYTES, Armour
from mailer.web.desk import approving, editions, login, outbox, people, reader, returned, texts
from mailer.web.desk import front as desk_front
from mailer.web.desk import issue as desk_issue
from mailer.web.hooks import front as hooks
from mailer.web.public import (
    challenge,
    confirm,
    embed,
    front,
    issue,
    manage,
    media,
    move,
    old_links,
    signup,
    undo,
    unsubscribe,
)
from mailer.web.refusals import handlers
from mailer.web.site import Site


def create_app(site: Site) -> FastAPI:
    """Return the application; nothing is opened or read yet."""
    return FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A second address for each page would be a second place to leave secrets in.
        redirect_slashes=False,
        routes=[
            *assets.routes(),
            *media.routes(site),
            *_desk(site),
            *unsubscribe.routes(site),
            *undo.routes(site),
            *subscribe.routes(site),
            *hooks.routes(site),
            *challenge.routes(site),
            *signup.routes(site),
            *embed.routes(site),
            *confirm.routes(site),
            *manage.routes(site),
            *old_links.routes(site),
            *move.routes(site),
            *front.routes(site),
            *issue.routes(site),
        ],
        middleware=[
            Middleware(Armour),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MOST_BODY_BYTES),
        ],
        exception_handlers=handlers(site),
    )


def _desk(site: Site) -> list[Route]:
    return [
        *login.routes(site),
        *desk_front.routes(site),
        *approving.routes(site),
        *desk_issue.routes(site),
        *editions.routes(site),
        *texts.routes(site),
        *outbox.routes(site),
        *reader.routes(site),
        *returned.routes(site),
        *people.routes(site),
        *desk_front.other_routes(site),
    ]
