"""What the archive offers is the same on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from mailer.domain.issue import IssueKind, IssueMove
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, week
from mailer.storage import Transaction, archive, editions, issues, newsletters, open_database, schema
from mailer.storage.editions import StoredEdition
from tests.integration.web.staging import MONDAY

BE, RU = Language.BELARUSIAN, Language.RUSSIAN
WEEKLY = Newsletter("weekly", (BE, RU), "Europe/Warsaw", "a@example.org", {BE: "Т", RU: "Н"})
BOTH = frozenset({IssueKind.REGULAR, IssueKind.REHEARSAL})


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mailer.db'}"
    create: Callable[[], str] = request.getfixturevalue("new_postgres_database")
    return create()


def issue_of(
    tx: Transaction, period: Period, kind: IssueKind, shown: dict[Language, str], *, released: bool = True
) -> int:
    """Store an issue; *shown* has the HTML of each language, empty for one without a text."""
    issue = issues.build(tx, "weekly", period, words={}, now=MONDAY)
    for language, html in shown.items():
        for number, skeleton in enumerate([html.encode(), b"other choice"]):
            plan = f"{language} {number}"
            editions.add(
                tx, StoredEdition(issue.id, plan, language, "s", html or "other", "t", skeleton, b"d" * 32)
            )
    issues.set_kind(tx, issue.id, kind)
    if released:
        issues.advance(tx, issue.id, IssueMove.RELEASE)
        released_at = MONDAY + timedelta(hours=issue.id)
        issues.advance(tx, issue.id, IssueMove.FREEZE_DONE, released_at=released_at)
    return issue.id


def test_the_archive_offers_what_was_released(url: str) -> None:
    """Newest period first; a regular issue before its rehearsals; the first edition of each language."""

    def store(tx: Transaction) -> None:
        newsletters.save(tx, WEEKLY)
        issue_of(tx, week(2026, 47), IssueKind.REHEARSAL, {BE: "rehearsed", RU: "rehearsed"})
        issue_of(tx, week(2026, 47), IssueKind.REGULAR, {BE: "be 47"})
        issue_of(tx, week(2026, 46), IssueKind.REGULAR, {BE: "", RU: "ru 46"})
        issue_of(tx, week(2026, 45), IssueKind.REHEARSAL, {BE: "older", RU: "older"})
        issue_of(tx, week(2026, 45), IssueKind.REHEARSAL, {BE: "newer", RU: "newer"})
        issue_of(tx, week(2026, 44), IssueKind.REGULAR, {BE: "draft"}, released=False)

    def offered(tx: Transaction, language: Language, kinds: frozenset[IssueKind]) -> list[tuple[str, str]]:
        found = archive.newest(tx, "weekly", language, kinds=kinds, limit=10)
        return [(public.period.key, archive.html(tx, public.edition_id)) for public in found]

    async def scene() -> None:
        database = open_database(url)
        try:
            await schema.upgrade(database)
            await database.write(store)
            read = database.read

            assert await read(partial(offered, language=BE, kinds=BOTH)) == [
                ("2026-W47", "be 47"),
                ("2026-W45", "newer"),
            ]
            assert await read(partial(offered, language=RU, kinds=frozenset({IssueKind.REGULAR}))) == [
                ("2026-W46", "ru 46")
            ]
            of_46 = await read(lambda tx: archive.of_period(tx, "weekly", week(2026, 46), kinds=BOTH))
            assert list(of_46) == [RU]
            assert await read(lambda tx: archive.of_period(tx, "weekly", week(2026, 44), kinds=BOTH)) == {}
        finally:
            await database.close()

    asyncio.run(scene())
