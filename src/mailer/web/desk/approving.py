"""What an operator does to an issue: approve and send, pause, go on, call off, build again."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.delivery import control
from mailer.delivery.release import Held, Terms, release
from mailer.domain.issue import Issue, IssueState
from mailer.editorial import draft
from mailer.editorial.draft import Draft
from mailer.errors import InvalidMove, MailerError
from mailer.storage import newsletters
from mailer.web.armour import PRIVATE
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import refuse, show
from mailer.web.desk.issue import number_of
from mailer.web.desk.sheet import Sheet, read_sheet
from mailer.web.desk.words import LANGUAGES
from mailer.web.site import Site

_ANSWER_S: Final = 10.0
"""A release of a million readers takes longer: then the issue's page shows how it goes on."""
_RELEASED: Final = frozenset({IssueState.RELEASING, IssueState.RELEASED, IssueState.PAUSED, IssueState.SENT})
_log = structlog.get_logger()


def routes(site: Site) -> list[Route]:
    """Return the routes of everything that can be done to an issue."""
    releases: set[asyncio.Task[Issue]] = set()
    post = partial(guarded, site, method="POST")
    return [
        guarded(site, "/desk/issues/{id}/approve", _ask_approval),
        post("/desk/issues/{id}/approve", partial(_approve, releases)),
        guarded(site, "/desk/issues/{id}/cancel", _ask_cancel),
        post("/desk/issues/{id}/cancel", _cancel),
        post("/desk/issues/{id}/pause", _pause),
        post("/desk/issues/{id}/resume", _resume),
        post("/desk/issues/{id}/build", _build),
        guarded(site, "/desk/sending", _ask_sending),
        post("/desk/sending", _allow_sending),
    ]


async def _ask_approval(visit: Visit) -> Response:
    sheet = await _sheet(visit)
    if not sheet.can_be_released:
        return _not_now(visit, sheet.issue)
    site = visit.site
    found = await draft.get(site.database, sheet.issue.id, site.machine, at=site.clock())
    return show(
        visit,
        "desk/approve.html",
        sheet=sheet,
        audience=_audience(found),
        total=sum(found.audience.values()),
        blocking=found.blocking,
    )


async def _approve(releases: set[asyncio.Task[Issue]], visit: Visit) -> Response:
    site, issue_id = visit.site, number_of(visit)
    terms = site.terms(site.clock().replace(microsecond=0))
    # A task of its own: a browser that goes away must not end a release half-way.
    task = asyncio.create_task(_released(site, issue_id, terms))
    releases.add(task)
    task.add_done_callback(releases.discard)
    task.add_done_callback(partial(_note_failure, issue_id))
    await asyncio.wait([task], timeout=_ANSWER_S)
    if not task.done():
        return _to_issue(visit)
    try:
        task.result()
    except Held as held:
        return refuse(visit, 422, str(held))
    except InvalidMove:
        return _not_now(visit, (await _sheet(visit)).issue)
    return _to_issue(visit)


async def _released(site: Site, issue_id: int, terms: Terms) -> Issue:
    issue = await release(site.database, issue_id, terms)
    site.wake()
    return issue


def _note_failure(issue_id: int, task: asyncio.Task[Issue]) -> None:
    """Log a release that failed, also after its answer; looking at the error is what asyncio asks for."""
    if not task.cancelled() and isinstance(error := task.exception(), MailerError):
        _log.warning("release.failed", issue=issue_id, reason=str(error))


def _not_now(visit: Visit, issue: Issue) -> Response:
    sentence = (
        "This issue is released already: each reader gets one copy, however often the button is pressed."
        if issue.state in _RELEASED
        else "This issue can’t be sent now. Look at it again."
    )
    return refuse(visit, 409, sentence)


async def _ask_cancel(visit: Visit) -> Response:
    return show(visit, "desk/cancel.html", sheet=await _sheet(visit))


async def _cancel(visit: Visit) -> Response:
    await control.cancel(visit.site.database, number_of(visit), now=visit.site.clock())
    visit.site.wake()
    return _to_issue(visit)


async def _pause(visit: Visit) -> Response:
    await control.pause(visit.site.database, number_of(visit))
    return _to_issue(visit)


async def _resume(visit: Visit) -> Response:
    await control.resume(visit.site.database, number_of(visit))
    visit.site.wake()
    return _to_issue(visit)


async def _build(visit: Visit) -> Response:
    site, issue = visit.site, (await _sheet(visit)).issue
    newsletter = await site.database.read(lambda tx: newsletters.pick(tx, issue.newsletter))
    assert issue.period is not None
    await draft.build(site.database, newsletter, issue.period, words={}, now=site.clock())
    return _to_issue(visit)


async def _ask_sending(visit: Visit) -> Response:
    return show(visit, "desk/sending.html")


async def _allow_sending(visit: Visit) -> Response:
    if visit.site.fence is not None:
        await visit.site.fence.allow()
        visit.site.wake()
    return RedirectResponse(f"{visit.site.paths.base}/desk/", 303, PRIVATE)


def _audience(found: Draft) -> list[tuple[str, int]]:
    return [(LANGUAGES[language], found.audience.get(language, 0)) for language in found.newsletter.languages]


async def _sheet(visit: Visit) -> Sheet:
    issue_id, now = number_of(visit), visit.site.clock()
    return await visit.site.database.read(lambda tx: read_sheet(tx, issue_id, now, lane=visit.site.lane))


def _to_issue(visit: Visit) -> Response:
    return RedirectResponse(f"{visit.site.paths.base}/desk/issues/{number_of(visit)}", 303, PRIVATE)
