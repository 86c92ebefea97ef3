"""The desk's first page: each newsletter, what happens next, and its issues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.domain.newsletter import Newsletter, ReleaseRule
from mailer.domain.period import Period
from mailer.domain.timetable import Step, next_fires
from mailer.editorial import draft
from mailer.errors import NotFound
from mailer.storage import Transaction, issues, newsletters, signups
from mailer.web.armour import PRIVATE
from mailer.web.desk.alarms import read_alarms
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.flood import flood_in_words
from mailer.web.desk.frame import show
from mailer.web.desk.sheet import Sheet, sheet_of
from mailer.web.desk.words import RELEASE_BY_HAND, STEPS, name_of, time_in_words
from mailer.web.pages import all_newsletters
from mailer.web.site import Site

_MOST_ISSUES: Final = 8


@dataclass(frozen=True, slots=True)
class Tray:
    """One newsletter on the first page.

    Attributes:
        sheets: its newest issues, newest first.
        fires: what happens next and when, soonest first.
        unbuilt: the last period that has ended, when there is no issue of it yet.
    """

    newsletter: Newsletter
    title: str
    sheets: Sequence[Sheet]
    fires: Sequence[tuple[str, str, Period]]
    unbuilt: Period | None


def routes(site: Site) -> list[Route]:
    """Return the routes of the first page; the last one catches every other address of the desk."""
    return [
        guarded(site, "/desk", _to_front),
        guarded(site, "/desk/", _front),
        guarded(site, "/desk/newsletters/{slug}/build", _build, method="POST"),
    ]


def other_routes(site: Site) -> list[Route]:
    """Return what stands behind every other route of the desk: strangers learn of none of them."""
    return [guarded(site, "/desk/{rest:path}", _nothing)]


async def _to_front(visit: Visit) -> Response:
    return RedirectResponse(f"{visit.site.paths.base}/desk/", 303, PRIVATE)


async def _nothing(_visit: Visit) -> Response:
    raise NotFound("Perhaps the address was mistyped.")


async def _front(visit: Visit) -> Response:
    site = visit.site
    trays = await site.database.read(partial(_read, site=site))
    newest = [sheet.issue for tray in trays for sheet in tray.sheets]
    alarms = await site.database.read(lambda tx: read_alarms(tx, newest, site.clock()))
    flood = await site.database.read(lambda tx: flood_in_words(site, signups.waiting(tx, site.clock())))
    return show(visit, "desk/front.html", trays=trays, flood=flood, alarms=alarms)


async def _build(visit: Visit) -> Response:
    site = visit.site
    slug: str = visit.request.path_params["slug"]
    newsletter = await site.database.read(lambda tx: newsletters.pick(tx, slug))
    period = draft.last_period(newsletter, site.clock())
    built = await draft.build(site.database, newsletter, period, words={}, now=site.clock())
    return RedirectResponse(f"{site.paths.base}/desk/issues/{built.issue.id}", 303, PRIVATE)


def _read(tx: Transaction, site: Site) -> list[Tray]:
    return [_tray(tx, site, newsletter) for newsletter in all_newsletters(tx)]


def _tray(tx: Transaction, site: Site, newsletter: Newsletter) -> Tray:
    now = site.clock()
    last = draft.last_period(newsletter, now)
    fires = next_fires(newsletter.schedule, ZoneInfo(newsletter.zone), now)
    return Tray(
        newsletter=newsletter,
        title=name_of(newsletter),
        sheets=[
            sheet_of(tx, issue, newsletter, now) for issue in issues.newest(tx, newsletter.slug, _MOST_ISSUES)
        ],
        fires=[
            (_step_in_words(fire.step, newsletter), time_in_words(fire.at, newsletter), fire.period)
            for fire in fires
        ],
        unbuilt=last if issues.of_period(tx, newsletter.slug, last) is None else None,
    )


def _step_in_words(step: Step, newsletter: Newsletter) -> str:
    by_hand = step is Step.RELEASE and newsletter.release_rule is ReleaseRule.MANUAL
    return RELEASE_BY_HAND if by_hand else STEPS[step]
