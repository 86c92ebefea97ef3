"""Processes that release issues, to be raced and killed; and the small newsroom they do it in."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from mailer.delivery.presence import Presence
from mailer.delivery.release import Terms, release
from mailer.domain.commentary import Commentary, Text, TextState
from mailer.domain.language import Language
from mailer.domain.links import Links
from mailer.domain.newsletter import Newsletter, Topic
from mailer.domain.period import Period, week
from mailer.editorial import draft
from mailer.errors import InvalidMove
from mailer.storage import Transaction, commentaries, newsletters, open_database, schema
from tests.integration.delivery.house import House

ENGLISH = Language.ENGLISH
NEWSLETTER = Newsletter(
    slug="weekly",
    languages=(ENGLISH,),
    zone="Europe/Minsk",
    sender="desk@example.org",
    title={ENGLISH: "Weekly"},
    description={ENGLISH: "A week."},
    topics=(Topic("society", 1, {ENGLISH: "Society"}),),
)
READERS = [f"reader{number}@example.org" for number in range(5)]
RELEASED = "released"
TOO_LATE = "too late"


@dataclass(frozen=True, slots=True)
class Newsroom:
    """Where it all lies.

    Attributes:
        folder: mailer.db and run/ lie in it.
    """

    folder: Path

    @property
    def url(self) -> str:
        """The database's address."""
        return f"sqlite:///{self.folder / 'mailer.db'}"

    async def furnish(self, issue_count: int, addresses: Sequence[str]) -> None:
        """Make the database, the readers and so many draft issues, numbered from 1."""
        database = open_database(self.url)
        await schema.upgrade(database)
        await database.write(lambda tx: newsletters.save(tx, NEWSLETTER))
        await House(database).subscribe(addresses)
        for number in range(issue_count):
            period = week(2025 + number // 52, number % 52 + 1)
            await database.write(lambda tx, period=period: _write_commentary(tx, period))  # type: ignore[misc]
            await draft.build(database, NEWSLETTER, period, words={}, now=datetime.now(UTC))
        await database.close()


def raced(folder: Path, rounds: int, pairs: int = 2) -> tuple[Counter[str], list[dict[int, int]]]:
    """
    Let two processes release each of so many issues at the same moment.

    Args:
        folder: for the databases, one for each pair of processes.
        rounds: in all, shared by the pairs.
        pairs: how many pairs race beside each other, to use every core.

    Returns:
        How often each word was reported, and for each pair the copies by issue.
    """
    spawn = multiprocessing.get_context("spawn")
    rooms = [Newsroom(folder / str(pair)) for pair in range(pairs)]
    issue_ids = list(range(1, rounds // pairs + 1))
    for room in rooms:
        asyncio.run(room.furnish(len(issue_ids), READERS))
    results = spawn.Queue()
    # Kept in a list: a barrier that is collected before its processes have begun is gone for them.
    starts = [spawn.Barrier(2) for _ in rooms]
    racers = [
        spawn.Process(target=race, args=(room, start, issue_ids, results))
        for room, start in zip(rooms, starts, strict=True)
        for _ in range(2)
    ]
    for racer in racers:
        racer.start()
    try:
        words = Counter(word for _ in racers for word in results.get(timeout=120))
    finally:
        for racer in racers:
            racer.join(5)
            racer.kill()
    return words, [asyncio.run(_copies(room)) for room in rooms]


async def _copies(room: Newsroom) -> dict[int, int]:
    """Return how many copies each issue has, after looking for any that is there twice in other ways."""
    database = open_database(room.url)
    house = House(database)
    assert await house.rows("SELECT DISTINCT state, releasing_node FROM issue") == [("released", None)]
    # The key (issue, reader) forbids a second copy; a second chunk or edition would be one too.
    assert await house.rows("SELECT count(*) FROM edition GROUP BY issue_id HAVING count(*) > 1") == []
    sizes = await house.rows("SELECT sum(size), sum(queued) FROM chunk GROUP BY issue_id")
    assert set(sizes) == {(len(READERS), len(READERS))}
    found = await house.rows("SELECT issue_id, count(*) FROM delivery GROUP BY issue_id")
    await database.close()
    return {int(issue_id): int(copies) for issue_id, copies in found}


def race(newsroom: Newsroom, start: Barrier, issue_ids: Sequence[int], results: Any) -> None:
    """Release each issue at the moment the other process does; report what came of it."""
    asyncio.run(_race(newsroom, start, issue_ids, results))


async def _race(newsroom: Newsroom, start: Barrier, issue_ids: Sequence[int], results: Any) -> None:
    database = open_database(newsroom.url)
    found = []
    for issue_id in issue_ids:
        start.wait(30)
        try:
            await release(database, issue_id, terms(f"node-{os.getpid()}"))
            found.append(RELEASED)
        except InvalidMove:
            found.append(TOO_LATE)
    await database.close()
    results.put(found)


def release_slowly(newsroom: Newsroom, issue_id: int) -> None:
    """Release an issue one reader at a time, registered as a node."""
    asyncio.run(_release_slowly(newsroom, issue_id))


async def _release_slowly(newsroom: Newsroom, issue_id: int) -> None:
    database = open_database(newsroom.url)
    presence = Presence(database, newsroom.folder / "run")
    await presence.enter()
    await release(database, issue_id, terms(presence.id, slice_size=1))
    await presence.leave()
    await database.close()


def terms(node_id: str, slice_size: int = 10_000) -> Terms:
    """Say how an issue is released now."""
    return Terms(
        links=Links("https://weekly.example.org"),
        node_id=node_id,
        released_at=datetime.now(UTC).replace(microsecond=0),
        slice_size=slice_size,
    )


def _write_commentary(tx: Transaction, period: Period) -> None:
    text = Text(ENGLISH, TextState.READY, "Headline", "Body.\n")
    commentaries.save(tx, NEWSLETTER.slug, Commentary("society", period, texts={ENGLISH: text}))
