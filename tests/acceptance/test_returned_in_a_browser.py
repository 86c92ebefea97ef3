"""Returned mail on the desk in Debian's Chromium: what came back, what waits, and a bounce that is undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from mailer.audience.keys import load_keys
from mailer.audience.vault import Vault
from mailer.bounces.stored import Arrived, sealed
from tests.acceptance.live_desk import MORNING, OPERATOR, PASSWORD, LiveDesk, live_desk

SCHEMES: Sequence[Literal["dark", "light"]] = ("dark", "light")
AT = 1_795_420_800_000
COPY = """
    INSERT INTO delivery (issue_id, reader_id, chunk_id, state, attempts, settled_at, unsubscribed)
    SELECT 1, id, 1, 'accepted', 1, {at}, 0 FROM reader
"""
CHUNK = """
    INSERT INTO chunk (id, issue_id, edition_id, provider_group, epoch, size, queued, inflight, accepted,
        deferred, failed, skipped, unknown, deferred_attempts, unsubscribed)
    VALUES (1, 1, 1, 'other', 0, 2400, 0, 0, 2398, 0, 2, 0, 0, 0, 14)
"""
EDITION = """
    INSERT INTO edition (id, issue_id, plan, language, subject, html, text, skeleton, digest)
    VALUES (1, 1, 'plan', 'be', 'Subject', '', '', x'00', x'00')
"""
SENT = "UPDATE issue SET state = 'sent', released_at = {at}"
BACK = """
    INSERT INTO consequence (report_id, reader_id, issue_id, newsletter_id, kind, cause, verdict, evidence,
        status, reply_code, stage, reply, at, effect)
    VALUES (7, {reader}, 1, 1, {kind}, {cause}, 'hard', {evidence}, '5.1.1', 550, 'rcpt', {reply}, {at},
        {effect})
"""
GUARD = """
    INSERT INTO guard (provider_group, issue_id, began_at, hard_count, copy_count)
    VALUES ('other', 1, {at}, 142, 1204)
"""
SAID = "550-5.1.1 The email account that you tried to reach does not exist: ‹…›. gsmtp"
RETIRED = "UPDATE subscription SET standing = 'bounced', forget_at = {at} + 2592000000 WHERE reader_id = 2"


LETTER = b"From: Jan <jan@example.net>\r\nSubject: Thank you\r\n\r\nA letter from a person.\r\n"
STORED = """
    INSERT INTO report (digest, door, seal_id, sealed, received_at, read_at, kind)
    VALUES (?, ?, ?, ?, ?, 1, 'human')
"""


def letter(keys: Path) -> tuple[bytes, str, bytes, bytes, int]:
    """Return a letter from a person as it is stored."""
    stored = sealed(Vault(load_keys(keys)), Arrived("smtp", "jan@example.net", "", LETTER), MORNING)
    return stored.digest, stored.door, stored.seal_id, stored.sealed, AT


@pytest.fixture
def desk(browser: Browser, tmp_path: Path) -> Iterator[LiveDesk]:
    """A desk whose issue went out; of three readers one bounced, one is held, one asks to leave."""
    with live_desk(tmp_path, 3) as running:
        put = {"at": AT, "kind": "'bounce'", "cause": "'no-mailbox'", "evidence": "'text:no-mailbox'"}
        words = {"reply": f"'{SAID}'"}
        asking = {"kind": "'human'", "cause": "NULL", "evidence": "'text:wants-to-leave'", "reply": "''"}
        statements = [
            *(each.format(at=AT) for each in (SENT, EDITION, CHUNK, COPY, GUARD, RETIRED)),
            BACK.format(reader=1, effect="'held'", **put, **words),
            BACK.format(reader=2, effect="'suppressed'", **put, **words),
            BACK.format(reader=3, effect="'proposed'", **{**put, **asking}),
        ]
        with closing(sqlite3.connect(tmp_path / "data" / "mailer.db", timeout=10)) as database, database:
            for statement in statements:
                database.execute(statement)
            database.execute(STORED, letter(tmp_path / "data" / "keys"))
        yield running


@pytest.fixture
def page(browser: Browser, desk: LiveDesk) -> Iterator[Page]:
    """A narrow page of somebody who has logged in; what the browser complains of fails the test."""
    complaints: list[str] = []
    context = browser.new_context(base_url=desk.url, viewport={"width": 360, "height": 800})
    opened = context.new_page()
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto("/desk/")
    opened.get_by_label("Name").fill(OPERATOR)
    opened.get_by_label("Password").fill(PASSWORD)
    opened.keyboard.press("Enter")
    expect(opened.get_by_role("heading", level=1)).to_have_text("Desk")
    yield opened
    context.close()
    assert complaints == []


def check(page: Page) -> None:
    """axe-core finds nothing, in light and in dark, and nothing has to be scrolled sideways."""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page)
        assert [(one["id"], one["nodes"][0]["html"]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_what_waits_is_decided(page: Page) -> None:
    """From the alarm on the first page to the evidence and the answer; a mail that asks is one press."""
    check(page)
    page.get_by_role("link", name="Returned mail", exact=True).first.click()
    expect(
        page.get_by_role("heading", name="Smaller mail providers: “no such mailbox” too often")
    ).to_be_visible()
    check(page)

    page.get_by_role("link", name="Look and decide …").click()
    expect(page.get_by_text("The email account that you tried to reach")).to_be_visible()
    check(page)
    page.get_by_role("button", name="They are fine: keep mailing").click()

    page.get_by_role("button", name="They asked for nothing").click()
    page.get_by_role("link", name="A letter of 2026-11-23").click()
    expect(page.locator("pre")).to_have_text("A letter from a person.")
    check(page)
    page.get_by_role("button", name="Done with it").click()
    expect(page.get_by_text("Nothing.", exact=True)).to_be_visible()
    check(page)


def test_an_issue_tells_what_came_back(page: Page) -> None:
    """By provider and by reason, readable on a phone."""
    page.goto("/desk/issues/1")
    check(page)
    page.get_by_role("link", name="What came back").click()
    expect(page.get_by_role("row", name="Belarusian, smaller mail providers")).to_contain_text("2,398")
    check(page)


def test_a_wrong_bounce_is_undone(page: Page) -> None:
    """The reader's page, the evidence, and the reader is subscribed again."""
    page.goto("/desk/reader")
    page.get_by_label("Whole address").fill("reader1@example.org")
    page.get_by_role("button", name="Look it up").click()
    check(page)
    page.get_by_role("button", name="Mail this reader again …").click()
    expect(page.get_by_text("The email account that you tried to reach")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Mail them again").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")
    expect(page.get_by_text("belarus-weekly: subscribed, since 2026-11.")).to_be_visible()
    check(page)
