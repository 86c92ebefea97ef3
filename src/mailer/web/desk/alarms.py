"""What the desk's first page says of returned mail: what is urgent, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from mailer.audience.returned_words import few, group_in_words
from mailer.domain.issue import Issue
from mailer.domain.returns import LEAST_COPIES, ComplaintLevel, complaint_level
from mailer.storage import Transaction, books, consequences, guards, issues, return_stats

_LATELY: Final = timedelta(days=14)
"""Nearly all complaints come in the first days; older ones stand on the issue's own page."""
_COMPLAINTS: Final = {
    ComplaintLevel.NEAR: (
        "More than 1 of 1,000 readers reported it as spam. Gmail and Yahoo ask senders to stay below that. "
        "Ask who did not expect this mail: an old list that was taken in, for example."
    ),
    ComplaintLevel.OVER: (
        "More than 3 of 1,000 readers reported it as spam. From there on Gmail and Yahoo refuse mail or file "
        "it as spam. Before the next issue, find out who did not expect this one, and do not mail them."
    ),
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something about an issue that a person should know today.

    Attributes:
        page: where more is said of it, under the desk's own address.
    """

    issue: Issue
    sentence: str
    page: str


@dataclass(frozen=True, slots=True)
class Alarms:
    """All of it.

    Attributes:
        asking: how many mails wait in which somebody asks to be unsubscribed.
    """

    urgent: tuple[Alarm, ...]
    asking: int


def read_alarms(tx: Transaction, newest: Iterable[Issue], now: datetime) -> Alarms:
    """Return what is to be said; of complaints only about those of *newest* that went out lately."""
    lately = [each for each in newest if each.released_at is not None and each.released_at > now - _LATELY]
    urgent = [*_of_guards(tx), *(each for issue in lately for each in _of_complaints(tx, issue))]
    return Alarms(tuple(urgent), len(consequences.proposed(tx)))


def _of_guards(tx: Transaction) -> list[Alarm]:
    found = []
    for guard in guards.open_guards(tx):
        name = group_in_words(guard.group)
        sentence = (
            f"{name[:1].upper()}{name[1:]} said “no such mailbox” of {few(guard.hard_count)} of "
            f"{guard.copy_count:,} copies. Nobody there is given up until you have looked."
        )
        page = f"/returned/guards/{guard.id}"
        found.append(Alarm(issues.get(tx, guard.issue_id), sentence, page))
    return found


def _of_complaints(tx: Transaction, issue: Issue) -> list[Alarm]:
    taken = sum(each.accepted for each in books.by_language(tx, issue.id).values())
    if taken < LEAST_COPIES:
        return []
    sentence = _COMPLAINTS.get(complaint_level(return_stats.complaint_count(tx, issue.id), taken))
    return [Alarm(issue, sentence, f"/issues/{issue.id}/returned")] if sentence else []
