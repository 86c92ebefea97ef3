"""Every mail in Debian's Chromium: everyone can read it, on a phone, in the dark, without pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Literal, get_args

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route

from mailer.domain.language import Language
from mailer.rendering.webpart import web_part
from tests.acceptance.every_html import MEDIA, every_html
from tests.acceptance.live_site import LiveSite, live_site

PHONE = 360
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="1120" height="630"/>'
FAINT = '<p style="color:#999999; background-color:#ffffff">Words that hardly show</p>'
WIDE = '<div style="width:400px">A block that no phone shows whole</div>'

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)
_ARTICLE = re.compile('<article class="issue">.*?</article>', re.DOTALL)


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Page]:
    """One page for all, because opening another takes longer than most tests."""
    context = browser.new_context(viewport={"width": PHONE, "height": 800})
    yield context.new_page()
    context.close()


@pytest.fixture
def page(opened: Page) -> Iterator[Page]:
    """A phone's page that fetches nothing."""
    opened.goto("about:blank")  # away from the site, whose policy would hold for what is set here
    opened.route("**/*", _nothing)
    yield opened
    opened.unroute_all()


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    with live_site(tmp_path_factory.mktemp("site")) as running:
        yield running


def violations(page: Page) -> list[tuple[str, str]]:
    """Return what axe-core finds: each rule, and the first element that breaks it."""
    return [(one["id"], one["nodes"][0]["html"]) for one in Axe().run(page).response["violations"]]


def overflow(page: Page) -> int:
    """Return how many pixels have to be scrolled sideways."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert isinstance(width, int)
    return width


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_mail_can_be_read_by_everyone(page: Page, scheme: Scheme) -> None:
    """axe-core finds nothing in any kind and language: contrast, headings, languages, names of links."""
    page.emulate_media(color_scheme=scheme)
    found = {}

    for name, html in every_html().items():
        page.set_content(html)
        found[name] = violations(page)

    assert {name: broken for name, broken in found.items() if broken} == {}


@pytest.mark.parametrize("pictures", ["shown", "off"])
def test_a_mail_fits_a_phone(page: Page, pictures: str) -> None:
    """At 360 px nothing has to be scrolled sideways, whatever writers put in, with pictures or without."""
    found = {}
    if pictures == "shown":
        page.route(f"{MEDIA}/*", _picture)

    for name, html in every_html().items():
        page.set_content(html)
        found[name] = overflow(page)

    # The last one is laden.
    shown = page.evaluate("[...document.images].map((image) => image.naturalWidth > 0)")
    assert shown == [pictures == "shown"] * len(shown) != []
    assert {name: width for name, width in found.items() if width} == {}


@pytest.mark.parametrize("texts", ["sample", "laden"])
@pytest.mark.parametrize("lang", list(Language))
def test_the_web_page_of_an_issue_is_as_good(
    opened: Page, site: LiveSite, lang: Language, texts: str
) -> None:
    """The same two claims, light and dark."""
    url = f"{site.url}/{lang}/belarus-weekly/2026-W47"
    if texts == "laden":
        opened.route(url, partial(_show, web_part(every_html()[f"laden-{lang}"])))
    opened.goto(url)

    found = {}
    for scheme in SCHEMES:
        opened.emulate_media(color_scheme=scheme)
        found[scheme] = (violations(opened), overflow(opened))
    opened.unroute_all()

    assert found == {"light": ([], 0), "dark": ([], 0)}


def test_faults_are_seen(page: Page) -> None:
    """A mail with faint words and a wide block is refused by both."""
    page.emulate_media(color_scheme="light")

    page.set_content(every_html()["edition-be"].replace("</h1>", f"</h1>{FAINT}{WIDE}", 1))

    assert [rule for rule, _ in violations(page)] == ["color-contrast"]
    assert overflow(page) > 0


def _nothing(route: Route) -> None:
    route.abort()


def _show(issue: str, route: Route) -> None:
    """Answer with the site's page, on which another issue stands."""
    page = route.fetch()
    shown, changed = _ARTICLE.subn(lambda _: f'<article class="issue">{issue}</article>', page.text())
    assert changed == 1
    route.fulfill(response=page, body=shown)


def _picture(route: Route) -> None:
    route.fulfill(body=PICTURE, content_type="image/svg+xml")
