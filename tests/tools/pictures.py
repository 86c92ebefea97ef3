"""The pictures of docs/pictures: the packaged sample as a mail program shows it (``make pictures``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.tools.catalogue import locate, tool

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_MAILER = Path(sys.executable).with_name("mailer")
# Name, language, width in CSS pixels, colour scheme, height cut.
_PICTURES = (
    ("issue-be", "be", 700, "light", 1100),
    ("issue-ru-dark", "ru", 700, "dark", 1100),
    ("issue-en-phone", "en", 360, "light", 800),
)


def main() -> None:
    """Take every picture anew."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(locate(tool("chromium"))), args=list(_FLAGS))
        for name, language, width, scheme, height in _PICTURES:
            _take(browser, name, _html(language), width=width, scheme=scheme, height=height)
        browser.close()


def _html(language: str) -> str:
    command = [str(_MAILER), "issue", "preview", "--sample", "--language", language, "--format", "html"]
    return subprocess.check_output(command, text=True)


def _take(browser: Browser, name: str, html: str, *, width: int, scheme: str, height: int) -> None:
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        device_scale_factor=1,
    )
    page.set_content(html)
    page.screenshot(path=str(_FOLDER / f"{name}.png"))
    page.close()


if __name__ == "__main__":
    main()
