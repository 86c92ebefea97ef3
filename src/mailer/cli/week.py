"""``--week``: which period a verb is about."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, parse_period
from mailer.editorial.draft import last_period
from mailer.errors import UsageError

WeekOption = Annotated[
    str, typer.Option(help="“last” (the last week that has ended), 2026-W47, or a day of the week.")
]


def chosen_period(week: str, newsletter: Newsletter, now: datetime) -> Period:
    """Return the period that ``--week`` names.

    Raises:
        UsageError: it names none.
    """
    if week == "last":
        return last_period(newsletter, now)
    try:
        return parse_period(week)
    except ValueError as error:
        raise UsageError(f"--week: {error}") from error
