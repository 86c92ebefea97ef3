"""Processes that ring for one newsletter at the same moment, week after week."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from multiprocessing.synchronize import Barrier
from typing import Any

from sqlalchemy import text

from mailer.domain.newsletter import Newsletter, ReleaseRule
from mailer.domain.period import Period, week, week_of
from mailer.domain.timetable import fire_times
from mailer.editorial.schedule_times import zone_of
from mailer.storage import open_database, schema
from tests.integration.delivery.clockwork import Newsroom

_PROCESSES = 2
_FIRST = week(2026, 1)
READERS = 2


def rung(url: str, newsletter: Newsletter, rounds: int) -> tuple[Counter[str], list[tuple[str, str, int]]]:
    """
    Let two processes ring at the same moment of so many weeks.

    Args:
        url: of an empty database.
        newsletter: one that goes out by itself rings at its release time, another at its build time.
        rounds: weeks, one after the other.

    Returns:
        How often each thing happened, and (week, state, copies) of every issue, by week.
    """
    spawn = multiprocessing.get_context("spawn")
    asyncio.run(_furnish(url, newsletter, rounds))
    results, start = spawn.Queue(), spawn.Barrier(_PROCESSES)
    ringers = [
        spawn.Process(target=ring, args=(url, newsletter, rounds, start, results)) for _ in range(_PROCESSES)
    ]
    for ringer in ringers:
        ringer.start()
    try:
        happened = Counter(what for _ in ringers for what in results.get(timeout=1800))
    finally:
        for ringer in ringers:
            ringer.join(5)
            ringer.kill()
    return happened, asyncio.run(_issues(url))


def ring(url: str, newsletter: Newsletter, rounds: int, start: Barrier, results: Any) -> None:
    """Ring when the other process does; report what happened."""
    asyncio.run(_ring(url, newsletter, rounds, start, results))


async def _ring(url: str, newsletter: Newsletter, rounds: int, start: Barrier, results: Any) -> None:
    room = Newsroom(open_database(url), newsletter, node_id=f"node-{os.getpid()}")
    happened: list[str] = []
    for period in periods(rounds):
        times = fire_times(newsletter.schedule, zone_of(newsletter), period)
        goes_out = newsletter.release_rule is ReleaseRule.AUTOMATIC
        now = times.release_at if goes_out else times.build_at
        start.wait(60)
        happened += await room.fire(f"{now:%Y-%m-%d %H:%M}")
    await room.database.close()
    results.put(happened)


def periods(rounds: int) -> Iterator[Period]:
    """Yield so many weeks from the first of 2026."""
    for number in range(rounds):
        yield week_of(_FIRST.first_day + timedelta(days=7 * number))


async def _furnish(url: str, newsletter: Newsletter, rounds: int) -> None:
    database = open_database(url)
    await schema.upgrade(database)
    goes_out = newsletter.release_rule is ReleaseRule.AUTOMATIC
    with_texts = periods(rounds) if goes_out else iter(())
    await replace(Newsroom(database), newsletter=newsletter).furnish(*with_texts, reader_count=READERS)
    await database.close()


async def _issues(url: str) -> list[tuple[str, str, int]]:
    database = open_database(url)
    counted = "(SELECT count(*) FROM delivery WHERE issue_id = issue.id)"
    statement = text(f"SELECT period, state, {counted} FROM issue ORDER BY period")
    rows: list[Any] = await database.read(lambda tx: list(tx.execute(statement)))
    await database.close()
    return [(row[0], row[1], row[2]) for row in rows]
