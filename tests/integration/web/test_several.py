"""A site may have no newsletter yet, one, or several in different languages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from mailer.audience.keys import create_keys
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.storage import newsletters, schema
from tests.integration.web.staging import SLUG, Stage, run, standing

BE, RU = Language.BELARUSIAN, Language.RUSSIAN


async def add_second(stage: Stage) -> None:
    weekly = sample_newsletter()
    second = replace(
        weekly, slug="culture", languages=(BE, RU), title={BE: "Культура", RU: "Культура"}, description={}
    )
    await stage.site.database.write(lambda tx: newsletters.save(tx, second))


def test_each_newsletter_has_its_own_box(place: Path) -> None:
    """One heading for the page, one for each newsletter, no id twice; sign-ups go where they are sent."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            html = (await stage.client.get("/be/")).text

            assert re.findall(r"<h1[^>]*>(.*?)</h1>", html) == ["Рассылкі"]
            assert re.findall(r'<h2 class="title">(.*?)</h2>', html) == ["Тыдзень у Беларусі", "Культура"]
            assert re.findall(r'name="newsletter" value="([^"]*)"', html) == [SLUG, "culture"]
            ids = re.findall(r'\sid="([^"]+)"', html)
            assert sorted(set(ids)) == sorted(ids)

            await stage.sign_up("new@example.org", "be", newsletter="culture")
            await stage.decide()
            confirm = await stage.client.get(f"/be/confirm/{await stage.secret()}")
            assert "«Культура»" in confirm.text

    run(scene())


def test_a_mistake_stands_in_the_box_it_was_made_in(place: Path) -> None:
    """The other box stays empty."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)

            answer = await stage.sign_up("nobody", "be", newsletter="culture")

            assert answer.status_code == 422
            assert re.findall(r'type="email" value="([^"]*)"', answer.text) == ["", "nobody"]

    run(scene())


def test_a_newsletter_is_shown_only_in_its_languages(place: Path) -> None:
    """A page in English has no box for what is not written in English; a link into it is no page."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            html = (await stage.client.get("/en/")).text
            assert re.findall(r"<h1[^>]*>(.*?)</h1>", html) == ["Belarus Weekly"]

            await stage.sign_up("new@example.org", "be", newsletter="culture")
            await stage.decide()
            assert (await stage.client.get(f"/en/confirm/{await stage.secret()}")).status_code == 404
            assert (await stage.sign_up("a@example.org", "en", newsletter="culture")).status_code == 422

    run(scene())


def test_before_the_first_newsletter_there_is_a_page(tmp_path: Path) -> None:
    """It says so, offers every language of ours, and takes no sign-up."""
    create_keys(tmp_path / "keys")

    async def scene() -> None:
        async with standing(tmp_path) as stage:
            await schema.upgrade(stage.site.database)

            assert (await stage.client.get("/")).headers["location"] == "/be/"
            assert "Здесь пока нет ни одной рассылки." in (await stage.client.get("/ru/")).text
            assert (await stage.sign_up("a@example.org", "en")).status_code == 422
            assert (await stage.client.get("/en/confirm/x")).status_code == 410
            assert (await stage.client.get("/u/x")).status_code == 404

    run(scene())
