"""The editions of an issue: of a draft as they would be now, of a released one as they were frozen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.content import EditionContent, RenderedMail
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.plan import arrange, plan_for
from mailer.editorial.contents import edition_content
from mailer.errors import NotFound
from mailer.rendering.apart import render_apart
from mailer.rendering.theme_folder import Stamp, stamp
from mailer.storage import Transaction, commentaries, editions
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import sandboxed, show
from mailer.web.desk.issue import number_of
from mailer.web.desk.sheet import Sheet, read_sheet
from mailer.web.desk.words import LANGUAGES
from mailer.web.site import Site

_FORMS: Final = ("html", "text")
_MOST_KEPT: Final = 12
_RENDER_S: Final = 30.0


class _Press:
    """Renders drafts one at a time in a child process, and keeps the last ones."""

    def __init__(self) -> None:
        self._kept: dict[tuple[EditionContent, Stamp], RenderedMail] = {}
        self._one_at_a_time = asyncio.Lock()

    async def mail(self, content: EditionContent, theme: Path | None) -> RenderedMail:
        """Return *content* as a mail.

        Args:
            content: what it says.
            theme: the newsletter's own templates, if it has some.

        Raises:
            RenderingError: a template or a text can't be rendered.
        """
        async with self._one_at_a_time:
            kept = (content, stamp(theme))
            if kept not in self._kept:
                (made,) = await asyncio.to_thread(render_apart, [content], timeout_s=_RENDER_S, folder=theme)
                self._kept[kept] = made
                while len(self._kept) > _MOST_KEPT:
                    del self._kept[next(iter(self._kept))]
            return self._kept[kept]


@dataclass(frozen=True, slots=True)
class _Shown:
    """An edition as the page gets it: frozen already, still to be rendered, or without a text (None)."""

    sheet: Sheet
    edition: RenderedMail | EditionContent | None


def routes(site: Site) -> list[Route]:
    """Return the routes of the editions."""
    press = _Press()
    return [
        guarded(site, "/desk/issues/{id}/editions/{language}", partial(_edition, press)),
        guarded(site, "/desk/issues/{id}/editions/{language}/sandbox", partial(_sandbox, press)),
    ]


async def _edition(press: _Press, visit: Visit) -> Response:
    sheet, mail = await _mail(press, visit)
    asked = visit.request.query_params.get("show", "")
    return show(
        visit,
        "desk/edition.html",
        sheet=sheet,
        mail=mail,
        shown=asked if asked in _FORMS else _FORMS[0],
        chosen=_language(visit),
        languages=[(language, LANGUAGES[language]) for language in sheet.newsletter.languages],
    )


async def _sandbox(press: _Press, visit: Visit) -> Response:
    _, mail = await _mail(press, visit)
    if mail is None:
        raise NotFound("There is no text for readers of this language.")
    return sandboxed(visit.site, mail.html)


async def _mail(press: _Press, visit: Visit) -> tuple[Sheet, RenderedMail | None]:
    site, issue_id, language = visit.site, number_of(visit), _language(visit)
    found = await site.database.read(partial(_read, site=site, issue_id=issue_id, language=language))
    if isinstance(found.edition, EditionContent):
        theme = site.themes.of(found.sheet.newsletter.slug)
        return found.sheet, await press.mail(found.edition, theme)
    return found.sheet, found.edition


def _read(tx: Transaction, site: Site, issue_id: int, language: Language) -> _Shown:
    sheet = read_sheet(tx, issue_id, site.clock(), lane=site.lane)
    if language not in sheet.newsletter.languages:
        raise NotFound("This newsletter has no edition in that language.")
    # The release stores the edition of readers who made no choice first in each language.
    frozen = [each for each in editions.of_issue(tx, issue_id).values() if each.language is language]
    if frozen:
        first = frozen[0]
        mail = RenderedMail(language, first.subject, first.html, first.text)
        return _Shown(sheet, mail if first.skeleton else None)
    return _Shown(sheet, _content(tx, site.links, sheet, language))


def _content(tx: Transaction, links: Links, sheet: Sheet, language: Language) -> EditionContent | None:
    issue, newsletter = sheet.issue, sheet.newsletter
    if issue.period is None:
        return None
    stored = commentaries.of_period(tx, newsletter.slug, issue.period)
    grid, _ = arrange(newsletter, issue.period, stored)
    plan = plan_for(grid, language, None)
    return edition_content(grid, issue, plan, links) if plan.cells else None


def _language(visit: Visit) -> Language:
    text = visit.request.path_params["language"]
    found = next((language for language in Language if language == text), None)
    if found is None:
        raise NotFound("There is no such edition.")
    return found
