"""``--week`` and ``--newsletter``: what a verb is about."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer

from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, parse_period, week_of
from mailer.editorial.draft import last_period
from mailer.errors import UsageError

LAST: Final = "last"
WEEK_HELP: Final = "“last” (the last week that has ended), 2026-W47, or a day of the week."
WeekOption = Annotated[str, typer.Option(metavar="WEEK", help=WEEK_HELP)]
NewsletterOption = Annotated[
    str | None, typer.Option(metavar="SLUG", help="Needed with several newsletters.")
]


def chosen_period(week: str, newsletter: Newsletter, now: datetime) -> Period:
    """Return the period that ``--week`` names.

    Raises:
        UsageError: it names none.
    """
    if week == LAST:
        return last_period(newsletter, now)
    try:
        period = parse_period(week)
    except ValueError as error:
        raise UsageError(f"--week: {error}") from error
    if period != week_of(period.first_day):
        # The only kind of period that newsletters have yet.
        raise UsageError(f"--week: “{week}” is not one week; write it as 2026-W47")
    return period
