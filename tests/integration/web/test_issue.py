"""An issue's page is what was sent: public from the release, and no later change shows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from mailer.domain.language import Language
from mailer.rendering.holes import TOKEN
from mailer.storage import newsletters
from mailer.storage.columns import to_milliseconds
from mailer.web.site import MailSummary, OpenedMail
from tests.integration.web.staging import SLUG, run, standing

URL = f"/en/{SLUG}/2026-W47"


class NoMails:
    """An empty outbox."""

    def count(self) -> int:
        """Return 0."""
        return 0

    def newest(self, limit: int, before: int | None = None) -> Sequence[MailSummary]:
        """Return none."""
        return []

    def get(self, number: int) -> OpenedMail:
        """Never called."""
        raise NotImplementedError


def change(place: Path, statement: str) -> None:
    with closing(sqlite3.connect(place / "mailer.db")) as connection, connection:
        connection.execute(statement)


def test_the_page_holds_every_commentary_and_no_readers_link(place: Path) -> None:
    """All topics in full, with trend and headline; the mail's furniture stays in the mail."""

    async def scene() -> None:
        async with standing(place) as stage:
            html = (await stage.client.get(URL)).text

            assert html.count("<h2>") == 5
            assert html.count("The situation has") == 10
            assert '<p class="rubric" id="russia">' in html
            assert TOKEN not in html
            assert "Unsubscribe" not in html
            assert '<link rel="canonical" href="https://weekly.example.org' + URL in html
            assert '<form action="/en/subscribe"' in html

    run(scene())


def test_the_page_ends_with_who_publishes(place: Path) -> None:
    """Logo, footer and address line, as in the mail."""

    async def scene() -> None:
        async with standing(place) as stage:
            newsletter = await stage.site.database.read(lambda tx: newsletters.pick(tx, SLUG))
            said = replace(
                newsletter,
                theme=replace(newsletter.theme, logo="0123456789abcdef-480x112.png"),
                footer={Language.ENGLISH: "By *us*."},
                address_line={Language.ENGLISH: "Box 12"},
            )
            await stage.site.database.write(lambda tx: newsletters.save(tx, said))

            html = (await stage.client.get(URL)).text

            imprint = html[html.index('<footer class="imprint">') :]
            assert '<img src="/media/0123456789abcdef-480x112.png" alt="' in imprint
            assert 'width="240" height="56"' in imprint
            assert "<p>By <em>us</em>.</p>" in imprint
            assert "<p>Box 12</p>" in imprint

    run(scene())


def test_what_is_frozen_does_not_change(place: Path) -> None:
    """A text that is corrected after the release is not what was sent."""

    async def scene() -> None:
        async with standing(place) as stage:
            before = (await stage.client.get(URL)).text
            change(place, "UPDATE commentary_text SET headline = 'Changed', body = 'Changed'")

            assert (await stage.client.get(URL)).text == before

    run(scene())


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("draft", 404),
        ("releasing", 404),
        ("released", 200),
        ("paused", 200),
        ("sent", 200),
        ("expired", 404),
        ("cancelled", 404),
    ],
)
def test_an_issue_is_public_from_its_release(place: Path, state: str, status: int) -> None:
    """On its own page and on the front page alike."""
    change(place, f"UPDATE issue SET state = '{state}' WHERE period = '2026-W47'")

    async def scene() -> None:
        async with standing(place) as stage:
            assert (await stage.client.get(URL)).status_code == status
            assert (URL in (await stage.client.get("/en/")).text) is (status == 200)

    run(scene())


@pytest.mark.parametrize("kind", ["special", "correction", "rehearsal"])
def test_a_rehearsal_is_public_only_while_nothing_leaves(place: Path, kind: str) -> None:
    """In the demonstration its mails lead to its page; on a real site nobody has got it."""
    change(place, f"UPDATE issue SET kind = '{kind}' WHERE period = '2026-W47'")

    async def scene() -> None:
        async with standing(place) as stage:
            assert (await stage.client.get(URL)).status_code == 404
        async with standing(place, mailbox=NoMails()) as stage:
            expected = 200 if kind == "rehearsal" else 404
            assert (await stage.client.get(URL)).status_code == expected
            assert (URL in (await stage.client.get("/en/")).text) is (expected == 200)

    run(scene())


def test_a_language_without_a_text_has_no_page(place: Path) -> None:
    """Its switch leads to that language's front page, which does not list the issue."""
    change(place, "UPDATE edition SET skeleton = x'', html = '' WHERE language = 'ru' AND issue_id = 2")

    async def scene() -> None:
        async with standing(place) as stage:
            assert (await stage.client.get(f"/ru/{SLUG}/2026-W47")).status_code == 404
            html = (await stage.client.get(URL)).text
            assert '<a href="/ru/" lang="ru" hreflang="ru">' in html
            assert '<link rel="alternate" hreflang="ru"' not in html
            front = (await stage.client.get("/ru/")).text
            assert "2026-W47" not in front
            assert "2026-W46" in front

    run(scene())


@pytest.mark.parametrize(
    "path",
    [
        f"/en/{SLUG}/2026-W48",
        f"/en/{SLUG}/2026-w47",
        f"/en/{SLUG}/2026-11-18",
        f"/en/{SLUG}/2026-W99",
        f"/en/{SLUG}/0000-W00",
        f"/en/{SLUG}/٢٠٢٦-W٤٧",
        f"/en/{SLUG}/x",
        "/en/daily/2026-W47",
        f"/EN/{SLUG}/2026-W47",
        f"/de/{SLUG}/2026-W47",
        f"/en/{SLUG}/2026-W47/",
    ],
)
def test_each_page_has_one_address(place: Path, path: str) -> None:
    """Another spelling, another week, newsletter or language: there is no such page."""

    async def scene() -> None:
        async with standing(place) as stage:
            assert (await stage.client.get(path)).status_code == 404

    run(scene())


def test_the_day_of_release_is_the_newsletters_own(place: Path) -> None:
    """Half past eleven at night in London is the next day in Warsaw."""
    late = datetime.fromisoformat("2026-11-23T23:30:00+00:00")
    change(place, f"UPDATE issue SET released_at = {to_milliseconds(late)} WHERE id = 2")

    async def scene() -> None:
        async with standing(place) as stage:
            assert "Published November\xa024, 2026" in (await stage.client.get(URL)).text

    run(scene())


@pytest.mark.parametrize("lang", Language)
def test_a_page_is_light(place: Path, lang: Language) -> None:
    """An issue is under 60 kB with all its commentaries: it opens on a slow line."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.get(f"/{lang}/{SLUG}/2026-W47")

            assert len(answer.content) < 60_000
            assert not re.search(r"<table[^>]*style", answer.text)

    run(scene())
