"""An issue's public page: the frozen commentaries of one language, and the subscribe box."""

from __future__ import annotations

from datetime import date
from functools import partial
from zoneinfo import ZoneInfo

from markupsafe import Markup
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, parse_period
from mailer.rendering.webpart import web_part
from mailer.storage import Transaction, archive
from mailer.storage.archive import PublicIssue
from mailer.web.compression import COMPRESSED
from mailer.web.pages import Page, all_newsletters, languages, show
from mailer.web.public.box import empty_box
from mailer.web.public.front import page_language
from mailer.web.site import Site


def routes(site: Site) -> list[Route]:
    """Return the route of issues' pages."""
    return [Route("/{language}/{newsletter}/{period}", partial(_issue, site), middleware=COMPRESSED)]


async def _issue(site: Site, request: Request) -> Response:
    asked = request.path_params
    period = _period(asked["period"])
    known = await site.database.read(all_newsletters)
    language = page_language(asked["language"], languages(known))
    newsletter = next((one for one in known if one.slug == asked["newsletter"]), None)
    if newsletter is None or language not in newsletter.languages:
        raise HTTPException(404)

    def read(tx: Transaction) -> tuple[dict[Language, PublicIssue], str]:
        by_language = archive.of_period(tx, newsletter.slug, period, kinds=site.kinds)
        if language not in by_language:
            raise HTTPException(404)
        return by_language, archive.html(tx, by_language[language].edition_id)

    by_language, html = await site.database.read(read)
    page = Page(
        "public/issue.html",
        language,
        known,
        newsletter=newsletter,
        elsewhere={other: site.paths.issue(other, newsletter.slug, period.key) for other in by_language},
        values={
            "newsletter": newsletter,
            "period": period,
            "released_on": _day(by_language[language], newsletter),
            "content": Markup(site.from_here(str(web_part(html)))),  # noqa: S704 - web_part has cleaned it
            "box": empty_box(known, language, newsletter.slug),
            "alternates": {
                other: site.links.issue(other, newsletter.slug, period.key) for other in by_language
            },
        },
    )
    return show(site, page)


def _period(text: str) -> Period:
    """Return the period a path names; one spelling only, so that each page has one address."""
    try:
        period = parse_period(text)
    except ValueError:
        raise HTTPException(404) from None
    if period.key != text:
        raise HTTPException(404)
    return period


def _day(public: PublicIssue, newsletter: Newsletter) -> date:
    return public.released_at.astimezone(ZoneInfo(newsletter.zone)).date()
