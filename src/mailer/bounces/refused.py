"""Refusals at once: what a provider says while a copy is handed over goes the same way as returned mail.

The ledger wrote each one down as an attempt. This looks through the new ones now and then, so that the
sending loop has no part in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from mailer.bounces.consequences import Rules, settle, write_down
from mailer.bounces.guarding import alert, turn_back, watch
from mailer.domain.classifier import classify, parse_reply
from mailer.domain.consequence import Case
from mailer.domain.reply_class import Cause, Hardness, Meaning
from mailer.domain.returned_mail import MailKind
from mailer.errors import MailerError
from mailer.storage import Database, Transaction, late_refusals, preferences, returned_copies
from mailer.storage.consequences import Consequence
from mailer.storage.guards import Guard
from mailer.storage.late_refusals import RefusedCopy

LATELY = timedelta(days=14)
"""Issues released longer ago are not looked at any more."""
SLICE = 50
_OVERLAP = timedelta(minutes=10)
"""So late a commit may still bring attempts of before the last look."""
_LOOK_S = 5.0
_LOST = Meaning(Cause.NETWORK, Hardness.SOFT, "no reply")
"""A connection that died said nothing of anybody."""
_log = structlog.get_logger()


class Refused:
    """Looks for refusals and does what follows from them."""

    def __init__(self, database: Database, rules: Rules, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._rules = rules
        self._clock = clock
        self._looked_at: datetime | None = None
        self._closed: set[int] = set()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.look()
            except MailerError as error:
                _log.error("returned.refusals_not_read", reason=str(error))
            await asyncio.sleep(_LOOK_S)

    async def look(self) -> int:
        """Do what follows from the refusals since the last look; return how many there were."""
        now = self._clock()
        since = self._looked_at - _OVERLAP if self._looked_at else now - LATELY
        count = 0
        for issue_id in await self._database.read(lambda tx: late_refusals.issues_since(tx, now - LATELY)):
            count += await self._follow_refused(issue_id, since)
            count += await self._follow_ran_out(issue_id, now)
        self._looked_at = now
        return count

    async def _follow_refused(self, issue_id: int, since: datetime) -> int:
        count, behind = 0, (since, 0)
        while True:
            found = await self._database.read(
                lambda tx, behind=behind: late_refusals.refused(tx, issue_id, behind, SLICE)  # type: ignore[misc]
            )
            if not found:
                return count
            await self._follow(found)
            count, behind = count + len(found), (found[-1].at, found[-1].reader_id)

    async def _follow_ran_out(self, issue_id: int, now: datetime) -> int:
        """Once for each issue, after its deadline: then no copy of it is tried again."""
        if issue_id in self._closed:
            return 0
        is_over = await self._database.read(lambda tx: late_refusals.is_over(tx, issue_id, now))
        if not is_over:
            return 0
        count = after = 0
        while True:
            found = await self._database.read(
                lambda tx, after=after: late_refusals.ran_out(tx, issue_id, SLICE, after=after)  # type: ignore[misc]
            )
            if not found:
                self._closed.add(issue_id)
                return count
            await self._follow(found)
            count, after = count + len(found), found[-1].reader_id

    async def _follow(self, found: Sequence[RefusedCopy]) -> None:
        rules, now = self._rules, self._clock()

        def work(tx: Transaction) -> list[Guard]:
            written = [done for copy in found if (done := follow_refusal(tx, copy, rules, now))]
            return watch(tx, written, rules, now)

        if began := await self._database.write(work):
            alert(began)
            await turn_back(self._database, now=now)


def follow_refusal(tx: Transaction, refused: RefusedCopy, rules: Rules, now: datetime) -> Consequence | None:
    """Do what follows from a refusal and write it down; None where that is done, or the reader is gone."""
    preferences.hold(tx, refused.reader_id)
    copy = returned_copies.of_reader(tx, refused.reader_id, refused.issue_id)
    if copy is None or late_refusals.is_followed(tx, refused):
        return None
    said = parse_reply(refused.reply)
    meaning = classify(said, refused.stage) if said.code else _LOST
    effect = settle(tx, copy, Case(MailKind.BOUNCE, meaning, is_at_once=True), rules, now)
    status = said.enhanced
    return write_down(
        tx,
        Consequence(
            reader_id=refused.reader_id,
            newsletter_id=copy.newsletter_id,
            issue_id=refused.issue_id,
            kind=MailKind.BOUNCE,
            cause=meaning.cause,
            verdict=meaning.verdict,
            evidence=meaning.evidence,
            status="{}.{}.{}".format(*status) if status else None,
            reply_code=said.code or None,
            stage=refused.stage,
            reply=refused.reply,
            at=refused.at,
            effect=effect,
        ),
    )
