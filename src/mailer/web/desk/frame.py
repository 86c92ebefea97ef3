"""The frame around every page of the desk: what stands on top of each, and what each may do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, Response

from mailer.domain.language import Language
from mailer.rendering.templates import environment, render
from mailer.web.armour import PAGE_POLICY, PRIVATE
from mailer.web.assets import asset_url
from mailer.web.pages import TEMPLATES
from mailer.web.site import Site

if TYPE_CHECKING:
    from mailer.web.desk.door import Visit

# Our own script alone, and no words of a page are ever run as one. Addresses of the desk hold no secret,
# and without a referrer a browser would hide from us that a form came from our own page.
_HEADERS: Final = PRIVATE | {
    "Content-Security-Policy": f"{PAGE_POLICY}; script-src 'self'; connect-src 'self'; frame-src 'self'",
    "Referrer-Policy": "same-origin",
}

# A mail can carry anything. The sandbox runs no script and sends no form, wherever the page is opened;
# links may open a tab of their own, so that they can be tried. “self” means pictures only: what else we
# serve is no picture.
SANDBOX: Final = PRIVATE | {
    "Content-Security-Policy": (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        "style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'; base-uri 'none'; "
        "frame-ancestors 'self'"
    )
}


def show(visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
    """Return a page for an operator who has logged in."""
    site = visit.site
    frame = {
        "form_token": visit.session.form_token,
        "fence": site.fence.state if site.fence and not site.fence.state.is_open else None,
    }
    return show_outside(site, template, status=status, **frame, **values)


def show_outside(site: Site, template: str, *, status: int = 200, **values: object) -> Response:
    """Return a page of the desk that may be seen before the login."""
    base = site.paths.base
    frame = {
        "asset": partial(asset_url, base),
        "desk": f"{base}/desk",
        "outbox": f"{base}/desk/outbox" if site.mailbox else "",
        "relay": site.relay,
    }
    words = render(environment(TEMPLATES, Language.ENGLISH), template, {"form_token": "", **frame, **values})
    return HTMLResponse(words, status, _HEADERS)


def refuse(visit: Visit, status: int, sentence: str) -> Response:
    """Return a page that says why nothing was done."""
    heading = "There is no such page" if status == 404 else "This was not done"  # noqa: PLR2004 - HTTP
    return show(visit, "desk/refused.html", status=status, heading=heading, sentences=sentence.splitlines())


def sandboxed(site: Site, html: str) -> Response:
    """Return a mail's HTML, which may hold anything, as a document that can do nothing.

    Pictures of ours are shown, from wherever the desk was opened; nothing is fetched from elsewhere.
    """
    html = site.from_here(html).replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(html, headers=SANDBOX)
