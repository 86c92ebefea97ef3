"""The pictures of docs/pictures: the packaged sample as mail programs show it (``make pictures``).

Each language light and dark, in a wide window and on a phone of 360 pixels, and one commentary with a
picture and a quote; docs/mail-design.md shows them.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from playwright.sync_api import Browser, Route, sync_playwright

import mailer
from mailer.domain.language import Language
from mailer.editorial.picture_file import make_picture
from tests.tools.catalogue import locate, tool

_FOLDER = Path(__file__).resolve().parents[2] / "docs" / "pictures"
_SAMPLE = Path(mailer.__file__).resolve().parent / "sample"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_MAILER = Path(sys.executable).with_name("mailer")

Scheme = Literal["light", "dark"]


class Window(NamedTuple):
    """What a picture shows, in CSS pixels.

    Attributes:
        at: id of what stands at its top; empty is the top of the mail.
    """

    width: int
    height: int
    at: str = ""


_SCHEMES: tuple[Scheme, ...] = ("light", "dark")
_COMMENTARY = Window(800, 1180, at="security")
_WINDOWS = {"wide": Window(800, 1180), "phone": Window(360, 1180)}


def main() -> None:
    """Take every picture anew."""
    hosted = dict(_hosted())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(locate(tool("chromium"))), args=list(_FLAGS))
        for language in Language:
            html = _html(language)
            for scheme, (name, window) in itertools.product(_SCHEMES, _WINDOWS.items()):
                picture = _taken(browser, html, hosted, scheme=scheme, window=window)
                (_FOLDER / f"issue-{language}-{scheme}-{name}.png").write_bytes(picture)
        picture = _taken(browser, _html(Language.ENGLISH), hosted, scheme="light", window=_COMMENTARY)
        (_FOLDER / "commentary.png").write_bytes(picture)
        browser.close()


def _hosted() -> Iterator[tuple[str, bytes]]:
    """Yield the sample's pictures by the names under which a site hosts them."""
    for path in sorted(_SAMPLE.rglob("*.png")):
        made = make_picture(path.read_bytes())
        yield made.picture.name, made.content


def _html(language: Language) -> str:
    command = [str(_MAILER), "issue", "preview", "--sample", "--language", language, "--format", "html"]
    return subprocess.check_output(command, text=True)


def _taken(browser: Browser, html: str, hosted: dict[str, bytes], *, scheme: Scheme, window: Window) -> bytes:
    page = browser.new_page(
        viewport={"width": window.width, "height": window.height}, color_scheme=scheme, device_scale_factor=1
    )

    def answer(route: Route) -> None:
        content = hosted.get(route.request.url.rpartition("/")[2])
        route.abort() if content is None else route.fulfill(body=content)

    page.route("**/*", answer)
    page.set_content(html)
    if window.at:
        page.evaluate("id => document.getElementById(id).scrollIntoView()", window.at)
    picture = page.screenshot()
    page.close()
    return picture


if __name__ == "__main__":
    main()
