"""A whole service on a real socket beside a browser: it is Monday morning, and no text is there yet."""

from __future__ import annotations

import asyncio
import dataclasses
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer.audience.keys import create_keys
from mailer.bootstrap import Service, open_installation
from mailer.config import RelaySettings, Settings, SiteSettings
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.editorial import draft
from mailer.editorial.importing import import_newsletter
from mailer.editorial.operators import set_password
from mailer.editorial.sample import sample_newsletter
from mailer.outbox.mailbox import Mailbox
from mailer.storage import open_database, schema
from mailer.web.server import listen
from tests.integration.web.staging import standing

OPERATOR, PASSWORD = "anna", "correct horse battery"
# After the build at 6:00 in Warsaw, before the release at 9:00.
MORNING = datetime(2026, 11, 23, 5, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LiveDesk:
    """A desk that a browser can open.

    Attributes:
        url: its address, without a slash at its end.
        outbox: where its mails arrive.
    """

    url: str
    outbox: Mailbox


@contextmanager
def live_desk(folder: Path, readers: int) -> Iterator[LiveDesk]:
    """Serve and send for as long as the context lasts, for so many readers in every language in turn."""
    started, stop = threading.Event(), threading.Event()
    opened: list[LiveDesk] = []

    async def serve() -> None:
        on = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{on.getsockname()[1]}"
        # One mail after another, so that a person has time to pause.
        slowly = RelaySettings(connections=1, messages_per_connection=1)
        settings = Settings(site=SiteSettings(public_url=url), relay=slowly).beside(folder)
        await _furnish(settings, sample_newsletter(), readers)
        began = time.monotonic()
        async with open_installation(settings) as found:
            here = dataclasses.replace(
                found, clock=lambda: MORNING + timedelta(seconds=time.monotonic() - began)
            )
            async with Service(here).running(on):
                opened.append(LiveDesk(url, Mailbox(settings.data / "outbox")))
                started.set()
                await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        assert started.wait(30), "the service does not start"
        yield opened[0]
    finally:
        stop.set()
        thread.join(30)


async def _furnish(settings: Settings, newsletter: Newsletter, readers: int) -> None:
    create_keys(settings.data / "keys")
    database = open_database(settings.database_url)
    await schema.upgrade(database)
    await import_newsletter(database, newsletter)
    await draft.build(database, newsletter, draft.last_period(newsletter, MORNING), words={}, now=MORNING)
    await set_password(database, OPERATOR, PASSWORD)
    await database.close()
    async with standing(settings.data) as stage:
        stage.clock.now = MORNING
        for number in range(readers):
            await stage.subscribe(f"reader{number}@example.org", list(Language)[number % 3])
