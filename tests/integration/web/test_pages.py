"""Every page in every language: whole, in one language, armoured, and a way on from it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mailer.domain.language import Language
from tests.integration.web.staging import BASE, SLUG, Stage, run, standing

WORDS = {
    "front": ("Мова рассылкі", "Язык рассылки", "Mail me in"),
    "issue": ("Апублікавана 23", "Опубликовано 23", "Published November\xa023, 2026"),
    "check": ("Праверце пошту", "Проверьте почту", "Check your mail"),
    "confirm": ("Пацвердзіць падпіску", "Подтвердить подписку", "Confirm the subscription"),
    "subscribed": (
        "Вы паспяхова падпісаліся",
        "Вы успешно подписались",
        "You have been successfully subscribed",
    ),
    "used": ("ўжо выкарыстаная", "уже использована", "This link has been used"),
    "late": ("Даслаць новую спасылку", "Прислать новую ссылку", "Send a new link"),
    "dead": ("больш не дзейнічае", "больше не действует", "This link no longer works"),
    "embed": ("Засталося націснуць", "Осталось нажать", "One more press"),
    "unsubscribe": ("Адпісацца ад рассылкі", "Отписаться от рассылки", "Unsubscribe from"),
    "unsubscribed": ("Вы адпісаліся", "Вы отписались", "You have been unsubscribed"),
    "cut": ("Гэтая спасылка не працуе", "Эта ссылка не работает", "This link does not work"),
    "missing": ("Такой старонкі няма", "Такой страницы нет", "There is no such page"),
    "mistake": ("не падобна на электронны", "не похоже на электронный", "does not look like an e-mail"),
    "not allowed": ("запыт немагчыма", "запрос невозможно", "This request can’t be answered"),
}
STATUS = {
    "used": 410,
    "late": 410,
    "dead": 410,
    "cut": 404,
    "missing": 404,
    "mistake": 422,
    "not allowed": 405,
}
TOKEN_PAGES = {
    *("check", "confirm", "subscribed", "used", "late", "dead", "embed"),
    *("unsubscribe", "unsubscribed", "cut", "missing"),
}
FOREIGN = {"be": "ищъ", "ru": "іў", "en": "іўищ"}


async def visit(stage: Stage, page: str, lang: str) -> httpx.Response:
    """Open one page in one language, doing before it what has to be done."""
    client = stage.client
    if page in {"confirm", "subscribed", "used", "late"}:
        await stage.sign_up("new@example.org", lang)
        await stage.decide()
        path = f"/{lang}/confirm/{await stage.secret()}"
        if page == "late":
            stage.clock.now += timedelta(days=4)
        if page == "used":
            await client.post(path)
        return await (client.post(path) if page == "subscribed" else client.get(path))
    token = stage.token()
    asked = {"Accept-Language": lang}
    visits = {
        "front": lambda: client.get(f"/{lang}/"),
        "issue": lambda: client.get(f"/{lang}/{SLUG}/2026-W47"),
        "check": lambda: stage.sign_up("new@example.org", lang),
        "mistake": lambda: stage.sign_up("not an address", lang),
        "embed": lambda: client.post(f"/{lang}/embed", data={"address": "new@example.org"}),
        "dead": lambda: client.get(f"/{lang}/confirm/nothing"),
        "unsubscribe": lambda: client.get(f"/u/{token}?lang={lang}"),
        "unsubscribed": lambda: client.post(f"/u/{token}?lang={lang}"),
        "cut": lambda: client.get(f"/u/{token[:-3]}", headers=asked),
        "missing": lambda: client.get(f"/{lang}/nothing"),
        "not allowed": lambda: client.put(f"/{lang}/"),
    }
    return await visits[page]()


@pytest.mark.parametrize("lang", Language)
@pytest.mark.parametrize("page", WORDS)
def test_a_page_is_whole_and_in_one_language(place: Path, page: str, lang: Language) -> None:
    """Its own status and words, one h1, one main, no letter of a neighbour's alphabet outside names."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await visit(stage, page, lang)

            html = answer.text
            assert answer.status_code == STATUS.get(page, 200)
            assert WORDS[page][list(Language).index(lang)] in html
            assert f'<html lang="{lang}">' in html
            assert (html.count("<h1"), html.count("<main"), html.count("</html>")) == (1, 1, 1)
            furniture = re.sub(
                r"<article.*?</article>|<(\w+) lang=.*?</\1>|<a [^>]*lang=.*?</a>|<option.*?</option>",
                "",
                html,
                flags=re.DOTALL,
            )
            furniture = re.sub(r'lang="[a-z]+"', "", furniture)
            assert not set(furniture) & set(FOREIGN[lang])

    run(scene())


@pytest.mark.parametrize("page", WORDS)
def test_a_page_is_armoured(place: Path, page: str) -> None:
    """Nothing runs, frames, leaks or is fetched from elsewhere; no cookie is set."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await visit(stage, page, "en")

            headers = answer.headers
            assert headers["content-security-policy"] == (
                "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
                "base-uri 'none'; frame-ancestors 'none'"
            )
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-content-type-options"] == "nosniff"
            assert "set-cookie" not in headers
            assert not re.search(r'<script|<style|style=|<img(?! src="/media/)|\son[a-z]+=', answer.text)
            fetched = re.findall(r'<link rel="(?:stylesheet|icon)" href="([^"]*)"', answer.text)
            assert [url.startswith("/static/") for url in fetched] == [True, True]

    run(scene())


@pytest.mark.parametrize("page", WORDS)
def test_a_page_of_one_person_is_kept_nowhere(place: Path, page: str) -> None:
    """What has a secret in its address, or may have, or shows what was typed, is not stored or indexed."""

    async def scene() -> None:
        async with standing(place) as stage:
            headers = (await visit(stage, page, "en")).headers

            private = page in TOKEN_PAGES or page in ("not allowed", "mistake")
            assert (headers["cache-control"] == "no-store") is private
            assert ("noindex" in headers.get("x-robots-tag", "")) is private

    run(scene())


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("front", "/ru/"),
        ("issue", f"/ru/{SLUG}/2026-W47"),
        ("check", "/ru/check-mail"),
        ("confirm", "/ru/confirm/"),
        ("embed", "/ru/embed"),
        ("unsubscribe", "?lang=ru"),
        ("unsubscribed", "?done&amp;lang=ru"),
        ("missing", "/ru/"),
    ],
)
def test_the_switch_keeps_the_page(place: Path, page: str, expected: str) -> None:
    """The other language of the same page, which is there."""

    async def scene() -> None:
        async with standing(place) as stage:
            html = (await visit(stage, page, "en")).text

            (url,) = re.findall(r'<a href="([^"]*)" lang="ru" hreflang="ru">', html)
            assert expected in url
            assert (await stage.client.get(url)).status_code == 200

    run(scene())


def test_every_field_has_a_label(place: Path) -> None:
    """And no id stands twice."""

    async def scene() -> None:
        async with standing(place) as stage:
            html = (await stage.client.get("/be/")).text

            fields = re.findall(r'<(?:input|select) id="([^"]+)"', html)
            assert re.findall(r'<label for="([^"]+)"', html) == fields
            ids = re.findall(r'\sid="([^"]+)"', html)
            assert sorted(set(ids)) == sorted(ids)
            assert '<option value="be" selected>' in html

    run(scene())


@pytest.mark.parametrize(("header", "expected"), [("", "/be/"), ("en-GB", "/en/"), ("de, ru;q=0.3", "/ru/")])
def test_the_bare_address_leads_to_a_language(place: Path, header: str, expected: str) -> None:
    """303 to the browser's language, else to the newsletter's first."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.get("/", headers={"Accept-Language": header})

            assert (answer.status_code, answer.headers["location"]) == (303, expected)
            assert answer.headers["vary"] == "Accept-Language"

    run(scene())


def test_the_front_page_lists_the_issues(place: Path) -> None:
    """The latest with its headlines, the earlier below, dates in words."""

    async def scene() -> None:
        async with standing(place) as stage:
            html = (await stage.client.get("/be/")).text

            assert f'<a href="/be/{SLUG}/2026-W47">16–22\xa0лістапада\xa02026\xa0г.</a>' in html
            assert "Цана на газ: зніжка ў абмен на цярпенне" in html
            assert f'<a href="/be/{SLUG}/2026-W46">9–15\xa0лістапада</a>' in html
            assert '<link rel="alternate" hreflang="ru" href="https://weekly.example.org/ru/">' in html

    run(scene())


def test_a_site_below_a_path_keeps_it(place: Path) -> None:
    """Behind a proxy that serves us at /news, every address of ours begins with it."""

    async def scene() -> None:
        async with standing(place, base=f"{BASE}/news") as stage:
            html = (await stage.client.get(f"{BASE}/be/")).text

            ours = re.findall(r'(?:href|action)="(/[^"]*)"', html)
            assert [url for url in ours if not url.startswith("/news/")] == []

    run(scene())


@pytest.mark.parametrize(
    ("path", "media_type"),
    [("/robots.txt", "text/plain"), ("/favicon.ico", "image/svg+xml"), ("/static/site.css", "text/css")],
)
def test_files_are_there(place: Path, path: str, media_type: str) -> None:
    """With their type; the style sheet by its full address for a year, and 304 when it is known."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.get(path)

            assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)
            if "etag" in answer.headers:
                again = await stage.client.get(path, headers={"If-None-Match": answer.headers["etag"]})
                assert (again.status_code, again.content) == (304, b"")

    run(scene())


def test_the_style_sheet_of_a_page_is_kept_for_a_year(place: Path) -> None:
    """Its address changes with its content."""

    async def scene() -> None:
        async with standing(place) as stage:
            (url,) = re.findall(r'"stylesheet" href="([^"]*)"', (await stage.client.get("/en/")).text)

            answer = await stage.client.get(url)

            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"

    run(scene())
