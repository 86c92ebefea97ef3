"""A newsroom whose clock is in the test's hands: real database, real release, times as they are written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from mailer.delivery.fence import Fence
from mailer.delivery.firing import fire
from mailer.delivery.release import Terms, release
from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.issue import Issue
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter, ReleaseRule, Topic
from mailer.domain.period import Period, week
from mailer.domain.subscription import Standing
from mailer.storage import Database, Transaction, commentaries, issues, newsletters, readers
from mailer.storage.readers import Reader

ENGLISH = Language.ENGLISH
WEEKLY = Newsletter(
    slug="weekly",
    languages=(ENGLISH,),
    zone="Europe/Warsaw",
    sender="desk@example.org",
    title={ENGLISH: "Weekly"},
    description={ENGLISH: "A week."},
    topics=(Topic("society", 1, {ENGLISH: "Society"}),),
)
AUTOMATIC = replace(WEEKLY, release_rule=ReleaseRule.AUTOMATIC)
W46, W47, W48 = week(2026, 46), week(2026, 47), week(2026, 48)
LINKS = Links("https://weekly.example.org")


def at(written: str) -> datetime:
    """Read a UTC time: ``2026-11-23 05:00``."""
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Newsroom:
    """A database with a newsletter in it, and how its clock's releases go."""

    database: Database
    newsletter: Newsletter = WEEKLY
    rehearsal: bool = False
    node_id: str = "node-1"
    fence: Fence | None = None

    async def furnish(self, *periods: Period, reader_count: int = 2) -> Newsroom:
        """Store the newsletter, readers, and a text for each period."""

        def work(tx: Transaction) -> None:
            newsletters.save(tx, self.newsletter)
            for number in range(reader_count):
                add_reader(tx, number)

        await self.database.write(work)
        for period in periods:
            await self.write_text(period)
        return self

    async def write_text(self, period: Period) -> None:
        """Store a ready text."""
        written = Text(ENGLISH, TextState.READY, "Headline", "Body.\n")
        commentary = Commentary("society", period, texts={ENGLISH: written})
        await self.database.write(lambda tx: commentaries.save(tx, self.newsletter.slug, commentary))

    def terms(self, written: str) -> Terms:
        """Return how a release goes at that time."""
        return Terms(LINKS, self.node_id, at(written), rehearsal=self.rehearsal, fence=self.fence)

    async def fire(self, written: str) -> list[str]:
        """Ring at that time; return what happened."""
        fired = await fire(self.database, self.newsletter, self.terms(written))
        return [str(each.happened) for each in fired]

    async def release(self, issue_id: int, written: str) -> Issue:
        """Release an issue by hand."""
        return await release(self.database, issue_id, self.terms(written))

    async def issues(self) -> Sequence[Issue]:
        """Return every issue, oldest first."""
        found = await self.database.read(lambda tx: issues.newest(tx, self.newsletter.slug, 100))
        return found[::-1]

    async def standing(self) -> list[tuple[str | None, str, str]]:
        """Return (week, kind, state) of every issue, oldest first."""
        return [
            (issue.period.key if issue.period else None, issue.kind, issue.state)
            for issue in await self.issues()
        ]

    async def copies(self) -> dict[int, int]:
        """Return how many copies each issue has."""
        counted = "SELECT issue_id, count(*) FROM delivery GROUP BY issue_id"
        rows: Sequence[Any] = await self.database.read(lambda tx: tx.execute(text(counted)).all())
        return {row[0]: row[1] for row in rows}


def add_reader(tx: Transaction, number: int) -> None:
    """Store a confirmed reader."""
    digest = hashlib.sha256(b"%d" % number).digest()
    reader = readers.add(tx, Reader(0, digest[:12], b"sealed %d" % number, digest, "other", ENGLISH, None))
    readers.set_standing(tx, reader.id, WEEKLY.slug, Standing.ACTIVE, changed_month="2026-11")
