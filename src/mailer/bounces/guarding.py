"""Guarding: whether a provider calls too many mailboxes gone, asked after each slice of reports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog

from mailer.bounces.consequences import Rules
from mailer.bounces.retirement import restore
from mailer.domain.consequence import Effect
from mailer.domain.guard import GuardState, must_open
from mailer.domain.reply_class import Hardness
from mailer.domain.returned_mail import MailKind
from mailer.storage import Database, Transaction, consequences, guards, readers
from mailer.storage.consequences import Consequence
from mailer.storage.guards import Guard

_AT_ONCE = 50
"""Readers in one transaction: senders and pages wait for no more than these."""
_SENTENCE = (
    "{0.group} says “no such mailbox” of {0.hard_count} of {0.copy_count} copies; "
    "nobody there is given up until you have looked (desk, returned mail)"
)
_log = structlog.get_logger()


def watch(tx: Transaction, written: Iterable[Consequence], rules: Rules, now: datetime) -> list[Guard]:
    """Begin the guards that have become due, in the transaction that wrote *written*; return them."""
    began = []
    for group, issue_id in sorted(_touched(tx, written)):
        if guards.state(tx, group, issue_id) is not GuardState.NONE:
            continue
        tally = guards.tally(tx, group, issue_id)
        if not must_open(tally, guards.usual(tx, group, issue_id), rules.guard):
            continue
        if (guard := guards.begin(tx, group, issue_id, tally, now)) is not None:
            began.append(guard)
    return began


async def turn_back(database: Database, *, now: datetime) -> int:
    """
    Subscribe again whom an issue's copies suppressed before its guard began; return how many.

    They wait with the others for what a person says. Some at a time, and again after a crash in between.
    """
    count = 0
    for guard in await database.read(guards.open_guards):
        while some := await database.write(lambda tx, guard=guard: _turn_back(tx, guard, now)):  # type: ignore[misc]
            count += some
    return count


def alert(began: Iterable[Guard]) -> None:
    """Tell the operators of guards that began; after their transaction has been committed."""
    for guard in began:
        _log.error(
            "returned.needs_you",
            guard=guard.id,
            issue=guard.issue_id,
            group=guard.group,
            reason=_SENTENCE.format(guard),
        )


def _touched(tx: Transaction, written: Iterable[Consequence]) -> set[tuple[str, int]]:
    found = set()
    for each in written:
        is_hard = each.kind is MailKind.BOUNCE and each.verdict is Hardness.HARD
        if is_hard and each.issue_id is not None and (reader := readers.by_id(tx, each.reader_id)):
            found.add((reader.provider_group, each.issue_id))
    return found


def _turn_back(tx: Transaction, guard: Guard, now: datetime) -> int:
    wrongly = consequences.suppressed(tx, guard.issue_id, guard.group, _AT_ONCE)
    for each in wrongly:
        reader = readers.by_id(tx, each.reader_id)
        if reader is not None:
            restore(tx, reader, now)
    consequences.change(tx, [each.id for each in wrongly], Effect.HELD)
    return len(wrongly)
