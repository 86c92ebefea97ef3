"""The draft: stored commentaries become an issue, and everything that holds it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.domain.finding import Check, Finding, Severity, blocking, by_weight, warning
from mailer.domain.issue import Issue, IssueWords
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, last_ended_week
from mailer.domain.plan import Grid, arrange
from mailer.errors import NotFound
from mailer.storage import Database, Transaction, commentaries, issues, newsletters, readers


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue as it would be released now.

    Attributes:
        audience: confirmed readers by main language; languages without any are absent.
        findings: blocking ones first.
    """

    newsletter: Newsletter
    issue: Issue
    grid: Grid
    audience: Mapping[Language, int]
    findings: tuple[Finding, ...]

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that hold the issue."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.BLOCKING)


def last_period(newsletter: Newsletter, now: datetime) -> Period:
    """Return the last period that has ended by the newsletter's own calendar."""
    return last_ended_week(now.astimezone(ZoneInfo(newsletter.zone)).date())


async def build(
    database: Database,
    newsletter: Newsletter,
    period: Period,
    *,
    words: Mapping[Language, IssueWords],
    now: datetime,
) -> Draft:
    """Gather the commentaries of *period* into its draft issue; again puts in what changed.

    Raises:
        InvalidMove: the issue has left the state of a draft.
    """

    def work(tx: Transaction) -> Draft:
        return _draft(tx, newsletter, issues.build(tx, newsletter.slug, period, words=words, now=now))

    return await database.write(work)


async def find(database: Database, newsletter: Newsletter, period: Period) -> Draft:
    """Return the issue of *period* with its findings.

    Raises:
        NotFound: it has not been built.
    """

    def work(tx: Transaction) -> Draft:
        issue = issues.of_period(tx, newsletter.slug, period)
        if issue is None:
            raise NotFound(
                f"there is no issue for {period.key} yet; run “mailer issue build --week {period.key}”"
            )
        return _draft(tx, newsletter, issue)

    return await database.read(work)


async def get(database: Database, issue_id: int) -> Draft:
    """Return the issue with that number and its findings.

    Raises:
        NotFound: there is none.
    """

    def work(tx: Transaction) -> Draft:
        issue = issues.get(tx, issue_id)
        return _draft(tx, newsletters.pick(tx, issue.newsletter), issue)

    return await database.read(work)


def _draft(tx: Transaction, newsletter: Newsletter, issue: Issue) -> Draft:
    assert issue.period is not None
    stored = commentaries.of_period(tx, newsletter.slug, issue.period)
    grid, findings = arrange(newsletter, issue.period, stored)
    audience = readers.active_count(tx, newsletter.slug)
    if not audience:
        findings.append(
            blocking(
                Check.NO_READER,
                "no reader has confirmed a subscription yet",
                "sign up on the site’s first page and confirm from the mail",
            )
        )
    findings += [
        warning(
            Check.LANGUAGE_NOT_OFFERED,
            f"{count} {'reader gets' if count == 1 else 'readers get'} other newsletters in {language}, in "
            f"which {newsletter.slug} is not published: they get it in {newsletter.languages[0]}",
            where=language,
        )
        for language, count in audience.items()
        if language not in newsletter.languages
    ]
    return Draft(newsletter, issue, grid, audience, by_weight(findings))
