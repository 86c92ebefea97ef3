"""How long the print shop takes: an issue built, rendered and frozen, and one reader's copy joined.

The issue has 15 commentaries in three languages, texts of the packaged sample, and one reader per
language: what is measured is the shop, not the audience.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from mailer.audience.address import Address
from mailer.cli.bench_house import House, house, utc_now
from mailer.delivery.copy import Composer
from mailer.delivery.fence import identify
from mailer.delivery.release import release
from mailer.domain.commentary import Commentary
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.domain.trend import Trend
from mailer.editorial import draft
from mailer.editorial.sample import sample_commentaries, sample_newsletter
from mailer.rendering.skeleton import Hole, Skeleton
from mailer.rendering.theme_folder import OURS_ALONE
from mailer.storage import Database, Transaction, chunks, commentaries, editions, intake, newsletters
from mailer.storage.chunks import DueCopy
from mailer.storage.editions import StoredEdition
from mailer.storage.readers import Reader

_TOPICS = 15


def print_an_issue(folder: Path, rounds: int, *, quick: bool) -> dict[str, Any]:
    """Build, render and freeze an issue, and join its copies.

    Args:
        folder: to work in, on a disk.
        rounds: issues, one after the other; medians are returned.
        quick: fewer copies, to see that it runs.
    """
    copies = 500 if quick else 20_000
    seen = []
    for number in range(rounds):
        place = folder / f"shop-{number}"
        place.mkdir()
        figures = asyncio.run(_measured(place, copies))
        sys.stderr.write(f"round {number + 1}: {figures}\n")
        seen.append(figures)
    return {
        "rounds": rounds,
        "commentaries": _TOPICS,
        "languages": len(Language),
        **{name: median(each[name] for each in seen) for name in seen[0]},
    }


async def _measured(folder: Path, copies: int) -> dict[str, float]:
    newsletter = _newsletter()
    async with house(folder, None, signed=False) as place, place.opened() as database:
        period = draft.last_period(newsletter, utc_now())
        await _furnish(place, database, newsletter, period)
        presence = place.presence(database)
        await presence.enter()
        try:
            began = time.perf_counter()
            built = await draft.build(database, newsletter, period, words={}, now=utc_now())
            drafted = time.perf_counter()
            terms = replace(place.terms(database, presence.id), themes=OURS_ALONE)
            await release(database, built.issue.id, terms)
            released = time.perf_counter()
        finally:
            await presence.leave()
        stored = await database.read(lambda tx: editions.of_issue(tx, built.issue.id))
        composer = Composer(place.keys, place.vault, "bounces.example.org").of(newsletter)
        due = await _due(database)
        return {
            "build_s": drafted - began,
            "render_and_freeze_s": released - drafted,
            "issue_s": released - began,
            "html_kb": max(len(each.html.encode()) for each in stored.values()) / 1000,
            "fill_us": median(_fill_us(stored[each.chunk.edition_id], copies) for each in due),
            "copy_us": median(
                _copy_us(composer, stored[each.chunk.edition_id], each, copies) for each in due
            ),
        }


def _newsletter() -> Newsletter:
    sample = sample_newsletter()
    topics = tuple(
        replace(sample.topics[number % len(sample.topics)], slug=f"topic-{number}", position=number)
        for number in range(1, _TOPICS + 1)
    )
    return replace(sample, topics=topics)


async def _furnish(place: House, database: Database, newsletter: Newsletter, period: Period) -> None:
    texts = {
        language: [file.text for file in sample_commentaries(period) if file.text.language is language]
        for language in Language
    }

    def work(tx: Transaction) -> None:
        newsletters.save(tx, newsletter)
        for number, topic in enumerate(newsletter.topics):
            said = {language: own[number % len(own)] for language, own in texts.items()}
            commentaries.save(
                tx, newsletter.slug, Commentary(topic.slug, period, Trend.UNCHANGED, texts=said)
            )
        intake.take_in(tx, newsletter.slug, _readers(place), changed_month=f"{utc_now():%Y-%m}")

    await identify(database, place.folder, now=utc_now())
    await database.write(work)


def _readers(place: House) -> Sequence[Reader]:
    readers = []
    for language in Language:
        public_id, address = os.urandom(PUBLIC_ID_BYTES), Address(f"reader-{language}", "example.org")
        sealed = place.vault.seal(address.spec.encode(), public_id)
        index = place.vault.index(address)
        readers.append(Reader(0, public_id, sealed, index, "other", language, None))
    return readers


async def _due(database: Database) -> list[DueCopy]:
    """Return the copy of each language, as the sender gets it."""
    now = utc_now()
    due: list[DueCopy] = []
    while chunk := await database.write(lambda tx: chunks.claim(tx, "bench", now)):
        due += await database.read(lambda tx, claimed=chunk: chunks.due(tx, claimed, now))  # type: ignore[misc]
    return due


def _fill_us(edition: StoredEdition, copies: int) -> float:
    """Time the joining of a skeleton alone: bytes that are known already."""
    skeleton = Skeleton.unpack(edition.skeleton)
    values = {
        Hole.TO: b"reader@example.org",
        Hole.MESSAGE_ID: b"m" * 24,
        Hole.TOKEN: b"t" * 36,
        Hole.RETURN_TOKEN: b"r" * 44,
    }
    return _us(lambda: skeleton.fill(values), copies)


def _copy_us(composer: Composer, edition: StoredEdition, due: DueCopy, copies: int) -> float:
    """Time a whole copy: address unsealed, tokens and Message-ID made, skeleton joined."""
    press = composer.press(Skeleton.unpack(edition.skeleton), edition.issue_id)
    return _us(lambda: press.copy(due), copies)


def _us(work: Callable[[], object], times: int) -> float:
    """Return the processor time of one call, in microseconds."""
    gc.collect()
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1e6
