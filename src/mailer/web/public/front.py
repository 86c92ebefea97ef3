"""The front page of each language: the newsletters, their latest issues, and the subscribe box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.rendering.webpart import Headline, headlines
from mailer.storage import Transaction, archive
from mailer.storage.archive import PublicIssue
from mailer.web.compression import COMPRESSED
from mailer.web.pages import Page, all_newsletters, language_of, languages, published, show
from mailer.web.public.box import Box, empty_box, offered_in
from mailer.web.site import Site

_MOST_ISSUES: Final = 260
"""Five years of weeks."""


@dataclass(frozen=True, slots=True)
class Stand:
    """One newsletter on the front page.

    Attributes:
        latest: None before the first issue.
        headlines: of the latest issue.
        years: the earlier issues by year, newest first.
    """

    newsletter: Newsletter
    latest: PublicIssue | None
    headlines: Sequence[Headline]
    years: Sequence[tuple[int, Sequence[PublicIssue]]]


def routes(site: Site) -> list[Route]:
    """Return the routes of the front pages."""
    return [
        Route("/", partial(_choose, site)),
        Route("/{language}/", partial(_front, site), middleware=COMPRESSED),
    ]


def page_language(text: str, offered: Sequence[Language]) -> Language:
    """Return the language that a path names, or raise the refusal that no page is there."""
    found = next((language for language in offered if language == text), None)
    if found is None:
        raise HTTPException(404)
    return found


async def front_page(
    site: Site, language: Language, *, box: Box | None = None, status: int = 200
) -> Response:
    """Return the front page in *language*.

    Args:
        box: to show in place of an empty one.
        status: of the answer.
    """
    known, stands = await site.database.read(lambda tx: _read(tx, site, language))
    page = Page(
        "public/front.html",
        language,
        known,
        values={
            "stands": stands,
            "box": box or empty_box(known, language),
            "links": site.links,
            "offered": languages(known),
        },
        status=status,
        # What a visitor typed stands in it.
        private=box is not None,
    )
    return show(site, page)


async def _choose(site: Site, request: Request) -> Response:
    language = language_of(request, languages(await published(site.database)))
    return RedirectResponse(site.paths.home(language), 303, {"Vary": "Accept-Language"})


async def _front(site: Site, request: Request) -> Response:
    offered = languages(await published(site.database))
    return await front_page(site, page_language(request.path_params["language"], offered))


def _read(tx: Transaction, site: Site, language: Language) -> tuple[list[Newsletter], list[Stand]]:
    known = all_newsletters(tx)
    return known, [_stand(tx, site, language, newsletter) for newsletter in offered_in(language, known)]


def _stand(tx: Transaction, site: Site, language: Language, newsletter: Newsletter) -> Stand:
    issues = archive.newest(tx, newsletter.slug, language, kinds=site.kinds, limit=_MOST_ISSUES)
    latest, earlier = (issues[0] if issues else None), issues[1:]
    by_year = groupby(earlier, key=lambda public: public.period.last_day.year)
    return Stand(
        newsletter,
        latest,
        headlines(archive.html(tx, latest.edition_id)) if latest else [],
        [(year, list(group)) for year, group in by_year],
    )
