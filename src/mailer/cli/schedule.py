"""``mailer schedule``: what the clock will do next, by the newsletter's wall clock and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.delivery.timekeeper import clock_problem
from mailer.domain.newsletter import Newsletter, ReleaseRule
from mailer.domain.timetable import Fire, Step, next_fires
from mailer.editorial.schedule_times import zone_of
from mailer.storage import newsletters

_WORDS = {
    Step.BUILD: "the draft is made",
    Step.REMIND: "you are told if it waits for you",
    Step.RELEASE: "it is sent",
    Step.DEADLINE: "too late to send",
}


@dataclass(frozen=True, slots=True)
class _Plan:
    newsletter: Newsletter
    zone: ZoneInfo
    fires: list[Fire]


def schedule(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what the clock does next, and when."""
    settings: Context = context.obj
    now, plans, problem = settings.run(_look)
    if json:
        print_json(
            {"now": _utc(now), "clock_problem": problem, "newsletters": [_as_json(plan) for plan in plans]}
        )
        return
    if problem:
        say(f"NOTHING HAPPENS: {problem}")
    if not plans:
        say("there is no newsletter yet; run “mailer newsletter import newsletter.toml”")
    for plan in plans:
        _print(plan)


async def _look(installation: Installation) -> tuple[datetime, list[_Plan], str | None]:
    now = installation.clock()
    found = await installation.database.read(newsletters.everything)
    plans = []
    for newsletter in found:
        zone = zone_of(newsletter)
        plans.append(_Plan(newsletter, zone, next_fires(newsletter.schedule, zone, now)))
    return now, plans, await clock_problem(installation.database, now)


def _print(plan: _Plan) -> None:
    newsletter = plan.newsletter
    say(f"{newsletter.slug}: {newsletter.zone}, release {newsletter.release_rule}")
    for fire in plan.fires:
        local = fire.at.astimezone(plan.zone)
        words = _WORDS[fire.step]
        if fire.step is Step.RELEASE and newsletter.release_rule is ReleaseRule.MANUAL:
            words = "it waits for you to approve it"
        # %Z is “+03” in many zones, which says no more than the offset; so the offset stands everywhere.
        when = f"{local:%a %d %b %Y %H:%M %z}  {fire.at:%a %H:%M} UTC"
        say(f"  {when}  {fire.period.key}  {fire.step:<8}  {words}")


def _as_json(plan: _Plan) -> dict[str, Any]:
    return {
        "newsletter": plan.newsletter.slug,
        "zone": plan.newsletter.zone,
        "release": plan.newsletter.release_rule,
        "fires": [
            {
                "step": fire.step,
                "week": fire.period.key,
                "local": fire.at.astimezone(plan.zone).isoformat(timespec="seconds"),
                "utc": _utc(fire.at),
            }
            for fire in plan.fires
        ],
    }


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
