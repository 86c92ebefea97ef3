"""The way out and back with Debian's Chromium: leave by the link, think again, be a reader as before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mailer.domain.language import Language
from mailer.domain.token import Token
from tests.acceptance.live_site import LiveSite, live_site
from tests.acceptance.visitor import visitor

MOST_BYTES = 60_000
LEFT = {
    "be": "Вы адпісаліся ад рассылкі",
    "ru": "Вы отписались от рассылки",
    "en": "You have been unsubscribed",
}
BACK = {
    "be": "Вы паспяхова падпісаліся",
    "ru": "Вы успешно подписались",
    "en": "You have been successfully subscribed",
}
TOO_LATE = {
    "be": "Гэтая спасылка больш не дзейнічае",
    "ru": "Эта ссылка больше не действует",
    "en": "This link no longer works",
}
both_ways = pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site with one confirmed reader."""
    with live_site(tmp_path_factory.mktemp("site")) as running:
        yield running


def link(site: LiveSite) -> str:
    """Return the link in the reader's copy of the first issue."""
    (public_id,) = site.stage.rows("SELECT public_id FROM reader ORDER BY id")[0]
    return f"{site.url}/u/{site.stage.site.link_keys.link(Token(bytes(public_id), issue=1))}"


def mailed(site: LiveSite, lang: str) -> str:
    """Return the link in the newest goodbye, in a language of the reader's choice."""
    goodbyes = site.stage.rows("SELECT sealed, seal_id FROM letter WHERE kind = 'goodbye' ORDER BY id")
    sealed, seal_id = map(bytes, goodbyes[-1])
    secret = site.stage.site.vault.open_values(sealed, seal_id)["secret"]
    return site.stage.site.links.way_back(Language(lang), secret)


def standing(site: LiveSite) -> str:
    return str(site.stage.rows("SELECT standing FROM subscription ORDER BY reader_id")[0][0])


def press(page: Page) -> None:
    page.locator("main").get_by_role("button").click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@both_ways
@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_a_reader_leaves_and_comes_back(
    browser: Browser, site: LiveSite, lang: str, *, scripts: bool
) -> None:
    """One press each way, by the mail; no cookie, nothing from elsewhere, no page over 60 kB.

    With scripts every page is looked at by axe.
    """
    weights, hosts = [], set()
    with visitor(browser, lang, scripts=scripts) as here:
        page = here.page

        def seen(expected: str) -> None:
            expect(page.get_by_role("heading", level=1)).to_have_text(expected)
            hosts.update(here.hosts)
            weights.append(here.fetched_bytes())
            if scripts:
                assert Axe().run(page).response["violations"] == []

        page.goto(f"{link(site)}?lang={lang}")
        seen(heading(page))
        press(page)
        seen(LEFT[lang])
        assert standing(site) == "unsubscribed"

        page.goto(mailed(site, lang))
        seen(heading(page))
        press(page)
        seen(BACK[lang])

        assert standing(site) == "active"
        page.goto(f"{site.url}/{lang}/back/nothing")
        seen(TOO_LATE[lang])
        assert page.context.cookies() == []
    assert hosts == {urlsplit(site.url).netloc}
    assert [weight for weight in weights if not 0 < weight < MOST_BYTES] == []


@both_ways
def test_the_page_of_the_press_undoes_it(browser: Browser, site: LiveSite, *, scripts: bool) -> None:
    """For the very press, once a day; who leaves again is referred to the mail."""
    with closing(sqlite3.connect(site.stage.folder / "mailer.db")) as database, database:
        database.execute("DELETE FROM letter_count")  # as if a day had passed
    with visitor(browser, "en", scripts=scripts) as here:
        page = here.page
        page.goto(f"{link(site)}?lang=en")
        press(page)
        press(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(BACK["en"])
        assert standing(site) == "active"

        page.goto(f"{link(site)}?lang=en")
        press(page)

        expect(page.get_by_role("heading", level=1)).to_have_text(LEFT["en"])
        expect(page.locator("main").get_by_role("button")).to_have_count(0)
        page.goto(mailed(site, "en"))
        press(page)
        expect(page.get_by_role("heading", level=1)).to_have_text(BACK["en"])
