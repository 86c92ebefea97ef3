"""The pages of one's own settings: the same answer to everybody, and every button without a script."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from mailer.domain.language import Language
from tests.integration.web.own_page import OwnPage, ask, opened, secret, words
from tests.integration.web.staging import READER, SLUG, Stage, run, standing

CHOICES = "SELECT language, missing_choice, paused_until, is_discreet FROM reader ORDER BY id LIMIT 1"
HEADINGS = {
    "ask": ("Вашы налады", "Ваши настройки", "Your settings"),
    "mistyped": ("не падобна на электронны", "не похоже на электронный", "does not look like an e-mail"),
    "sent": ("Праверце пошту", "Проверьте почту", "Check your mail"),
    "settings": ("Непрыкметны рэжым", "Незаметный режим", "Discreet mode"),
    "dead": ("больш не дзейнічае", "больше не действует", "This link no longer works"),
    "erase": ("Сцерці ўсё пра вас?", "Стереть всё о вас?", "Erase everything about you?"),
    "erased": ("Усё пра вас сцёрта", "Всё о вас стёрто", "Everything about you is erased"),
    "closed": ("Налады закрытыя", "Настройки закрыты", "The settings are closed"),
    "left": ("Вы адпісаліся", "Вы отписались", "You have been unsubscribed"),
    "move": ("Згодныя змяніць адрас?", "Согласны сменить адрес?", "Do you agree to the change"),
    "agreed": ("Вы далі згоду", "Вы дали согласие", "You have agreed"),
    "moved": ("Адрас зменены", "Адрес изменён", "The address has changed"),
    "refused": ("Адрас застаецца ранейшы", "Адрес остаётся прежним", "The address stays as it is"),
    "dead move": ("больш не дзейнічае", "больше не действует", "This link no longer works"),
}
STATUS = {"mistyped": 422, "dead": 410, "dead move": 410}
PRIVATE = set(HEADINGS) - {"ask"}
FOREIGN = {"be": "ищъ", "ru": "іў", "en": "іўищ"}


async def visit(stage: Stage, name: str, lang: str) -> httpx.Response:
    """Open one page in one language, doing before it what has to be done."""
    client = stage.client
    if name in {"ask", "mistyped", "sent"}:
        address = {"mistyped": "not an address"}.get(name, READER)
        return await (client.get(f"/{lang}/manage") if name == "ask" else ask(stage, address, lang))
    if name in {"dead", "dead move"}:
        return await client.get(f"/{lang}/{'move' if name == 'dead move' else 'manage'}/nothing")
    page = await opened(stage, lang=lang)
    if name == "settings":
        return await page.look()
    if name in {"erase", "closed", "erased", "left"}:
        do = {"closed": "done", "erased": "erase-now", "left": "leave"}.get(name, name)
        return await page.press(do, newsletter=SLUG)
    return await _move(page, name, lang)


async def _move(page: OwnPage, name: str, lang: str) -> httpx.Response:
    stage = page.stage
    await page.press("move", address="new@example.net")
    new, old = (f"/{lang}/move/{secret(stage, kind)}" for kind in ("move-in", "move-out"))
    if name == "move":
        return await stage.client.get(new)
    if name == "moved":
        await stage.client.post(new, data={"do": "agree"})
    return await stage.client.post(old, data={"do": "refuse" if name == "refused" else "agree"})


@pytest.mark.parametrize("lang", Language)
@pytest.mark.parametrize("name", HEADINGS)
def test_a_page_is_whole_and_in_one_language(place: Path, name: str, lang: Language) -> None:
    """Its own status and words, one h1, one main, no letter of a neighbour's alphabet outside names."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await visit(stage, name, lang)

            html = answer.text
            assert answer.status_code == STATUS.get(name, 200)
            assert HEADINGS[name][list(Language).index(lang)] in html
            assert f'<html lang="{lang}">' in html
            assert (html.count("<h1"), html.count("<main"), html.count("</html>")) == (1, 1, 1)
            furniture = re.sub(r"<a [^>]*lang=.*?</a>|<span lang=.*?</span>", "", html, flags=re.DOTALL)
            assert not set(re.sub(r'lang="[a-z]+"', "", furniture)) & set(FOREIGN[lang])

    run(scene())


@pytest.mark.parametrize("name", HEADINGS)
def test_a_page_is_armoured_and_kept_nowhere(place: Path, name: str) -> None:
    """Nothing runs or is fetched from elsewhere, no cookie; what belongs to one person is not stored."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await visit(stage, name, "en")

            assert "script-src" not in answer.headers["content-security-policy"]
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in answer.headers
            assert not re.search(r"<script|<style|style=|<img|\son[a-z]+=", answer.text)
            assert (answer.headers["cache-control"] == "no-store") is (name in PRIVATE)

    run(scene())


@pytest.mark.parametrize("name", ["ask", "settings", "move"])
def test_the_switch_keeps_the_page(place: Path, name: str) -> None:
    """The same page in another language, by the same link."""

    async def scene() -> None:
        async with standing(place) as stage:
            html = (await visit(stage, name, "en")).text

            (url,) = re.findall(r'<a href="([^"]*)" lang="ru" hreflang="ru">', html)
            answer = await stage.client.get(url)
            assert HEADINGS[name][1] in answer.text

    run(scene())


@pytest.mark.parametrize(("site", "asked"), [("same-origin", 1), ("same-site", 0), ("cross-site", 0)])
def test_a_form_on_another_site_asks_for_nothing(place: Path, site: str, asked: int) -> None:
    """Its visitor sees our form, filled in, and presses its button."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.post(
                "/en/manage", data={"address": READER}, headers={"Sec-Fetch-Site": site}
            )

            assert answer.status_code == 200
            assert len(stage.rows("SELECT id FROM signup_request")) == asked
            assert (f'value="{READER}"' in answer.text) is not bool(asked)
            assert answer.headers["cache-control"] == "no-store"

    run(scene())


def test_asking_is_answered_alike_whoever_is_known(place: Path) -> None:
    """The same status, headers and body for a reader and for a stranger; only the reader is mailed."""

    async def scene() -> None:
        async with standing(place) as stage:
            answers = [await ask(stage, address) for address in (READER, "nobody@example.org")]
            await stage.decide()

            one, other = answers
            assert (one.status_code, one.headers, one.text) == (other.status_code, other.headers, other.text)
            assert stage.rows("SELECT count(*) FROM letter WHERE kind = 'manage'") == [(1,)]

    run(scene())


def test_looking_changes_nothing(place: Path) -> None:
    """A mail program that opens the link, and every link on the page."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)
            before = stage.contents()

            html = (await page.look()).text
            for url in re.findall(r'href="(/[^"]*)"', html):
                await stage.client.get(url)
                await stage.client.head(url)

            assert stage.contents() == before

    run(scene())


def test_every_choice_is_kept_and_shown(place: Path) -> None:
    """Languages, break and discreet mode: each press says "saved" and the page shows it."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)

            said = [
                await page.press("languages", language="be", missing="ru"),
                await page.press("break", until="24.12.2026"),
                await page.press("discreet"),
            ]

            assert ["Saved." in words(answer) for answer in said] == [True] * 3
            ((language, missing, until, is_discreet),) = stage.rows(CHOICES)
            assert (language, missing, until, is_discreet) == ("be", "ru", 1798066800000, 1)
            shown = await page.look()
            assert '<option value="be" selected>' in shown.text
            assert '<option value="ru" selected>' in shown.text
            assert "no issue comes before December 24, 2026" in words(shown)
            assert "Discreet mode is on." in words(shown)

    run(scene())


def test_choices_are_taken_back(place: Path) -> None:
    """The break ended, discreet mode off, the editors decide again."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)
            await page.press("break", until="2026-12-24")
            await page.press("discreet")

            await page.press("end-break")
            await page.press("open")
            answer = await page.press("languages", language="en", missing="")

            assert stage.rows(CHOICES) == [("en", None, None, 0)]
            assert "You are on a break" not in words(answer)

    run(scene())


@pytest.mark.parametrize(
    ("do", "fields", "sentence"),
    [
        ("languages", {"language": "de"}, "Please choose from what the form offers"),
        ("languages", {"language": "be", "missing": "de"}, "Please choose from what the form offers"),
        ("languages", {}, "Please choose from what the form offers"),
        ("add", {"newsletter": "nowhere"}, "Please choose from what the form offers"),
        ("leave", {}, "Please choose from what the form offers"),
        ("break", {"until": "yesterday"}, "Please choose another day."),
        ("break", {"until": "2026-11-23"}, "Please choose another day."),
        ("move", {"address": "not an address"}, "This does not look like an e-mail address."),
        ("move", {"address": READER.upper()}, "Our mails come to this address already."),
    ],
)
def test_what_cant_be_done_is_said_and_changes_nothing(
    place: Path, do: str, fields: dict[str, str], sentence: str
) -> None:
    """One sentence on the same page."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)
            before = stage.contents()

            answer = await page.press(do, **fields)

            assert answer.status_code == 422
            assert sentence in words(answer)
            assert stage.contents() == before

    run(scene())


def test_who_leaves_the_last_newsletter_reads_the_way_back(place: Path) -> None:
    """The mail that says goodbye carries it, and the page says so."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)

            answer = await page.press("leave", newsletter=SLUG)

            assert "the mail that we sent to this address undoes it" in words(answer)
            assert stage.rows("SELECT kind FROM letter WHERE kind = 'goodbye'") == [("goodbye",)]

    run(scene())


def test_an_unknown_button_is_refused(place: Path) -> None:
    """A form that is none of ours."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)
            move = await stage.client.post("/en/move/nothing", data={"do": "dance"})

            assert [(await page.press("dance")).status_code, move.status_code] == [400, 400]

    run(scene())


PRESSES = [
    "languages", "add", "leave", "break", "end-break", "discreet", "open", "move", "export", "erase",
    "erase-now",
]  # fmt: skip


@pytest.mark.parametrize("do", PRESSES)
def test_a_dead_link_does_nothing(place: Path, do: str) -> None:
    """Whatever is pressed on a page that stood open too long: it says so and offers a new link."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)
            await page.press("done")
            before = stage.contents()

            fields = {"language": "be", "newsletter": SLUG, "until": "2026-12-24", "address": "a@example.org"}
            answer = await page.press(do, **fields)

            assert answer.status_code == 410
            assert 'action="/en/manage"' in answer.text
            assert stage.contents() == before

    run(scene())


def test_everything_stored_is_downloaded(place: Path) -> None:
    """A JSON file that no cache keeps, with the reader's own address and copies."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)

            answer = await page.press("export")

            assert answer.headers["content-type"] == "application/json"
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["content-disposition"].startswith("attachment;")
            found = json.loads(answer.content)
            assert (found["address"], len(found["copies_of_issues"])) == (READER, 2)

    run(scene())


def test_erasing_takes_two_presses(place: Path) -> None:
    """The first asks, the second erases; a third finds nobody."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)

            first = await page.press("erase")
            assert stage.rows("SELECT count(*) FROM reader") == [(1,)]
            second = await page.press("erase-now", keep="fingerprint")
            third = await page.press("erase-now")

            assert [answer.status_code for answer in (first, second, third)] == [200, 200, 410]
            assert stage.rows("SELECT count(*) FROM reader") == [(0,)]
            assert stage.rows("SELECT count(*) FROM suppression") == [(1,)]

    run(scene())


def test_the_sender_is_woken_when_there_is_a_letter(place: Path) -> None:
    """So that nobody waits for a link."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await opened(stage)
            stage.woken.clear()

            await page.press("languages", language="be", missing="")
            assert stage.woken == []
            await page.press("move", address="new@example.net")
            assert len(stage.woken) == 1

    run(scene())
