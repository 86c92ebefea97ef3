"""A visitor's browser that remembers from where it fetched what, for tests of the public pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Request


@dataclass(frozen=True, slots=True)
class Visitor:
    """One tab.

    Attributes:
        requests: that ended well, in order.
    """

    page: Page
    requests: list[Request] = field(default_factory=list)

    @property
    def hosts(self) -> set[str]:
        """Everything that was asked for anything, with its port."""
        return {urlsplit(request.url).netloc for request in self.requests}

    def fetched_bytes(self) -> int:
        """Return how much travelled to the browser, headers included, and begin anew."""
        sizes = [request.sizes() for request in self.requests]
        self.requests.clear()
        return sum(each["responseBodySize"] + each["responseHeadersSize"] for each in sizes)


@contextmanager
def visitor(browser: Browser, lang: str, *, scripts: bool) -> Iterator[Visitor]:
    """Open a browser that prefers *lang*, with an empty cache and no cookie."""
    context = browser.new_context(locale=lang, java_script_enabled=scripts)
    opened = Visitor(context.new_page())

    def note(request: Request) -> None:  # Playwright can't call a method of a list itself
        opened.requests.append(request)

    opened.page.on("requestfinished", note)
    yield opened
    context.close()
