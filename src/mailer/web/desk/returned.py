"""Returned mail on the desk: what waits for a person, and what came back of each issue.

No address stands on any of these pages. Operators see the evidence that decided, masked as it is stored.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mailer.audience.returned_words import few, group_in_words, kind_in_words
from mailer.bounces import decisions
from mailer.bounces.asking import asking_words
from mailer.bounces.decisions import Held, Waiting
from mailer.bounces.forwarding import people_waiting
from mailer.domain.issue import Issue
from mailer.domain.newsletter import Newsletter
from mailer.domain.returns import FEW, GroupReturns
from mailer.errors import MailerError, NotFound
from mailer.storage import Transaction, issues, newsletters, operators, return_stats
from mailer.storage.consequences import Consequence
from mailer.storage.guards import Guard
from mailer.web.armour import PRIVATE
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import show
from mailer.web.desk.issue import number_of
from mailer.web.desk.returns_table import HEADS, returns_table
from mailer.web.desk.words import name_of, time_in_words
from mailer.web.pages import all_newsletters
from mailer.web.site import Site

_ANSWER_S: Final = 10.0
"""Believing a provider about many readers takes longer: then the page shows how many are left."""
_MOST_PROPOSALS: Final = 20
_MOST_LETTERS: Final = 20
_MOST_ISSUES: Final = 12
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Example:
    """One bounce as evidence.

    Attributes:
        why: in plain words.
        evidence: the rule that decided.
        reply: the masked words it was judged by; may be empty.
    """

    why: str
    evidence: str
    reply: str


@dataclass(frozen=True, slots=True)
class GuardCard:
    """A mail provider that says “no such mailbox” too often.

    Attributes:
        group: in words.
        hard: of so many copies, when it began; in words where they are few.
        share: the same in percent; empty where they are few.
        began_at: in words.
    """

    held: Held
    issue: Issue
    group: str
    hard: str
    share: str
    began_at: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """Somebody who wrote that they want to leave.

    Attributes:
        newsletter: its title.
        at: when the mail came, in words.
        sentence: their words, masked; empty where the mail is kept no more.
    """

    number: int
    newsletter: str
    at: str
    sentence: str


def routes(site: Site) -> list[Route]:
    """Return the routes of returned mail."""
    running: set[asyncio.Task[int]] = set()
    post = partial(guarded, site, method="POST")
    return [
        guarded(site, "/desk/returned", _overview),
        guarded(site, "/desk/returned/guards/{id}", _guard),
        post("/desk/returned/guards/{id}/apply", partial(_apply, running)),
        post("/desk/returned/guards/{id}/dismiss", _dismiss),
        post("/desk/returned/proposals/{id}/unsubscribe", _unsubscribe),
        post("/desk/returned/proposals/{id}/keep", _keep),
        guarded(site, "/desk/issues/{id}/returned", _issue),
    ]


async def _overview(visit: Visit) -> Response:
    site = visit.site
    waiting, guards, known, sent = await site.database.read(_read)
    letters = await site.database.read(lambda tx: people_waiting(tx, site.clock()))
    first = waiting.proposals[:_MOST_PROPOSALS]
    words = await asking_words(site.database, site.vault, first)
    proposals = [_proposal_card(*each, known) for each in zip(first, words, strict=True)]
    return show(
        visit,
        "desk/returned.html",
        guards=guards,
        proposals=proposals,
        letters=_letters(letters, waiting),
        more_count=len(waiting.proposals) - len(first),
        sent=sent,
    )


async def _guard(visit: Visit) -> Response:
    number = number_of(visit)

    def read(tx: Transaction) -> GuardCard | None:
        found = [each for each in decisions.waiting(tx).held if each.guard.id == number]
        return _guard_card(tx, found[0]) if found else None

    card = await visit.site.database.read(read)
    if card is None:
        raise NotFound("Nobody waits for this decision any more.")
    return show(visit, "desk/returned_guard.html", card=card, count=few(card.held.count))


async def _apply(running: set[asyncio.Task[int]], visit: Visit) -> Response:
    site, number, operator = visit.site, number_of(visit), await _operator(visit)
    # A task of its own: a browser that goes away must not end it half-way.
    task = asyncio.create_task(
        decisions.apply_held(site.database, number, operator=operator, now=site.clock())
    )
    running.add(task)
    task.add_done_callback(running.discard)
    task.add_done_callback(partial(_note_end, number, operator))
    await asyncio.wait([task], timeout=_ANSWER_S)
    if task.done():
        task.result()
    return _back(visit)


async def _dismiss(visit: Visit) -> Response:
    site, number, operator = visit.site, number_of(visit), await _operator(visit)
    count = await decisions.dismiss(site.database, number, operator=operator, now=site.clock())
    _log.info("returned.dismissed", guard=number, operator=operator, readers=count)
    return _back(visit)


async def _unsubscribe(visit: Visit) -> Response:
    site, number, operator = visit.site, number_of(visit), await _operator(visit)
    await decisions.press_proposal(site.database, site.vault, number, now=site.clock())
    site.wake()
    _log.info("returned.unsubscribed", number=number, operator=operator)
    return _back(visit)


async def _keep(visit: Visit) -> Response:
    site, number, operator = visit.site, number_of(visit), await _operator(visit)
    await decisions.drop_proposal(site.database, number, operator=operator, now=site.clock())
    _log.info("returned.kept", number=number, operator=operator)
    return _back(visit)


async def _issue(visit: Visit) -> Response:
    issue_id = number_of(visit)

    def read(tx: Transaction) -> tuple[Issue, Newsletter, list[GroupReturns]]:
        issue = issues.get(tx, issue_id)
        return issue, newsletters.pick(tx, issue.newsletter), return_stats.by_group(tx, issue_id)

    issue, newsletter, lines = await visit.site.database.read(read)
    return show(
        visit,
        "desk/returned_issue.html",
        issue=issue,
        title=name_of(newsletter),
        heads=HEADS,
        table=returns_table(lines),
    )


def _read(tx: Transaction) -> tuple[Waiting, list[GuardCard], dict[int, Newsletter], list[tuple[str, Issue]]]:
    """Return what waits, its guards, the newsletters by number, and the newest issues with their titles."""
    everything = all_newsletters(tx)
    known = {newsletters.identifier(tx, each.slug): each for each in everything}
    waiting = decisions.waiting(tx)
    guards = [_guard_card(tx, each) for each in waiting.held]
    return waiting, guards, known, [(name_of(each), one) for each in everything for one in _sent(tx, each)]


def _letters(waiting: dict[int, datetime], others: Waiting) -> list[tuple[int, str]]:
    """Return the oldest letters that wait, and when each came; not those shown as asking to leave."""
    shown = {each.report_id for each in others.proposals}
    left = [(number, at) for number, at in waiting.items() if number not in shown]
    return [(number, f"{at:%Y-%m-%d %H:%M} UTC") for number, at in left[:_MOST_LETTERS]]


def _sent(tx: Transaction, newsletter: Newsletter) -> list[Issue]:
    newest = issues.newest(tx, newsletter.slug, _MOST_ISSUES)
    return [each for each in newest if each.released_at is not None]


def _guard_card(tx: Transaction, held: Held) -> GuardCard:
    guard = held.guard
    issue = issues.get(tx, guard.issue_id)
    return GuardCard(
        held=held,
        issue=issue,
        group=group_in_words(guard.group),
        hard=few(guard.hard_count),
        share=_share(guard),
        began_at=time_in_words(guard.began_at, newsletters.pick(tx, issue.newsletter)),
        examples=tuple(_example(each) for each in held.examples),
    )


def _share(guard: Guard) -> str:
    is_few = guard.hard_count < FEW
    return "" if is_few else f"{100 * guard.hard_count / max(guard.copy_count, 1):.1f} %"


def _example(consequence: Consequence) -> Example:
    is_refused = consequence.report_id is None
    why = kind_in_words(consequence.kind, consequence.cause, is_refused=is_refused)
    return Example(why, consequence.evidence, consequence.reply)


def _proposal_card(proposal: Consequence, sentence: str, known: dict[int, Newsletter]) -> ProposalCard:
    newsletter = known[proposal.newsletter_id]
    return ProposalCard(proposal.id, name_of(newsletter), time_in_words(proposal.at, newsletter), sentence)


def _note_end(number: int, operator: str, task: asyncio.Task[int]) -> None:
    """Log how it ended, also after its answer; looking at the error is what asyncio asks for."""
    if task.cancelled():
        return
    error = task.exception()
    if isinstance(error, MailerError):
        _log.warning("returned.not_applied", guard=number, reason=str(error))
    elif error is None:
        _log.info("returned.applied", guard=number, operator=operator, readers=task.result())


async def _operator(visit: Visit) -> str:
    return await visit.site.database.read(lambda tx: operators.name_of(tx, visit.session.operator_id))


def _back(visit: Visit) -> Response:
    return RedirectResponse(f"{visit.site.paths.base}/desk/returned", 303, PRIVATE)
