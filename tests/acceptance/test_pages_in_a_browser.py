"""The pages in Debian's Chromium: they work without JavaScript, fit a phone, and can be read by everyone."""

from __future__ import annotations

from collections.abc import Iterator
from email.message import EmailMessage
from typing import Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.live_site import LiveSite, live_site
from tests.acceptance.visitor import visitor

LANGUAGES = ["be", "ru", "en"]
MOST_BYTES = 60_000
FAILED = 500
PAGES = {
    "front": "/{lang}/",
    "issue": "/{lang}/belarus-weekly/2026-W47",
    "embed": "/{lang}/embed",
    "check mail": "/{lang}/check-mail",
    "confirm": "/{lang}/confirm/{secret}",
    "late link": "/{lang}/confirm/{late}",
    "dead link": "/{lang}/confirm/nothing",
    "unsubscribe": "/u/{token}?lang={lang}",
    "cut link": "/u/nothing",
    "missing": "/{lang}/nothing",
    "outbox": "/desk/outbox",
    "mail": "/desk/outbox/1",
    "source": "/desk/outbox/1?show=source",
}
HOSTILE = (
    "<html><head></head><body><p id='said'>as sent</p>"
    "<script>document.getElementById('said').textContent = 'script ran'</script>"
    "<img src='x' onerror=\"document.getElementById('said').textContent = 'handler ran'\">"
    "<form action='/en/subscribe' method='post'><button>send</button></form>"
    "<a href='/en/'>leads out</a></body></html>"
)


class Visit(Protocol):
    """Opens pages; see the fixture."""

    def __call__(
        self, path: str, lang: str = "en", *, width: int = 1280, scheme: str = "light", scripts: bool = False
    ) -> Page:
        """Open one."""


@pytest.fixture(scope="module")
def site(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """A site with one kept mail that tries everything."""
    mailbox = Mailbox(tmp_path_factory.mktemp("outbox"))
    mail = EmailMessage()
    mail["Subject"] = "A subject with " + "averylongword" * 20
    mail.set_content("Text " + "x" * 500)
    mail.add_alternative(HOSTILE, subtype="html")
    mailbox.add("a@example.org", ["averylongaddress" * 10 + "@example.org"], mail.as_bytes())
    with live_site(tmp_path_factory.mktemp("site"), mailbox=Outbox(mailbox)) as running:
        yield running


@pytest.fixture
def visit(browser: Browser, site: LiveSite) -> Iterator[Visit]:
    """Open pages at a size, in a colour scheme, with or without scripts."""
    contexts = []

    def open_page(
        path: str, lang: str = "en", *, width: int = 1280, scheme: str = "light", scripts: bool = False
    ) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
        )
        contexts.append(context)
        if path.startswith("/desk") or path == "/robots.txt":
            context.add_cookies([{"name": "mailer_session", "value": site.cookie, "url": site.url}])
        page = context.new_page()
        page.goto(path.format(lang=lang, token=site.token, secret=site.secret, late=site.late))
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.mark.parametrize(
    ("lang", "heading"), [("be", "Праверце пошту"), ("ru", "Проверьте почту"), ("en", "Check your mail")]
)
def test_the_form_leads_to_check_your_mail(visit: Visit, lang: str, heading: str) -> None:
    """Without JavaScript, by keyboard alone: address, Enter, answer."""
    page = visit("/{lang}/", lang)

    page.locator("input[type=email]").fill("somebody@example.org")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
    assert page.context.cookies() == []


def test_a_mistyped_address_stands_in_the_form_again(visit: Visit) -> None:
    """One sentence beside the field, which has the focus and what was typed."""
    page = visit("/{lang}/", "be")

    page.locator("input[type=email]").fill("somebody at example")
    page.get_by_role("button", name="Падпісацца").click()

    field = page.get_by_label("Ваш электронны адрас")
    expect(field).to_be_focused()
    expect(field).to_have_value("somebody at example")
    expect(field).to_have_accessible_description(
        "Гэта не падобна на электронны адрас. Праверце яго і паспрабуйце яшчэ раз."
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(visit: Visit, site: LiveSite, name: str) -> None:
    """At 360 px nothing has to be scrolled sideways, in any language."""
    page = visit("/robots.txt", width=360, scripts=True)
    widths = []

    for lang in LANGUAGES:
        page.goto(PAGES[name].format(lang=lang, token=site.token, secret=site.secret, late=site.late))
        widths.append(page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [360, 360, 360]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everyone(visit: Visit, name: str, scheme: str) -> None:
    """axe-core finds nothing: labels, landmarks, order of headings, contrast, languages."""
    page = visit(PAGES[name], "be", width=360, scheme=scheme, scripts=True)

    found = Axe().run(page)

    assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mistake_can_be_read_by_everyone(visit: Visit, scheme: str) -> None:
    """axe-core finds nothing in the box that comes back either, nor in the page that answers a sign-up."""
    page = visit("/{lang}/", "ru", width=360, scheme=scheme, scripts=True)
    found = []
    for typed in ("nobody", "somebody.else@example.org"):
        page.locator("input[type=email]").fill(typed)
        page.locator("main").get_by_role("button").click()
        page.wait_for_load_state()
        found += Axe().run(page).response["violations"]

    expect(page.get_by_role("heading", level=1)).to_have_text("Проверьте почту")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_public_page_is_light_and_fetches_nothing_elsewhere(
    browser: Browser, site: LiveSite, lang: str, *, scripts: bool
) -> None:
    """Under 60 kB with everything it fetches into an empty cache, and all of it from where the page is."""
    weights = {}
    for name, path in PAGES.items():
        if path.startswith("/desk"):
            continue
        with visitor(browser, lang, scripts=scripts) as here:
            url = path.format(lang=lang, token=site.token, secret=site.secret, late=site.late)
            answer = here.page.goto(site.url + url)
            assert answer is not None
            assert answer.status < FAILED
            assert here.hosts == {site.url.removeprefix("http://")}
            weights[name] = here.fetched_bytes()

    assert {name: weight for name, weight in weights.items() if not 0 < weight < MOST_BYTES} == {}


def test_the_first_tab_skips_to_the_content(visit: Visit) -> None:
    """The link is seen once it has the focus."""
    page = visit("/{lang}/")

    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()


def test_one_button_unsubscribes(visit: Visit) -> None:
    """The reader's page of the link: press, done; the page then says so."""
    page = visit("/u/{token}?lang={lang}", "ru")

    page.get_by_role("button").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Вы отписались от рассылки")


def test_a_kept_mail_can_do_nothing(visit: Visit, site: LiveSite) -> None:
    """Its scripts and forms are dead, also when its frame is opened alone; its links open a new tab."""
    before = site.stage.contents()
    framed = visit("/desk/outbox/1", scripts=True)
    alone = visit("/desk/outbox/1/sandbox", scripts=True)

    frame = framed.frame_locator("iframe")
    for mail in (frame, alone):
        mail.get_by_role("button").click()
        expect(mail.locator("#said")).to_have_text("as sent")
    with framed.expect_popup() as popup:
        frame.get_by_role("link").click()

    expect(popup.value.get_by_role("heading", level=1)).to_have_text("Belarus Weekly")
    assert site.stage.contents() == before
