"""Which issue a verb is about, and how it is named in what is printed."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from mailer.bootstrap import Installation
from mailer.cli.week import LAST, WEEK_HELP, chosen_period
from mailer.domain.issue import Issue, IssueState
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial import draft
from mailer.editorial.draft import Draft
from mailer.errors import UsageError
from mailer.storage import newsletters

IssueOption = Annotated[
    int | None,
    typer.Option("--issue", min=1, max=2**31 - 1, metavar="NUMBER", help="Its number, instead of --week."),
]
IssueWeekOption = Annotated[
    str | None, typer.Option("--week", metavar="WEEK", show_default="last", help=WEEK_HELP)
]
"""None where it is not named: the last week, unless --issue says which."""
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


async def newsletter_and_period(
    installation: Installation, slug: str | None, week: str
) -> tuple[Newsletter, Period]:
    """Return what --newsletter and --week name."""
    found = await installation.database.read(lambda tx: newsletters.pick(tx, slug))
    return found, chosen_period(week, found, installation.clock())


async def find_issue(
    installation: Installation, slug: str | None, week: str | None, number: int | None
) -> Draft:
    """Return the issue that --issue, or --newsletter and --week, name.

    Raises:
        NotFound: there is none.
        UsageError: both were given.
    """
    database, machine, now = installation.database, installation.machine, installation.clock()
    if number is not None:
        if week is not None:
            raise UsageError("--issue and --week both say which issue; write one of them")
        return _as_it_stands(await draft.get(database, number, machine, at=now))
    found, period = await newsletter_and_period(installation, slug, LAST if week is None else week)
    return _as_it_stands(await draft.find(database, found, period, machine, at=now))


def _as_it_stands(found: Draft) -> Draft:
    """Leave out findings where nothing can be held any more: texts and readers go on after a release."""
    return found if found.issue.state is IssueState.DRAFT else replace(found, findings=())


def name_of(issue: Issue) -> str:
    """Return how an issue is named in a sentence."""
    return f"{issue.newsletter} {issue.period.key if issue.period else issue.id} (issue {issue.id})"


def issue_json(issue: Issue) -> dict[str, Any]:
    """Return what every JSON object about an issue begins with."""
    return {
        "issue": issue.id,
        "newsletter": issue.newsletter,
        "week": issue.period.key if issue.period else None,
        "kind": issue.kind,
        "state": issue.state,
    }
