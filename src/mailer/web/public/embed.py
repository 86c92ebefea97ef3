"""Forms on other sites: they lead to ours with everything filled in, and only a press there counts.

Whoever runs a page could else have each of its visitors sign up an address they never typed. So what
comes from another site stores nothing and changes nothing: the visitor sees our box, filled in, and
presses its button.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.web.form import form_of
from mailer.web.pages import Page, languages, published, show
from mailer.web.public.box import Box, empty_box, filled_box, offered_in
from mailer.web.public.front import page_language
from mailer.web.site import Site


def routes(site: Site) -> list[Route]:
    """Return the routes that forms on other sites lead to."""
    path = "/{language}/embed"
    return [
        Route(path, partial(_open, site)),
        Route(path, partial(_open, site), methods=["POST"]),
    ]


def is_foreign(request: Request) -> bool:
    """
    Tell whether a form was sent from another site.

    Old browsers do not say; theirs is taken for our own, as every form was before browsers said it. Origin
    is no help: our pages send no referrer, and then a browser says “null” there of our own forms too.
    """
    return request.headers.get("sec-fetch-site", "") in ("cross-site", "same-site")


def show_filled(
    site: Site, language: Language, known: list[Newsletter], fields: Mapping[str, str]
) -> Response:
    """Return the page that shows what was typed elsewhere, with the button that counts."""
    offered = offered_in(language, known)
    box = filled_box(fields, offered, language) if offered else None
    return _show(site, language, known, box)


async def _open(site: Site, request: Request) -> Response:
    # What stands in the address is not read: an e-mail address there would be in logs and histories.
    fields = await form_of(request)
    known = await published(site.database)
    language = page_language(request.path_params["language"], languages(known))
    if not fields:
        return _show(site, language, known, empty_box(known, language))
    return show_filled(site, language, known, fields)


def _show(site: Site, language: Language, known: list[Newsletter], box: Box | None) -> Response:
    page = Page(
        "public/embed.html",
        language,
        known,
        elsewhere={other: site.paths.embed(other) for other in languages(known)},
        values={"box": box},
        private=True,
    )
    return show(site, page)
