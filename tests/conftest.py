"""What tests of every room can ask for: real programs (tests/tools), started on loopback and ended again.

Where CI=true a test whose program is missing fails; elsewhere it is left out and says what to type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.tools.catalogue import tool
from tests.tools.postgres import PostgresServer, running_postgres
from tests.tools.required import required
from tests.tools.sink import SmtpSink, running_sink

_CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def reformime() -> Path:
    """The MIME reader of maildrop: ``reformime -i < message`` lists its parts."""
    return required(tool("reformime"))


@pytest.fixture(scope="session")
def smtp_source() -> Path:
    """Postfix's mail generator, the pace others are measured by."""
    return required(tool("smtp-source"))


@pytest.fixture
def smtp_sink() -> Iterator[SmtpSink]:
    """A mail server on loopback that takes everything and keeps it in files; starts in 10 ms."""
    with running_sink(required(tool("smtp-sink"))) as sink:
        yield sink


@pytest.fixture(scope="session")
def strace() -> Path:
    """What makes a system call fail, or kills at one: ``-e inject=fdatasync:error=EIO:when=5``."""
    return required(tool("strace"))


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Debian's Chromium, for Playwright's ``executable_path``."""
    return required(tool("chromium"))


@pytest.fixture(scope="module")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """A headless browser.

    For a module, not the session: while it is open, Playwright keeps an event loop in this thread, and
    tests that call asyncio.run would be refused.
    """
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PLAYWRIGHT_NODEJS_PATH", str(required(tool("node"))))
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(executable_path=chromium_path, args=_CHROMIUM_FLAGS)
            yield opened
            opened.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server for this run, as itself: for fixtures that prepare a template database."""
    with running_postgres(required(tool("initdb")), required(tool("postgres"))) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of that server's standing database; what a test writes there, the next test finds."""
    return postgres_server.url()


@pytest.fixture
def new_postgres_database(postgres_server: PostgresServer) -> Iterator[Callable[..., str]]:
    """Make databases for one test: ``new_postgres_database(template_url=None)`` returns an address.

    With *template_url*, an address made before, it is a copy of that one. They are dropped after the test.
    """
    made: list[str] = []

    def create(template_url: str | None = None) -> str:
        made.append(postgres_server.create_database(template_url=template_url))
        return made[-1]

    yield create
    for url in made:
        postgres_server.drop_database(url)
