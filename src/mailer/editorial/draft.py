"""The draft: stored commentaries become an issue, and everything that holds it is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from mailer.domain.checks.machine import ANY_MACHINE, Machine
from mailer.domain.finding import Check, Finding, Severity, blocking, by_weight, warning
from mailer.domain.issue import Issue
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, last_ended_week
from mailer.domain.plan import Grid, arrange
from mailer.editorial.preflight import Before, check_words, read_before
from mailer.errors import NotFound
from mailer.storage import Database, Transaction, commentaries, freeze, issues, newsletters, readers


@dataclass(frozen=True, slots=True)
class Draft:
    """An issue as it would be released now.

    Attributes:
        audience: readers who would get it, by main language; languages without any are absent. Who
            takes a break is not among them.
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
    words: Mapping[Language, Mapping[str, str]],
    now: datetime,
    machine: Machine = ANY_MACHINE,
) -> Draft:
    """Gather the commentaries of *period* into its draft issue; again puts in what changed.

    Args:
        database: of the installation.
        newsletter: as stored.
        period: which it reports on.
        words: what editors say about it, by language.
        now: aware UTC.
        machine: which it goes out from.

    Raises:
        InvalidMove: the issue has left the state of a draft.
    """
    issue = await database.write(lambda tx: issues.build(tx, newsletter.slug, period, words=words, now=now))
    return await get(database, issue.id, machine, at=now)


async def find(
    database: Database,
    newsletter: Newsletter,
    period: Period,
    machine: Machine = ANY_MACHINE,
    *,
    at: datetime,
) -> Draft:
    """Return the issue of *period* with its findings.

    Args:
        database: of the installation.
        newsletter: as stored.
        period: which it reports on.
        machine: which it goes out from.
        at: when it would be released, aware UTC.

    Raises:
        NotFound: it has not been built.
    """
    issue = await database.read(lambda tx: issues.of_period(tx, newsletter.slug, period))
    if issue is None:
        raise NotFound(
            f"there is no issue for {period.key} yet; run “mailer issue build --week {period.key}”"
        )
    return await get(database, issue.id, machine, at=at)


async def get(database: Database, issue_id: int, machine: Machine = ANY_MACHINE, *, at: datetime) -> Draft:
    """Return the issue with that number and its findings.

    Args:
        database: of the installation.
        issue_id: its number.
        machine: which it goes out from.
        at: when it would be released, aware UTC.

    Raises:
        NotFound: there is none.
    """
    found, before = await database.read(lambda tx: _read(tx, issue_id, machine, at))
    more = await check_words(database, found.grid, found.issue, before, machine)
    return replace(found, findings=by_weight([*found.findings, *more]))


def _read(tx: Transaction, issue_id: int, machine: Machine, at: datetime) -> tuple[Draft, Before]:
    issue = issues.get(tx, issue_id)
    newsletter = newsletters.pick(tx, issue.newsletter)
    assert issue.period is not None
    stored = commentaries.of_period(tx, newsletter.slug, issue.period)
    grid, findings = arrange(newsletter, issue.period, stored)
    audience: Counter[Language] = Counter()
    for choice, count in freeze.audience(tx, newsletter.slug, at).items():
        audience[choice.language] += count
    # Who takes a break is no reader of this issue; only where nobody is left is it asked who does.
    resting = 0 if audience else sum(readers.active_count(tx, newsletter.slug).values())
    findings += _audience(newsletter, audience, resting)
    return Draft(newsletter, issue, grid, audience, tuple(findings)), read_before(tx, grid, machine)


def _audience(newsletter: Newsletter, audience: Mapping[Language, int], resting: int) -> list[Finding]:
    nobody = blocking(
        Check.NO_READER,
        "every reader is taking a break",
        "wait until a break ends, or sign up another address on the site’s first page",
    )
    if not resting:
        nobody = blocking(
            Check.NO_READER,
            "no reader has confirmed a subscription yet",
            "sign up on the site’s first page and confirm from the mail",
        )
    elsewhere = [
        warning(
            Check.LANGUAGE_NOT_OFFERED,
            f"{count} {'reader gets' if count == 1 else 'readers get'} other newsletters in {language}, in "
            f"which {newsletter.slug} is not published: they get it in {newsletter.languages[0]}",
            where=language,
        )
        for language, count in audience.items()
        if language not in newsletter.languages
    ]
    return elsewhere if audience else [nobody]
