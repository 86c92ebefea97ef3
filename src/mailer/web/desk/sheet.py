"""What a page of the desk says of one issue: read in one go, put into plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailer.delivery.standstill import Standstill, read_standstill
from mailer.domain.finding import Severity
from mailer.domain.issue import Issue, IssueState
from mailer.domain.newsletter import Newsletter, ReleaseRule
from mailer.domain.plan import arrange
from mailer.domain.timetable import fire_times, is_weekly
from mailer.storage import Transaction, attempts, books, commentaries, issues, newsletters
from mailer.web.desk.words import Account, Refusal, account, name_of, refusals, state_in_words, time_in_words

_MOST_REFUSALS: Final = 20
_LIVE: Final = frozenset({IssueState.RELEASING, IssueState.RELEASED, IssueState.PAUSED})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One issue as the desk shows it.

    Attributes:
        title: of its newsletter.
        state: in plain words.
        account: every copy accounted for; None before there are copies.
        standstill: why nothing, or not all of it, goes out; empty when it does.
        refusals: the newest tries that did not end well; empty where nobody asked for them.
        released_at, deadline_at: in words; empty where there is none.
    """

    issue: Issue
    newsletter: Newsletter
    title: str
    state: str
    account: Account | None
    standstill: Standstill
    refusals: Sequence[Refusal]
    released_at: str
    deadline_at: str

    @property
    def is_live(self) -> bool:
        """Whether its figures may change from one second to the next."""
        return self.issue.state in _LIVE

    @property
    def why_it_stands(self) -> list[str]:
        """Why copies do not go out, a sentence each; by the newsletter's own clock."""
        return self.standstill.sentences(ZoneInfo(self.newsletter.zone))

    @property
    def is_draft(self) -> bool:
        """Whether its texts may still change."""
        return self.issue.state is IssueState.DRAFT

    @property
    def can_be_released(self) -> bool:
        """Whether a person may approve it, or send it although it missed its time."""
        return self.issue.state in (IssueState.DRAFT, IssueState.EXPIRED)

    @property
    def can_be_cancelled(self) -> bool:
        """Whether there is something left to call off."""
        return self.issue.state in (IssueState.DRAFT, IssueState.RELEASED, IssueState.PAUSED)


def read_sheet(tx: Transaction, issue_id: int, now: datetime, *, lane: str) -> Sheet:
    """Return an issue with its last refusals; mail leaves over *lane*.

    Raises:
        NotFound: there is none with that number.
    """
    issue = issues.get(tx, issue_id)
    newsletter = newsletters.pick(tx, issue.newsletter)
    last = refusals(attempts.newest(tx, issue_id, _MOST_REFUSALS), newsletter)
    standstill = read_standstill(tx, issue, lane, now)
    return replace(sheet_of(tx, issue, newsletter, now), refusals=last, standstill=standstill)


def sheet_of(tx: Transaction, issue: Issue, newsletter: Newsletter, now: datetime) -> Sheet:
    """Return what is to be said of *issue* among others."""
    return Sheet(
        issue=issue,
        newsletter=newsletter,
        title=name_of(newsletter),
        state=state_in_words(issue, waits=_waits(tx, issue, newsletter, now)),
        account=account(newsletter, books.by_language(tx, issue.id), attempts.put_off(tx, issue.id)),
        standstill=Standstill(),
        refusals=(),
        released_at=time_in_words(issue.released_at, newsletter) if issue.released_at else "",
        deadline_at=time_in_words(issue.deadline_at, newsletter) if issue.deadline_at else "",
    )


def _waits(tx: Transaction, issue: Issue, newsletter: Newsletter, now: datetime) -> bool:
    """Tell whether a draft waits for a person: its build time has come, and it will not go by itself."""
    if issue.state is not IssueState.DRAFT or issue.period is None:
        return False
    if is_weekly(issue.period):
        times = fire_times(newsletter.schedule, ZoneInfo(newsletter.zone), issue.period)
        if now < times.build_at:
            return False
    if newsletter.release_rule is ReleaseRule.MANUAL:
        return True
    _, findings = arrange(newsletter, issue.period, commentaries.of_period(tx, newsletter.slug, issue.period))
    return any(finding.severity is Severity.BLOCKING for finding in findings)
