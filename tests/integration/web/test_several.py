"""A site may have no newsletter yet, one, or several in different languages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.audience.keys import create_keys
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.storage import newsletters, schema
from tests.integration.web.own_page import opened
from tests.integration.web.staging import SLUG, Stage, run, standing

BE, RU = Language.BELARUSIAN, Language.RUSSIAN
TITLES = {"be": "Тыдзень у Беларусі", "ru": "Неделя в Беларуси"}


async def add_second(stage: Stage) -> None:
    weekly = sample_newsletter()
    second = replace(
        weekly, slug="culture", languages=(BE, RU), title={BE: "Культура", RU: "Культура"}, description={}
    )
    await stage.site.database.write(lambda tx: newsletters.save(tx, second))


def test_one_box_offers_every_newsletter(place: Path) -> None:
    """One heading for the page, one for each newsletter, no id twice, nothing ticked that nobody ticked."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            html = (await stage.client.get("/be/")).text

            assert re.findall(r"<h1[^>]*>(.*?)</h1>", html) == ["Рассылкі"]
            assert re.findall(r'<h2 class="title">(.*?)</h2>', html) == ["Тыдзень у Беларусі", "Культура"]
            assert re.findall(r'name="newsletter" type="checkbox" value="([^"]*)">', html) == [
                SLUG,
                "culture",
            ]
            ids = re.findall(r'\sid="([^"]+)"', html)
            assert sorted(set(ids)) == sorted(ids)

            await stage.sign_up("new@example.org", "be", newsletter="culture")
            await stage.decide()
            confirm = await stage.client.get(f"/be/confirm/{await stage.secret()}")
            assert "«Культура»" in confirm.text

    run(scene())


@pytest.mark.parametrize("lang", ["be", "ru"])
def test_one_mail_confirms_all_that_was_asked_for(place: Path, lang: str) -> None:
    """One form, one letter, one button that names both, one welcome."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            await stage.client.post(
                f"/{lang}/subscribe",
                data={"newsletter": [SLUG, "culture"], "address": "new@example.org", "language": lang},
            )
            await stage.decide()
            url = f"/{lang}/confirm/{await stage.secret()}"
            looked = (await stage.client.get(url)).text
            assert re.findall(r"<li>(.*?)</li>", looked)[-2:] == [TITLES[lang], "Культура"]
            several = {
                "be": ("Пацвердзіце падпіскі", "Пацвердзіць падпіскі"),
                "ru": ("Подтвердите подписки", "Подтвердить подписки"),
            }
            shown = re.search(r"<h1>(.*?)</h1>.*<button[^>]*>(.*?)<", looked, re.DOTALL)
            assert shown is not None
            assert shown.groups() == several[lang]

            done = await stage.client.post(url)

            assert re.findall(r"<li>(.*?)</li>", done.text)[-2:] == [TITLES[lang], "Культура"]
            kinds = [kind for (kind,) in stage.rows("SELECT kind FROM letter ORDER BY id")]
            assert kinds[-2:] == ["confirm", "welcome"]
            newest = "SELECT standing FROM subscription ORDER BY reader_id DESC LIMIT 2"
            assert stage.rows(newest) == [("active",)] * 2

    run(scene())


def test_a_page_in_a_language_that_one_of_them_lacks_is_no_page(place: Path) -> None:
    """The button would confirm more than the page could name."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            data = {"newsletter": [SLUG, "culture"], "address": "new@example.org", "language": "be"}
            await stage.client.post("/be/subscribe", data=data)
            await stage.decide()

            assert (await stage.client.get(f"/en/confirm/{await stage.secret()}")).status_code == 404

    run(scene())


def test_the_page_of_an_issue_ticks_its_newsletter(place: Path) -> None:
    """It is the one the visitor reads; the other is offered beside it."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)

            html = (await stage.client.get(f"/be/{SLUG}/2026-W47")).text

            assert f'value="{SLUG}" checked>' in html
            assert 'value="culture">' in html

    run(scene())


def test_a_page_about_none_of_them_names_none(place: Path) -> None:
    """On top of an issue stands its newsletter; on top of what belongs to all: newsletters."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            pages = [f"/be/{SLUG}/2026-W47", "/be/check-mail", "/en/check-mail"]

            html = [(await stage.client.get(path)).text for path in pages]

            mastheads = [re.findall(r'class="masthead"><a href="[^"]*">(.*?)</a>', each) for each in html]
            assert mastheads == [["Тыдзень у Беларусі"], ["Рассылкі"], ["Belarus Weekly"]]

    run(scene())


def test_a_mistake_leaves_what_was_chosen(place: Path) -> None:
    """The box comes back with its ticks; one that has none says so."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)

            answer = await stage.sign_up("nobody", "be", newsletter="culture")
            unticked = await stage.sign_up("new@example.org", "be", newsletter="")

            assert (answer.status_code, unticked.status_code) == (422, 422)
            assert re.findall(r'type="checkbox" value="([^"]*)" checked', answer.text) == ["culture"]
            assert 'type="email" value="nobody"' in answer.text
            assert "Выберыце хаця б адну рассылку." in unticked.text

    run(scene())


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("be", "«Культура» не выходзіць па-англійску. Выберыце іншую мову"),
        ("ru", "«Культура» не выходит на английском языке. Выберите другой язык"),
    ],
)
def test_a_newsletter_that_lacks_the_language_is_named(place: Path, lang: str, said: str) -> None:
    """Every language is offered; the sentence says what does not go with it, and what was chosen stays."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            data = {"newsletter": [SLUG, "culture"], "address": "new@example.org", "language": "en"}

            answer = await stage.client.post(f"/{lang}/subscribe", data=data)

            assert answer.status_code == 422
            assert said in answer.text
            assert TITLES[lang] + "» не вых" not in answer.text
            assert '<option value="en" selected>' in answer.text
            data["newsletter"] = [SLUG]
            assert (await stage.client.post(f"/{lang}/subscribe", data=data)).status_code == 200

    run(scene())


def test_own_settings_say_what_a_newsletter_lacks(place: Path) -> None:
    """It is said which, in words that speak their own language; it still comes."""

    async def scene() -> None:
        async with standing(place) as stage:
            await add_second(stage)
            page = await opened(stage)
            await page.press("add", newsletter="culture")

            seen = (await page.press("languages", language="en", missing="")).text

            assert '“<span lang="be">Культура</span>” is not published in English.' in seen
            assert 'You get “<span lang="be">Культура</span>”.' in seen
            assert "“Belarus Weekly” is not published" not in seen
            be = (await page.press("languages", language="be", missing="")).text
            assert "is not published" not in be

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
