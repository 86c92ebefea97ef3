"""The sign-up form in a flood, with Debian's Chromium and ``mailer serve``: a person still gets in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from sqlite3 import connect

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.commandline import Installed
from tests.acceptance.served import served, until
from tests.acceptance.visitor import visitor

MOST_BYTES = 60_000
SETTINGS = """
[signup]
attack_at = 5
mails_per_hour_to_domain = 4
suspects_wait_seconds = 0
proof_cost = 1000
"""


@dataclass(frozen=True, slots=True)
class Flooded:
    """A running service whose form was flooded.

    Attributes:
        url: of the site, without a slash at its end.
    """

    url: str
    outbox: Outbox
    database: Path

    def mailed(self) -> list[str]:
        """Return whom mails have gone to."""
        return [mail.recipients[0] for mail in self.outbox.newest(100)]

    def pour(self, domain: str, count: int) -> None:
        """Sign up addresses of others, and wait until all are decided."""
        known = self.waiting() + len(self.mailed())
        for number in range(count):
            form = {"newsletter": "belarus-weekly", "address": f"victim{number}@{domain}", "language": "en"}
            assert httpx.post(f"{self.url}/en/subscribe", data=form).status_code == 200
        until(lambda: self.waiting() + len(self.mailed()) == known + count)

    def waiting(self) -> int:
        """Return how many sign-ups wait."""
        with closing(connect(self.database)) as database:
            (count,) = database.execute("SELECT count(*) FROM signup_request WHERE due_at > 0").fetchone()
        return int(count)


@pytest.fixture(scope="module")
def flooded(sample_template: Installed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    """More sign-ups than make an attack, and than may go to a domain."""
    folder = tmp_path_factory.mktemp("flooded") / "newsroom"
    shutil.copytree(sample_template.folder, folder)
    with (folder / "mailer.toml").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS)
    with served(replace(sample_template, folder=folder)) as url:
        here = Flooded(url, Outbox(Mailbox(folder / "data" / "outbox")), folder / "data" / "mailer.db")
        here.pour("example.net", 6)
        # By now it is an attack: of the four that may go to a domain, two are kept for proofs.
        here.pour("example.org", 3)
        assert sum(each.endswith("@example.org") for each in here.mailed()) == 2
        yield here


@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_a_browser_with_scripts_gets_its_mail(browser: Browser, flooded: Flooded, lang: str) -> None:
    """It solves the challenge by itself, by scripts of our own host alone, and its sign-up goes first."""
    address = f"person-{lang}@example.org"
    waited = flooded.waiting()
    with visitor(browser, lang, scripts=True) as here:
        page = here.page
        page.goto(f"{flooded.url}/{lang}/")
        assert here.fetched_bytes() < MOST_BYTES
        assert Axe().run(page).response["violations"] == []
        page.locator("input[type=email]").fill(address)
        page.locator(".box button[type=submit]").click()
        expect(page.locator("input[type=email]")).to_have_count(0)

    if lang != "en":
        until(lambda: address in flooded.mailed())
    else:
        # The two are gone: a proof goes before others, never above a cap.
        until(lambda: flooded.waiting() == waited + 1)
        assert address not in flooded.mailed()


def test_a_browser_without_scripts_waits(browser: Browser, flooded: Flooded) -> None:
    """It sees the same page as ever; nothing is refused, its mail comes later."""
    waited = flooded.waiting()
    with visitor(browser, "en", scripts=False) as here:
        here.page.goto(f"{flooded.url}/en/")
        here.page.locator("input[type=email]").fill("plain@example.org")
        here.page.keyboard.press("Enter")
        expect(here.page.get_by_role("heading", level=1)).to_have_text("Check your mail")

    until(lambda: flooded.waiting() == waited + 1)
    assert "plain@example.org" not in flooded.mailed()


def test_a_program_can_prove_work(flooded: Flooded) -> None:
    """A challenge can be fetched by whoever signs up in JSON; it is never stored."""
    answer = httpx.get(f"{flooded.url}/api/challenge")

    assert answer.json()["parameters"]["algorithm"] == "PBKDF2/SHA-256"
    assert answer.headers["cache-control"] == "no-store"
