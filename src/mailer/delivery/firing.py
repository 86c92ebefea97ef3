"""The firing: what the clock does for one newsletter, decided anew from the database at each ring.

It may be called by any number of processes, at any moment and as often as one likes: each step is a
compare-and-set, so it happens once. What was missed while no process ran is made up for until the
issue's deadline.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import StrEnum

import structlog

from mailer.delivery.fence import Fenced
from mailer.delivery.release import Held, Terms, release
from mailer.domain.issue import Issue, IssueKind, IssueMove, IssueState
from mailer.domain.newsletter import Newsletter, ReleaseRule
from mailer.domain.timetable import FireTimes, due, fire_times, is_weekly
from mailer.editorial import draft
from mailer.editorial.schedule_times import zone_of
from mailer.errors import InvalidMove, RenderingError
from mailer.storage import Database, Transaction, firings, issues

_log = structlog.get_logger()
_HELD = "something is missing; “mailer issue check” names it and what to do"


class Happened(StrEnum):
    """What a firing did to an issue."""

    BUILT = "built"
    REMINDED = "reminded"
    """Operators were told that it waits for them."""
    RELEASED = "released"
    EXPIRED = "expired"
    """Its deadline passed while it was a draft."""


@dataclass(frozen=True, slots=True)
class Fired:
    """One thing that a firing did."""

    happened: Happened
    issue_id: int


async def fire(database: Database, newsletter: Newsletter, terms: Terms) -> list[Fired]:
    """
    Do what a newsletter's timetable asks for by now; return what this call did, in order.

    Args:
        database: of the installation.
        newsletter: as stored.
        terms: of a release, if it comes to one; its released_at is now.

    Raises:
        MailerError: the zone is not known, or the database said no. Being second, being held (also by
            a template that can't be rendered) and being fenced are no errors.
    """
    zone, now = zone_of(newsletter), terms.released_at
    times = due(newsletter.schedule, zone, now)
    fired = await _expire(database, newsletter, zone, now)
    if now < times.deadline_at:
        fired += await _build(database, newsletter, times, terms)
        fired += await _release_or_remind(database, newsletter, times, terms)
    return fired


async def _expire(database: Database, newsletter: Newsletter, zone: tzinfo, now: datetime) -> list[Fired]:
    def missed(tx: Transaction) -> list[Issue]:
        drafts = [issues.get(tx, number) for number in firings.drafts(tx, newsletter.slug)]
        return [issue for issue in drafts if _has_missed_its_time(issue, newsletter, zone, now)]

    fired = []
    for issue in await database.read(missed):
        if await _end(database, issue.id):
            fired.append(_note(Happened.EXPIRED, newsletter, issue.id))
            _say(issue, "missed its time; release it to send it anyway")
    return fired


async def _end(database: Database, issue_id: int) -> bool:
    """Call a draft too late; return False when somebody else was first."""
    try:
        await database.write(lambda tx: issues.advance(tx, issue_id, IssueMove.EXPIRE))
    except InvalidMove:
        return False
    return True


def _has_missed_its_time(issue: Issue, newsletter: Newsletter, zone: tzinfo, now: datetime) -> bool:
    """Tell whether the timetable ends a draft: not one that a person made, or took back, for later."""
    if issue.period is None or not is_weekly(issue.period) or issue.released_at is not None:
        return False
    deadline_at = fire_times(newsletter.schedule, zone, issue.period).deadline_at
    return issue.created_at < deadline_at <= now


async def _build(database: Database, newsletter: Newsletter, times: FireTimes, terms: Terms) -> list[Fired]:
    """Make the issue of the period, once; one that is there already stays as people left it."""
    there = await database.read(lambda tx: issues.of_period(tx, newsletter.slug, times.period))
    if there is not None and (there.kind is IssueKind.REGULAR or terms.rehearsal):
        return []
    number = await database.write(
        lambda tx: firings.begin(
            tx, newsletter.slug, times.period, now=terms.released_at, rehearsal=terms.rehearsal
        )
    )
    return [] if number is None else [_note(Happened.BUILT, newsletter, number)]


async def _release_or_remind(
    database: Database, newsletter: Newsletter, times: FireTimes, terms: Terms
) -> list[Fired]:
    now = terms.released_at
    issue = await database.read(lambda tx: issues.of_period(tx, newsletter.slug, times.period))
    is_draft = issue is not None and issue.kind is IssueKind.REGULAR and issue.state is IssueState.DRAFT
    if issue is None or not is_draft or now < times.remind_at:
        return []
    reason = await _what_it_waits_for(database, newsletter, issue, terms)
    if reason is None and now < times.release_at:
        return []
    if reason is None:
        try:
            await release(database, issue.id, replace(terms, deadline_at=times.deadline_at))
        except InvalidMove:
            # Somebody else was first: the next ring sees how it stands.
            return []
        except (Held, RenderingError):
            # Found when the editions were made, or a text changed meanwhile.
            reason = _HELD
        except Fenced:
            reason = "nothing may be sent until a person allows it; run “mailer sending allow”"
        else:
            return [_note(Happened.RELEASED, newsletter, issue.id)]
    if not await database.write(lambda tx: firings.remind(tx, issue.id, now)):
        return []
    _say(issue, reason)
    return [_note(Happened.REMINDED, newsletter, issue.id)]


async def _what_it_waits_for(
    database: Database, newsletter: Newsletter, issue: Issue, terms: Terms
) -> str | None:
    """Say why an issue does not go out by itself, or None."""
    if (await draft.get(database, issue.id, terms.machine, at=terms.released_at)).blocking:
        return _HELD
    if newsletter.release_rule is not ReleaseRule.AUTOMATIC:
        return "waits for approval; release it at the desk or by “mailer issue release”"
    # Who took it back decides when it goes again.
    return "was taken back; release it when it is mended" if issue.released_at is not None else None


def _note(happened: Happened, newsletter: Newsletter, issue_id: int) -> Fired:
    _log.info(f"issue.{happened}", newsletter=newsletter.slug, issue=issue_id)
    return Fired(happened, issue_id)


def _say(issue: Issue, reason: str) -> None:
    """Tell the operators, in the log; never with an address."""
    week = issue.period.key if issue.period else None
    _log.warning("issue.needs_you", newsletter=issue.newsletter, week=week, issue=issue.id, reason=reason)
