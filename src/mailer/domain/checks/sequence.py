"""Whether an issue follows on the last one: no week left out, none reported on twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from mailer.domain.finding import Check, Finding, warning
from mailer.domain.period import Period

_DAY = timedelta(days=1)


def out_of_sequence(period: Period, released: Collection[Period]) -> list[Finding]:
    """Say how *period* does not follow on the issues that were *released*; one finding at most.

    Args:
        period: of the issue that is checked.
        released: periods of the newsletter's other issues, in any order.
    """
    others = sorted(set(released) - {period})
    overlapping = [each for each in others if _overlap(each, period)]
    later = [each for each in others if each.first_day > period.last_day]
    earlier = [each for each in others if each.last_day < period.first_day]
    if overlapping:
        return [_finding(f"{period.key} shares days with {overlapping[-1].key}, which was sent already")]
    if later:
        return [_finding(f"{later[-1].key} was sent before {period.key}, so readers get the older one later")]
    if earlier and earlier[-1].last_day + _DAY < period.first_day:
        return [
            _finding(
                f"between {earlier[-1].key}, which was sent last, and {period.key} days are left out",
                "see whether one was forgotten (mailer issue build --week WEEK), or go on if it was meant",
            )
        ]
    return []


def _overlap(one: Period, other: Period) -> bool:
    return one.first_day <= other.last_day and other.first_day <= one.last_day


def _finding(
    message: str, remedy: str = "see whether this is the right week (--week), or go on if it is meant"
) -> Finding:
    return warning(Check.OUT_OF_SEQUENCE, message, remedy)
