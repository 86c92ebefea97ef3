"""The release: an issue is rendered, frozen and written out as copies; sending only starts after.

Editions are rendered once per plan, all of them before the first body, in a child process with a
limit on time and memory. What is frozen never changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from mailer.delivery.fence import Fence
from mailer.delivery.printing import Printed, discreet, print_editions, theme_findings, unfit
from mailer.delivery.recovery import undo_release
from mailer.domain.checks.machine import ANY_MACHINE, Machine
from mailer.domain.checks.weight import HTML_HOLDS_BYTES
from mailer.domain.fence import Mark
from mailer.domain.finding import Check, Finding, Severity, blocking
from mailer.domain.issue import Issue, IssueKind, IssueMove
from mailer.domain.links import Links
from mailer.domain.plan import Plan
from mailer.domain.timetable import deadline_by_hand
from mailer.editorial import contents, draft
from mailer.editorial.draft import Draft
from mailer.editorial.schedule_times import zone_of
from mailer.errors import InvalidMove, MailerError
from mailer.rendering.theme_folder import OURS_ALONE, Themes
from mailer.storage import Database, Transaction, editions, freeze, installation, issues
from mailer.storage.editions import DISCREET, StoredEdition
from mailer.storage.freeze import Allotment, Choice
from mailer.storage.installation import Identity

_SAMPLE = blocking(
    Check.SAMPLE_TEXTS,
    "this installation holds the sample’s texts, which may not leave this machine",
    'make one for your own by “mailer init DIR”, or write host = "127.0.0.1" in [relay]',
)


class Held(MailerError):  # noqa: N818 - reads as what it is where it is caught
    """Something holds the issue; nothing was frozen.

    Attributes:
        findings: the blocking ones.
    """

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        lines = "\n".join(f"  {finding}" for finding in findings)
        super().__init__(f"the issue is held until this is mended:\n{lines}")


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which a release happens.

    Attributes:
        node_id: of this process; when it dies, the release is undone.
        released_at: aware UTC, whole seconds; the Date of every copy.
        rehearsal: whether the relay is the outbox, so that nothing leaves this machine.
        leaves_machine: whether the relay is another machine's, so that sample texts are held.
        deadline_at: until when it may be sent, as the clock says; None for a person, who may be late.
        slice_size: most readers in one transaction.
        themes: each newsletter's own templates.
        machine: which it goes out from, for the checks.
        html_holds_bytes: a larger HTML part holds the issue; only a measurement asks for more.
        fence: of the installation, which must let it pass; None only where no copy can leave a data
            folder that was restored (tests of other things).
    """

    links: Links
    node_id: str
    released_at: datetime
    rehearsal: bool = False
    leaves_machine: bool = False
    deadline_at: datetime | None = None
    slice_size: int = freeze.SLICE
    themes: Themes = OURS_ALONE
    machine: Machine = ANY_MACHINE
    html_holds_bytes: int = HTML_HOLDS_BYTES
    fence: Fence | None = None


async def release(database: Database, issue_id: int, terms: Terms) -> Issue:
    """Freeze an issue for its confirmed readers and hand it to the senders.

    Raises:
        Fenced: the database was restored, and nobody has allowed it to send.
        Held: a check blocks it.
        InvalidMove: it is no draft any more; somebody else was first.
        RenderingError: a template or text can't be rendered.
    """
    if terms.fence is not None:
        await terms.fence.check()
    await refuse_sample(database, leaves_machine=terms.leaves_machine)
    await database.write(
        lambda tx: issues.advance(tx, issue_id, IssueMove.RELEASE, releasing_node=terms.node_id)
    )
    try:
        found = await draft.get(database, issue_id, terms.machine, at=terms.released_at)
        _refuse(found.findings)
        # Before anything is rendered: a block that is missing in a theme keeps no mail from being made.
        _refuse(await theme_findings(terms.themes, found.newsletter))
        return await _freeze(database, found, terms)
    except BaseException:
        # Also when the command is interrupted: a draft that can be released again is the only way back.
        await asyncio.shield(database.write(lambda tx: undo_release(tx, issue_id, terms.node_id)))
        raise


async def refuse_sample(database: Database, *, leaves_machine: bool) -> None:
    """Hold sample texts back from people elsewhere, who would take them for news.

    Raises:
        Held: this is a sample installation, and its mail would leave this machine.
    """
    found = await database.read(installation.find) if leaves_machine else None
    if found is not None and found.is_sample:
        raise Held((_SAMPLE,))


def _refuse(found: Iterable[Finding]) -> None:
    """Hold the issue where one of its findings does."""
    holding = tuple(finding for finding in found if finding.severity is Severity.BLOCKING)
    if holding:
        raise Held(holding)


async def _freeze(database: Database, found: Draft, terms: Terms) -> Issue:
    allotment = await _freeze_editions(database, found, terms)
    last: int | None = 0
    while last is not None:
        last = await database.write(partial(_write_slice, terms=terms, allotment=allotment, after=last))
    issue, counted = await database.write(lambda tx: _flip(tx, found, terms))
    if terms.fence is not None and counted is not None:
        # After the commit: killed between the two, the file lags, and whoever sends next mends it.
        await terms.fence.note(Mark(counted.identity, counted.counter))
    return issue


def _write_slice(tx: Transaction, terms: Terms, allotment: Allotment, after: int) -> int | None:
    _check_still_ours(tx, allotment.issue_id, terms)
    return freeze.write_slice(tx, allotment, after, limit=terms.slice_size)


def _check_still_ours(tx: Transaction, issue_id: int, terms: Terms) -> None:
    """Refuse to go on with a release that another process has undone, taking us for dead."""
    if (issue_id, terms.node_id) not in issues.releasing(tx):
        raise InvalidMove("this release was undone while it stood still; release the issue again")


async def _freeze_editions(database: Database, found: Draft, terms: Terms) -> Allotment:
    by_choice = contents.plans(found.grid)
    printed = await print_editions(found, terms.links, date=terms.released_at, themes=terms.themes)
    # What a mailbox would cut off is held before anything is stored.
    _refuse(unfit(printed, html_holds_bytes=terms.html_holds_bytes))

    def store(tx: Transaction) -> Allotment:
        # In the order of choices: a language's first edition is that of readers who did not choose,
        # and the one its public page shows.
        ids: dict[str, int] = {}
        for plan in by_choice.values():
            if plan.key not in ids:
                made = printed.get(plan.key)
                edition = _stored(found.issue.id, made) if made else _empty(found.issue.id, plan)
                ids[plan.key] = editions.add(tx, edition)
        usual = {Choice(*choice): ids[plan.key] for choice, plan in by_choice.items()}
        return Allotment(
            issue_id=found.issue.id,
            newsletter=found.newsletter.slug,
            editions=usual | _discreet(tx, found, terms, printed),
            empty=frozenset(ids[plan.key] for plan in by_choice.values() if not plan.cells),
            released_at=terms.released_at,
        )

    return await database.write(store)


def _discreet(
    tx: Transaction, found: Draft, terms: Terms, printed: Mapping[str, Printed]
) -> dict[Choice, int]:
    """Store the editions that discreet readers get, after all others; return their numbers.

    None where nobody is discreet. A plan without a text has none either: there is nothing to hide.
    """
    audience = freeze.audience(tx, found.newsletter.slug, terms.released_at)
    if not any(choice.is_discreet for choice in audience):
        return {}
    ids = {}
    for key, usual in printed.items():
        made = discreet(found, usual, terms.links, date=terms.released_at)
        ids[key] = editions.add(tx, _stored(found.issue.id, made, DISCREET))
    return {
        Choice(*choice, is_discreet=True): ids[plan.key]
        for choice, plan in contents.plans(found.grid).items()
        if plan.key in ids
    }


def _stored(issue_id: int, printed: Printed, mark: str = "") -> StoredEdition:
    return StoredEdition(
        issue_id=issue_id,
        plan=mark + printed.plan.key,
        language=printed.plan.language,
        subject=printed.mail.subject,
        html=printed.mail.html,
        text=printed.mail.text,
        skeleton=printed.skeleton.pack(),
        digest=printed.skeleton.digest,
    )


def _empty(issue_id: int, plan: Plan) -> StoredEdition:
    """Return the edition of readers whose choices leave nothing to send: it is never sent."""
    return StoredEdition(issue_id, plan.key, plan.language, "", "", "", b"", b"")


def _flip(tx: Transaction, found: Draft, terms: Terms) -> tuple[Issue, Identity | None]:
    """Release; a database copied before this commit is told by the counter, which it has not raised."""
    _check_still_ours(tx, found.issue.id, terms)
    counted = installation.count(tx, terms.released_at) if terms.fence is not None else None
    if terms.rehearsal and found.issue.kind is IssueKind.REGULAR:
        issues.set_kind(tx, found.issue.id, IssueKind.REHEARSAL)
    issue = issues.advance(
        tx,
        found.issue.id,
        IssueMove.FREEZE_DONE,
        releasing_node=None,
        released_at=terms.released_at,
        deadline_at=terms.deadline_at or _deadline(found, terms.released_at),
    )
    return issue, counted


def _deadline(found: Draft, released_at: datetime) -> datetime:
    newsletter = found.newsletter
    return deadline_by_hand(newsletter.schedule, zone_of(newsletter), found.issue.period, released_at)
