"""The whole way in with Debian's Chromium and ``mailer serve``: page, form, mail, button, subscribed."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.commandline import Installed
from tests.acceptance.served import served, until
from tests.acceptance.visitor import visitor

MOST_BYTES = 60_000
CHECK = {"be": "Праверце пошту", "ru": "Проверьте почту", "en": "Check your mail"}
DONE = {
    "be": "Вы паспяхова падпісаліся",
    "ru": "Вы успешно подписались",
    "en": "You have been successfully subscribed",
}
both_ways = pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])


@dataclass(frozen=True, slots=True)
class House:
    """A running service and the mails it keeps.

    Attributes:
        url: of the site, without a slash at its end.
    """

    installed: Installed
    url: str
    outbox: Outbox

    def confirm_links(self, address: str) -> list[str]:
        """Return the paths of all confirm links that *address* was mailed."""
        mails = [mail.number for mail in self.outbox.newest(100) if mail.recipients == (address,)]
        texts = [self.outbox.get(number).text for number in mails]
        return [path for text in texts for path in re.findall(r"/\w\w/confirm/[\w-]{43}", text)]

    def confirm_link(self, address: str) -> str:
        """Wait for the one mail that asks *address* to confirm, and return where its link leads."""
        until(lambda: bool(self.confirm_links(address)))
        (path,) = self.confirm_links(address)
        return self.url + path


@pytest.fixture(scope="module")
def house(sample_template: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation with two newsletters."""
    folder = tmp_path_factory.mktemp("way in") / "newsroom"
    shutil.copytree(sample_template.folder, folder)
    installed = replace(sample_template, folder=folder)
    second = folder / "culture.toml"
    weekly = installed("newsletter", "export").out.decode()
    second.write_text(weekly.replace('"belarus-weekly"', '"culture"'), "utf-8")
    assert installed("newsletter", "import", second).status == 0
    # A browser that is driven fills in a form faster than a person; here it need not wait for that.
    with (folder / "mailer.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[signup]\nsuspects_wait_seconds = 0\n")
    with served(installed) as url:
        yield House(installed, url, Outbox(Mailbox(folder / "data" / "outbox")))


@both_ways
@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_a_visitor_becomes_a_reader(browser: Browser, house: House, lang: str, *, scripts: bool) -> None:
    """In the browser's language from the bare address on; one mail confirms both newsletters.

    No cookie, nothing from another host, and no page over 60 kB with everything it fetches.
    """
    address = f"{lang}-{scripts}@example.org".lower()
    weights = []
    with visitor(browser, lang, scripts=scripts) as here:
        page = here.page
        page.goto(house.url)
        weights.append(here.fetched_bytes())
        assert page.url == f"{house.url}/{lang}/"
        expect(page.locator("select[name=language]")).to_have_value(lang)
        for box in page.get_by_role("checkbox").all():
            box.check()
        page.locator("input[type=email]").fill(address)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text(CHECK[lang])
        weights.append(here.fetched_bytes())

        page.goto(house.confirm_link(address))
        weights.append(here.fetched_bytes())
        page.get_by_role("button").click()

        expect(page.get_by_role("heading", level=1)).to_have_text(DONE[lang])
        expect(page.locator(".titles li")).to_have_count(2)
        assert page.context.cookies() == []
        assert here.hosts == {urlsplit(house.url).netloc}
        weights.append(here.fetched_bytes())
    assert [weight for weight in weights if not 0 < weight < MOST_BYTES] == []


def _stored(installed: Installed) -> list[str]:
    """Return what is stored but for the service's own heartbeat and the counter it raises each minute."""
    own = re.compile('INSERT INTO "(node|installation)"')
    return [line for line in installed.dump() if not own.match(line)]


@both_ways
@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_a_form_elsewhere_needs_one_more_press(
    browser: Browser, house: House, tmp_path: Path, lang: str, *, scripts: bool
) -> None:
    """A page of another origin sends its form to ours; until our button is pressed nothing is stored."""
    address = f"embed-{lang}-{scripts}@example.org".lower()
    form = house.installed("newsletter", "form", "--newsletter", "culture", "--language", lang).out.decode()
    form = re.sub(r'action="https?://[^/]+/', f'action="{house.url}/', form)
    (tmp_path / "index.html").write_text(f'<!DOCTYPE html><meta charset="utf-8">{form}', "utf-8")
    with elsewhere(tmp_path) as foreign, visitor(browser, "en", scripts=scripts) as here:
        page = here.page
        page.goto(foreign)
        page.locator("input[type=email]").fill(address)
        before = _stored(house.installed)
        page.get_by_role("button").click()

        expect(page.locator("input[type=email]")).to_have_value(address)
        assert page.url == f"{house.url}/{lang}/embed"
        assert [box.is_checked() for box in page.get_by_role("checkbox").all()] == [False, True]
        assert _stored(house.installed) == before
        if scripts:
            assert Axe().run(page).response["violations"] == []
        page.locator("main").get_by_role("button").click()

        expect(page.get_by_role("heading", level=1)).to_have_text(CHECK[lang])
        page.goto(house.confirm_link(address))
        page.get_by_role("button").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(DONE[lang])


def test_a_page_elsewhere_can_not_use_the_box(browser: Browser, house: House, tmp_path: Path) -> None:
    """A form that a script sends to our own address meets the same page: browsers say where it is from."""
    script = "<script>document.forms[0].submit()</script>"
    form = (
        f'<form action="{house.url}/en/subscribe" method="post"><input name="newsletter" value="culture">'
        '<input name="address" value="victim@example.org"></form>'
    )
    (tmp_path / "index.html").write_text(f"<!DOCTYPE html>{form}{script}", "utf-8")
    with elsewhere(tmp_path) as foreign, visitor(browser, "en", scripts=True) as here:
        here.page.goto(foreign)

        expect(here.page.get_by_role("heading", level=1)).to_have_text("One more press")

    assert house.confirm_links("victim@example.org") == []


class _Silent(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's own name
        """Say nothing: standard error belongs to the tests."""


@contextmanager
def elsewhere(folder: Path) -> Iterator[str]:
    """Serve *folder* from another origin, and yield its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Silent, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
