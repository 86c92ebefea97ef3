"""What sign-ups share: it is read once a second, and is never a page about somebody."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from pathlib import Path

from mailer.domain.language import Language
from mailer.storage import Transaction, newsletters
from mailer.web.public.shelf import KEPT_S, Shelf
from mailer.web.public.signup import check_mail
from tests.integration.web.staging import SLUG, Stage, run, standing


async def rename(stage: Stage, title: str) -> None:
    """Give the newsletter another title."""
    titles = dict.fromkeys(Language, title)

    def work(tx: Transaction) -> None:
        newsletters.save(tx, replace(newsletters.pick(tx, SLUG), title=titles))

    await stage.site.database.write(work)


def test_a_change_is_seen_a_second_later(place: Path) -> None:
    """Within the second everybody gets the page as it was set, after it the new one."""

    async def scene() -> None:
        async with standing(place) as stage:
            moment = [0.0]
            shelf = Shelf(stage.site, partial(check_mail, stage.site), clock_s=lambda: moment[0])
            await shelf.newsletters()
            before = shelf.answer(Language.ENGLISH).body
            await rename(stage, "The Other Weekly")

            moment[0] = KEPT_S - 0.001
            await shelf.newsletters()
            assert shelf.answer(Language.ENGLISH).body == before
            moment[0] = KEPT_S
            (known,) = await shelf.newsletters()
            assert known.title[Language.ENGLISH] == "The Other Weekly"
            assert b"The Other Weekly" in bytes(shelf.answer(Language.ENGLISH).body)

    run(scene())


def test_many_at_once_read_once(place: Path) -> None:
    """All get the same list."""

    async def scene() -> None:
        async with standing(place) as stage:
            shelf = Shelf(stage.site, partial(check_mail, stage.site))
            first, *others = await asyncio.gather(*(shelf.newsletters() for _ in range(50)))
            assert all(each is first for each in others)

    run(scene())


def test_each_answer_is_the_whole_page(place: Path) -> None:
    """Status, body and headers are those of the page that is set anew, and no two answers share headers."""

    async def scene() -> None:
        async with standing(place) as stage:
            shelf = Shelf(stage.site, partial(check_mail, stage.site))
            known = await shelf.newsletters()
            for language in Language:
                page, kept = check_mail(stage.site, language, known), shelf.answer(language)
                assert (kept.status_code, kept.body) == (page.status_code, page.body)
                assert sorted(kept.raw_headers) == sorted(page.raw_headers)
                assert kept.raw_headers is not shelf.answer(language).raw_headers

    run(scene())
