"""The desk in Debian's Chromium: from an empty week to an issue that is sent, by the buttons alone."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.acceptance.live_desk import OPERATOR, PASSWORD, LiveDesk, live_desk

SAMPLE = Path(__file__).parents[2] / "src" / "mailer" / "sample" / "latest"
READERS = 30


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[LiveDesk]:
    """A desk with readers and an issue without a text."""
    with live_desk(tmp_path, READERS) as running:
        yield running


@pytest.fixture
def page(browser: Browser, desk: LiveDesk) -> Iterator[Page]:
    """A page before the login; what the browser complains of fails the test."""
    complaints: list[str] = []
    context = browser.new_context(base_url=desk.url, viewport={"width": 360, "height": 800})
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    # A form that is refused is no fault; what our policy keeps from running would be one.
    assert [each for each in complaints if not each.startswith("Failed to load resource")] == []


def log_in(page: Page) -> None:
    page.goto("/desk/")
    page.get_by_label("Name").fill(OPERATOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Desk")


def add(page: Page, *files: FilePayload) -> None:
    page.get_by_label("Files (.md, pictures, or .zip)").set_input_files(list(files))
    page.get_by_role("button", name="Add texts").click()


def week_but(left_out: str) -> FilePayload:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for path in SAMPLE.iterdir():
            if path.name != left_out:
                archive.write(path, f"2026-W47/{path.name}")
    return {"name": "texts.zip", "mimeType": "application/zip", "buffer": held.getvalue()}


def text(name: str, content: bytes) -> FilePayload:
    return {"name": name, "mimeType": "text/markdown", "buffer": content}


def check(page: Page, *schemes: Literal["light", "dark"]) -> None:
    """axe-core finds nothing, in light and where asked in dark, and nothing has to be scrolled sideways."""
    for scheme in schemes or ("light",):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_from_texts_to_readers(page: Page, desk: LiveDesk) -> None:
    """Log in, upload, see what is missing, mend it, read, approve, watch the progress end."""
    page.goto("/desk/issues/1")
    check(page)
    log_in(page)
    check(page, "dark", "light")
    page.get_by_role("link", name="November 16–22, 2026").click()
    expect(page.get_by_text("waiting for you")).to_be_visible()
    expect(page.get_by_text("has no ready text in any topic")).to_be_visible()
    check(page)

    page.get_by_role("navigation").get_by_role("link", name="Add texts").click()
    add(page, text("west.be.md", b"---\nheadline: H\ntrend: wors\n---\nBody\n"))
    expect(page.get_by_role("alert")).to_contain_text("west.be.md, line 3: trend “wors” is not known")
    check(page, "dark", "light")
    add(page, week_but("west.be.md"))
    expect(page.get_by_role("heading", level=1)).to_have_text("14 texts taken")
    check(page)

    page.get_by_role("link", name="See the issue").click()
    expect(page.get_by_text("West has no ready text in be.")).to_be_visible()
    check(page, "dark", "light")
    expect(page.get_by_text("It can’t be sent yet")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Add texts").click()
    add(page, text("west.be.md", (SAMPLE / "west.be.md").read_bytes()))
    page.get_by_role("link", name="See the issue").click()
    expect(page.get_by_role("heading", name="What holds it")).to_have_count(0)
    check(page)

    page.get_by_role("link", name="Belarusian", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("16–22 лістапада")
    expect(page.frame_locator("iframe").get_by_role("heading", level=1)).to_be_visible()
    map_ = page.frame_locator("iframe").get_by_role("img", name="Схема: памежная паласа")
    map_.scroll_into_view_if_needed()
    expect(map_).to_have_js_property("naturalWidth", 1120)
    page.get_by_role("link", name="Text", exact=True).click()
    expect(page.locator("pre")).to_contain_text("16–22 лістапада")
    check(page)

    page.go_back()
    page.go_back()
    page.get_by_role("link", name="Approve and send …").click()
    expect(page.get_by_text(f"It goes to {READERS} readers.")).to_be_visible()
    check(page, "dark", "light")
    page.get_by_role("button", name="Approve and send").click()
    expect(page.locator(".state")).to_have_text(re.compile(r"^sent \(rehearsal\)$"), timeout=20_000)
    expect(page.get_by_role("row", name="taken by the mail provider")).to_contain_text(str(READERS))
    expect(page.get_by_text("Refresh")).to_have_count(0)
    check(page, "dark", "light")
    assert desk.outbox.count() >= READERS


def test_pausing_while_it_is_sent_keeps_the_focus(page: Page) -> None:
    """The part of the page that renews itself each second does not take the button from under a finger."""
    log_in(page)
    page.goto("/desk/texts")
    add(page, week_but(""))
    page.goto("/desk/issues/1/cancel")
    check(page)
    page.goto("/desk/sending")
    check(page)
    page.goto("/desk/issues/1/approve")
    page.get_by_role("button", name="Approve and send").click()
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".state")).to_have_text(re.compile(r"^paused"))
    check(page)

    button = page.get_by_role("button", name="Go on sending")
    button.focus()
    with page.expect_response("**/progress"), page.expect_response("**/progress"):
        pass
    expect(button).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator(".state")).to_have_text(re.compile(r"^sent"), timeout=20_000)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log in")


def test_a_reader_is_looked_up_and_erased(page: Page) -> None:
    """By the exact address, which never shows in the address bar or the title; erasing takes two presses."""
    log_in(page)
    page.get_by_role("navigation").get_by_role("link", name="A reader").click()
    check(page, "dark", "light")
    page.get_by_label("Whole address").fill("someone")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_role("alert")).to_contain_text("This is not an e-mail address")
    check(page)

    page.get_by_label("Whole address").fill("reader1@example.org")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("belarus-weekly: subscribed, since 2026-11.")).to_be_visible()
    assert (page.url.endswith("/desk/reader"), page.title()) == (True, "A reader · mailer")
    check(page, "dark", "light")

    page.get_by_role("button", name="Erase this reader …").click()
    check(page, "dark", "light")
    page.get_by_label("Keep a fingerprint").check()
    page.get_by_role("button", name="Erase", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Erased")
    page.get_by_label("Whole address").fill("reader1@example.org")
    page.get_by_role("button", name="Look it up").click()
    expect(page.get_by_text("Do not mail: asked never to be mailed again since 2026-11.")).to_be_visible()
