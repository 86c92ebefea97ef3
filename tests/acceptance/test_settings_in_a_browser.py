"""One's own settings with Debian's Chromium and ``mailer serve``: ask, mail, link, every button, done."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.commandline import Installed
from tests.acceptance.served import served, until
from tests.acceptance.visitor import Visitor, visitor

MOST_BYTES = 60_000
LANGUAGES = ["be", "ru", "en"]
SAVED = {"be": "Захавана.", "ru": "Сохранено.", "en": "Saved."}
ERASED = {"be": "Усё пра вас сцёрта", "ru": "Всё о вас стёрто", "en": "Everything about you is erased"}
WAYS = [("be", False), ("ru", False), ("en", False), ("en", True)]
"""Language, and whether scripts run: the page has none, so once with them is enough."""


@dataclass(frozen=True, slots=True)
class House:
    """A running service with readers, and the mails it keeps.

    Attributes:
        url: of the site, without a slash at its end.
    """

    url: str
    outbox: Outbox

    def links(self, address: str, kind: str) -> list[str]:
        """Return the paths of all links of *kind* that *address* was mailed, newest first."""
        mails = [mail.number for mail in self.outbox.newest(200) if mail.recipients == (address,)]
        texts = [self.outbox.get(number).text for number in mails]
        return [path for text in texts for path in re.findall(rf"/\w\w/{kind}/[\w-]{{43}}", text)]

    def link(self, address: str, kind: str = "manage") -> str:
        """Wait for a link and return where it leads."""
        until(lambda: bool(self.links(address, kind)))
        return self.url + self.links(address, kind)[0]


@pytest.fixture(scope="module")
def house(sample_template: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation with a reader for each test."""
    folder = tmp_path_factory.mktemp("settings") / "newsroom"
    shutil.copytree(sample_template.folder, folder)
    installed = replace(sample_template, folder=folder)
    names = [f"{lang}-{scripts}".lower() for lang, scripts in WAYS]
    for name in [*names, "mover-en", "looker-en"]:
        lang = "en" if name.endswith("-en") else name[:2]
        added = installed(
            "reader", "add", f"{name}@example.org", "--language", lang, "--confirmed-by-operator"
        )
        assert added.status == 0
    with served(installed) as url:
        yield House(url, Outbox(Mailbox(folder / "data" / "outbox")))


def ask(here: Visitor, house: House, address: str, lang: str) -> None:
    """Ask for a link with the keyboard alone, and open it from the mail."""
    here.page.goto(f"{house.url}/{lang}/manage")
    here.page.locator("input[type=email]").fill(address)
    here.page.keyboard.press("Enter")
    expect(here.page.locator("input[type=email]")).to_have_count(0)
    here.page.goto(house.link(address))


def press(page: Page, section: str, number: int = 0) -> None:
    """Press a button of one section of the page."""
    page.locator(f"section[aria-labelledby={section}]").get_by_role("button").nth(number).click()


@pytest.mark.parametrize(("lang", "scripts"), WAYS)
def test_a_reader_changes_everything_and_is_erased(
    browser: Browser,
    house: House,
    lang: str,
    scripts: bool,  # noqa: FBT001 - a table
) -> None:
    """In their language; no cookie, nothing from another host, and no page over 60 kB."""
    address = f"{lang}-{scripts}@example.org".lower()
    weights = []
    with visitor(browser, lang, scripts=scripts) as here:
        page = here.page
        ask(here, house, address, lang)
        here.fetched_bytes()
        page.reload()
        weights.append(here.fetched_bytes())
        assert page.url.startswith(f"{house.url}/{lang}/manage/")

        page.locator("select[name=language]").select_option("ru")
        press(page, "languages")
        expect(page.get_by_role("status")).to_have_text(SAVED[lang])
        page.locator("#until").fill(page.locator("#until").get_attribute("max") or "")
        press(page, "break")
        expect(page.get_by_role("status")).to_have_text(SAVED[lang])
        press(page, "discreet")
        expect(page.locator("section[aria-labelledby=break] strong")).to_be_visible()
        expect(page.locator("section[aria-labelledby=discreet] strong")).to_be_visible()
        expect(page.locator("select[name=language]")).to_have_value("ru")

        with page.expect_download() as download:
            press(page, "data")
        found = json.loads(Path(download.value.path()).read_text("utf-8"))
        assert (found["address"], found["language"], found["is_discreet"]) == (address, "ru", True)

        press(page, "data", 1)
        weights.append(here.fetched_bytes())
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(ERASED[lang])
        assert page.context.cookies() == []
        assert here.hosts == {urlsplit(house.url).netloc}
        weights.append(here.fetched_bytes())
    assert [weight for weight in weights if not 0 < weight < MOST_BYTES] == []


def test_both_mailboxes_agree_to_a_new_address(browser: Browser, house: House) -> None:
    """Asked for on the page, agreed to behind two mailed links; then the new one can open its settings."""
    with visitor(browser, "en", scripts=False) as here:
        page = here.page
        ask(here, house, "mover-en@example.org", "en")
        page.locator("#address").fill("moved@example.net")
        press(page, "move")
        expect(page.get_by_role("status")).to_contain_text("Open both and agree")

        for address, heading in (
            ("moved@example.net", "You have agreed"),
            ("mover-en@example.org", "The address has changed"),
        ):
            page.goto(house.link(address, "move"))
            page.get_by_role("button", name="Agree").click()
            expect(page.get_by_role("heading", level=1)).to_have_text(heading)

        ask(here, house, "moved@example.net", "en")
        expect(page.get_by_role("heading", level=1)).to_have_text("Your settings")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everyone_and_fits_a_phone(
    browser: Browser, house: House, scheme: str
) -> None:
    """axe-core finds nothing, and at 360 px nothing is scrolled sideways, in any language."""
    with visitor(browser, "en", scripts=False) as here:
        ask(here, house, "looker-en@example.org", "en")
        here.page.locator("#address").fill(f"new-{scheme}@example.net")
        press(here.page, "move")
        expect(here.page.get_by_role("status")).to_be_visible()
        own = urlsplit(here.page.url).path.removeprefix("/en")
    move = urlsplit(house.link(f"new-{scheme}@example.net", "move")).path.removeprefix("/en")
    context = browser.new_context(
        viewport={"width": 360, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    found: list[tuple[str, str]] = []
    widths = set()

    def check(lang: str) -> None:
        widths.add(page.evaluate("document.documentElement.scrollWidth"))
        # Labels, order and contrast are the same in each.
        if lang == "be":
            found.extend((page.title(), one["id"]) for one in Axe().run(page).response["violations"])

    for lang in LANGUAGES:
        for path in ["/manage", move, "/manage/nothing", "/move/nothing", own]:
            page.goto(f"{house.url}/{lang}{path}")
            check(lang)
        page.locator("#until").evaluate("field => field.type = 'text'")
        page.locator("#until").fill("tomorrow")
        press(page, "break")
        expect(page.locator("#until")).to_be_focused()
        check(lang)
        press(page, "data", 1)
        check(lang)
    context.close()

    assert (found, widths) == ([], {360})
