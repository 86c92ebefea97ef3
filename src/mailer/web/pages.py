"""A page: one template, one language, and the frame around it that every page shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from mailer.audience.gatekeeper import Guard
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.rendering.templates import environment, render
from mailer.storage import Database, Transaction, newsletters
from mailer.web.armour import PRIVATE, SOLVING
from mailer.web.assets import asset_url
from mailer.web.negotiation import negotiate
from mailer.web.site import Site

TEMPLATES: Final = Path(__file__).resolve().parent / "templates"

ENDONYMS: Final[Mapping[Language, str]] = {
    Language.BELARUSIAN: "Беларуская",
    Language.RUSSIAN: "Русский",
    Language.ENGLISH: "English",
}
"""What each language calls itself: the words of the switch."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one page says.

    Attributes:
        template: below templates/.
        published: every newsletter there is; where it is the only one of *language*, the masthead names it.
        newsletter: the one this page is about, if it is about one.
        elsewhere: this page in the languages it exists in, by path; others lead to their front page.
        values: what the template asks for.
        private: its address or content belongs to one person: never stored, never indexed.
    """

    template: str
    language: Language
    published: Sequence[Newsletter]
    newsletter: Newsletter | None = None
    elsewhere: Mapping[Language, str] = field(default_factory=dict)
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    private: bool = False


async def published(database: Database) -> list[Newsletter]:
    """Return every newsletter, in order of their slugs."""
    return await database.read(all_newsletters)


def all_newsletters(tx: Transaction) -> list[Newsletter]:
    """Return every newsletter, in order of their slugs, inside a transaction that reads more."""
    found = (newsletters.find(tx, slug) for slug in newsletters.slugs(tx))
    return [newsletter for newsletter in found if newsletter is not None]


def languages(known: Sequence[Newsletter]) -> list[Language]:
    """Return the languages of the site in the order of display; all of ours before the first newsletter."""
    offered = list(dict.fromkeys(language for newsletter in known for language in newsletter.languages))
    return offered or list(Language)


def language_of(request: Request, offered: Sequence[Language]) -> Language:
    """Return the language of a page that has none in its path."""
    return negotiate(request.headers.get("accept-language", ""), offered)


def show(site: Site, page: Page) -> Response:
    """Render *page* in its frame."""
    paths = site.paths
    # Made only where a form asks for it: a challenge costs time, and its page may run a script.
    guard = cache(partial(_guard, site))
    here = [newsletter for newsletter in page.published if page.language in newsletter.languages]
    named = page.newsletter or (here[0] if len(here) == 1 else None)
    frame = {
        "paths": paths,
        "asset": partial(asset_url, paths.base),
        "private": page.private,
        "guard": guard,
        "masthead": named.title[page.language] if named else "",
        "is_one_of_several": len(here) > 1,
        "switch": [
            (language, ENDONYMS[language], _leads_to(page, language) or paths.home(language))
            for language in languages(page.published)
        ],
    }
    words = render(environment(TEMPLATES, page.language), page.template, {**frame, **page.values})
    carried = guard() if guard.cache_info().currsize else None
    headers = (PRIVATE if page.private else {}) | (SOLVING if carried and carried.challenge else {})
    return HTMLResponse(words, page.status, headers)


def _leads_to(page: Page, language: Language) -> str:
    path = page.elsewhere.get(language, "")
    # Somebody may have typed an e-mail address where a link's secret belongs: no page repeats it.
    return "" if "@" in path else path


def _guard(site: Site) -> Guard | None:
    return site.defence.gatekeeper.guard(site.clock()) if site.defence else None
