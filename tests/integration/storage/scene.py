"""A newsletter, its readers and a released issue, made through the storage room's own functions."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any, TypeVar

from sqlalchemy import select

from mailer.domain.issue import Issue, IssueMove
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter, Topic
from mailer.domain.period import parse_period
from mailer.domain.subscription import Standing
from mailer.storage import Database, Transaction, chunks, editions, freeze, issues, newsletters, readers
from mailer.storage.chunks import Chunk, DueCopy
from mailer.storage.editions import StoredEdition
from mailer.storage.freeze import Allotment, Choice
from mailer.storage.readers import Reader
from mailer.storage.tables import metadata

T = TypeVar("T")
BE, RU, EN = Language
SLUG = "weekly"
NODE, OTHER_NODE = "node-a", "node-b"
PERIOD = parse_period("2026-W47")
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
CHOICES: Sequence[MissingRule | None] = (None, MissingRule(None), *map(MissingRule, Language))


@dataclass(frozen=True, slots=True)
class Store:
    """A database for tests that look at one transaction after another."""

    database: Database
    runner: asyncio.Runner

    def read(self, work: Callable[[Transaction], T]) -> T:
        """Read in one transaction."""
        return self.runner.run(self.database.read(work))

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Write in one transaction."""
        return self.runner.run(self.database.write(work))

    def run(self, scene: Coroutine[Any, Any, T]) -> T:
        """Play a scene on the event loop of this database, 20 s at most."""

        async def whole() -> T:
            async with asyncio.timeout(20):
                return await scene

        return self.runner.run(whole())

    def rows(self, table: str, **wanted: object) -> list[Mapping[str, Any]]:
        """Return the rows of a table whose columns are as *wanted*, by primary key."""
        found = metadata.tables[table]
        statement = select(found).order_by(*found.primary_key)
        for name, value in wanted.items():
            statement = statement.where(found.c[name] == value)
        return self.read(lambda tx: [dict(row) for row in tx.execute(statement).mappings()])

    def contents(self) -> dict[str, list[Mapping[str, Any]]]:
        """Return every row of every table."""
        return {name: self.rows(name) for name in metadata.tables}


def weekly(slug: str = SLUG, **values: Any) -> Newsletter:
    """Return a newsletter in three languages with two topics."""
    titles = {BE: "Тыдзень", RU: "Неделя", EN: "Week"}
    topics = (Topic("west", 1, titles), Topic("russia", 2, titles))
    found = Newsletter(slug, (BE, RU, EN), "Europe/Warsaw", "news@example.org", titles, topics=topics)
    return replace(found, **values)


def add_reader(
    tx: Transaction,
    number: int,
    *,
    language: Language = BE,
    missing: MissingRule | None = None,
    standing: Standing = Standing.ACTIVE,
    group: str = "other",
) -> int:
    """Store a reader of the newsletter; return the id."""
    digest = hashlib.sha256(b"%d" % number).digest()
    reader = readers.add(tx, Reader(0, digest[:12], b"sealed %d" % number, digest, group, language, missing))
    readers.set_standing(tx, reader.id, SLUG, standing, changed_month="2026-11")
    return reader.id


def add_readers(tx: Transaction, count: int, **values: Any) -> list[int]:
    """Store readers numbered from 1; return their ids."""
    return [add_reader(tx, number, **values) for number in range(1, count + 1)]


def begin_release(tx: Transaction, *, node: str = NODE) -> Allotment:
    """Build the issue of the week and bring it to where its slices are written."""
    newsletters.save(tx, weekly())
    issue = issues.build(tx, SLUG, PERIOD, words={}, now=NOW)
    issues.advance(tx, issue.id, IssueMove.RELEASE, releasing_node=node)
    numbers = {language: editions.add(tx, edition(issue.id, language)) for language in Language}
    return Allotment(
        issue_id=issue.id,
        newsletter=SLUG,
        editions={
            Choice(language, None if rule is None else str(rule)): numbers[language]
            for language, rule in product(Language, CHOICES)
        },
        empty=frozenset(),
        released_at=NOW,
    )


def edition(issue_id: int, language: Language) -> StoredEdition:
    """Return an edition with no more in it than storage looks at."""
    return StoredEdition(
        issue_id, f"{language} west={language}", language, "S", "<p>", "T", b"skeleton", b"d"
    )


def end_release(tx: Transaction, issue_id: int) -> Issue:
    """Flip the issue to released."""
    return issues.advance(
        tx,
        issue_id,
        IssueMove.FREEZE_DONE,
        releasing_node=None,
        released_at=NOW,
        deadline_at=NOW + timedelta(days=1),
    )


def release(tx: Transaction) -> int:
    """Release an issue to every reader there is; return its number."""
    allotment = begin_release(tx)
    last: int | None = 0
    while last is not None:
        last = freeze.write_slice(tx, allotment, last)
    return end_release(tx, allotment.issue_id).id


def released_to(tx: Transaction, count: int) -> int:
    """Release an issue to *count* new readers; return its number."""
    newsletters.save(tx, weekly())
    add_readers(tx, count)
    return release(tx)


def claimed(tx: Transaction, owner: str = NODE, now: datetime = NOW) -> tuple[Chunk, list[DueCopy]]:
    """Claim a chunk that must be there."""
    found = claim(tx, owner, now)
    assert found is not None
    return found


def claim(tx: Transaction, owner: str, now: datetime) -> tuple[Chunk, list[DueCopy]] | None:
    """Claim a chunk, and read its copies that are due."""
    chunk = chunks.claim(tx, owner, now)
    return None if chunk is None else (chunk, chunks.due(tx, chunk, now))
