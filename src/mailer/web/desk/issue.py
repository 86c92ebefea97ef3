"""An issue on the desk: what is ready, what is missing, how its sending goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.commentary import Commentary, TextState
from mailer.domain.finding import Finding, Severity
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.domain.plan import rule_for
from mailer.domain.returns import in_all
from mailer.editorial import draft
from mailer.errors import NotFound
from mailer.storage import Transaction, commentaries, return_stats
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import show
from mailer.web.desk.returns_table import came_back_in_words
from mailer.web.desk.sheet import Sheet, read_sheet
from mailer.web.desk.words import LANGUAGES
from mailer.web.site import Site


@dataclass(frozen=True, slots=True)
class Row:
    """One topic of the grid.

    Attributes:
        title: in the desk's language, else in the newsletter's first.
        cells: by language in the newsletter's order: (state, remark).
    """

    topic: str
    title: str
    cells: Sequence[tuple[str, str]]


def routes(site: Site) -> list[Route]:
    """Return the routes of an issue."""
    return [
        guarded(site, "/desk/issues/{id}", _issue),
        guarded(site, "/desk/issues/{id}/progress", _progress),
    ]


def number_of(visit: Visit) -> int:
    """Return the issue's number that the path names.

    Raises:
        NotFound: it names none.
    """
    text: str = visit.request.path_params["id"]
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - ids are smaller
        raise NotFound("There is no such issue.")
    return int(text)


async def _issue(visit: Visit) -> Response:
    issue_id, now = number_of(visit), visit.site.clock()

    def read(tx: Transaction) -> tuple[Sheet, list[Row], str]:
        sheet = read_sheet(tx, issue_id, now, lane=visit.site.lane)
        came_back = came_back_in_words(in_all(return_stats.by_group(tx, issue_id))) if sheet.account else ""
        return sheet, _grid(tx, sheet) if sheet.can_be_released else [], came_back

    sheet, grid, came_back = await visit.site.database.read(read)
    findings: Sequence[Finding] = ()
    if sheet.can_be_released and sheet.issue.period is not None:
        found = await draft.get(visit.site.database, issue_id, visit.site.machine, at=now)
        findings = found.findings
    return show(
        visit,
        "desk/issue.html",
        sheet=sheet,
        grid=grid,
        came_back=came_back,
        heads=[LANGUAGES[language] for language in sheet.newsletter.languages],
        blocking=[finding for finding in findings if finding.severity is Severity.BLOCKING],
        remarks=[finding for finding in findings if finding.severity is not Severity.BLOCKING],
        editions=[(language, LANGUAGES[language]) for language in sheet.newsletter.languages],
    )


async def _progress(visit: Visit) -> Response:
    issue_id, now = number_of(visit), visit.site.clock()
    sheet = await visit.site.database.read(lambda tx: read_sheet(tx, issue_id, now, lane=visit.site.lane))
    return show(visit, "desk/_progress.html", sheet=sheet, blocking=())


def _grid(tx: Transaction, sheet: Sheet) -> list[Row]:
    newsletter, period = sheet.newsletter, sheet.issue.period
    if period is None:
        return []
    stored = {each.topic: each for each in commentaries.of_period(tx, newsletter.slug, period)}
    return [_row(newsletter, period, slug, stored.get(slug)) for slug in _topics(newsletter, period)]


def _topics(newsletter: Newsletter, period: Period) -> list[str]:
    return [topic.slug for topic in newsletter.topics_in(period)]


def _row(newsletter: Newsletter, period: Period, slug: str, commentary: Commentary | None) -> Row:
    topic = next(each for each in newsletter.topics_in(period) if each.slug == slug)
    return Row(
        topic=slug,
        title=topic.title.get(Language.ENGLISH) or topic.title[newsletter.languages[0]],
        cells=[_cell(newsletter, commentary, language) for language in newsletter.languages],
    )


def _cell(newsletter: Newsletter, commentary: Commentary | None, language: Language) -> tuple[str, str]:
    """Return the state of a cell, and what happens where it has no ready text."""
    if commentary is None or not commentary.ready_languages():
        drafted = commentary is not None and language in commentary.texts
        return ("draft" if drafted else "missing"), ""
    text = commentary.texts.get(language)
    if text is not None and text.state is TextState.READY:
        return "ready", ""
    rule = rule_for(newsletter, commentary, language)
    remark = "" if rule is None else f"in {LANGUAGES[rule.lender]}" if rule.lender else "left out"
    return ("draft" if text is not None else "missing"), remark
