"""The site of tests/integration/web on a real socket, in a thread of its own beside a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from mailer.web.app import create_app
from mailer.web.server import listen, serving
from mailer.web.site import KeptMails
from tests.integration.web.staging import Stage, build, standing


@dataclass
class LiveSite:
    """A site that a browser can open.

    Attributes:
        url: its address, without a slash at its end.
        token: an unsubscribe link's.
        secret: an open confirm link's.
        late: of one that is too old.
        cookie: of an operator who has logged in.
    """

    url: str
    token: str
    secret: str
    late: str
    cookie: str
    stage: Stage


@contextmanager
def live_site(folder: Path, *, mailbox: KeptMails | None = None) -> Iterator[LiveSite]:
    """Build a site in *folder* and serve it for as long as the context lasts."""
    started, stop = threading.Event(), threading.Event()
    opened: list[LiveSite] = []

    async def serve() -> None:
        on = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{on.getsockname()[1]}"
        async with standing(folder, base=url, mailbox=mailbox) as stage:
            late = await _late(stage)
            await stage.sign_up("new@example.org")
            await stage.decide()
            secret = await stage.secret()
            await stage.log_in()
            cookie = stage.client.cookies["mailer_session"]
            async with serving(create_app(stage.site), on):
                opened.append(LiveSite(url, stage.token(letter=True), secret, late, cookie, stage))
                started.set()
                await asyncio.to_thread(stop.wait)

    def work() -> None:
        build(folder)
        asyncio.run(serve())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert started.wait(30), "the site does not start"
        yield opened[0]
    finally:
        stop.set()
        thread.join(30)


async def _late(stage: Stage) -> str:
    """Sign somebody up four days ago."""
    stage.clock.now -= timedelta(days=4)
    await stage.sign_up("late@example.org")
    await stage.decide()
    stage.clock.now += timedelta(days=4)
    return await stage.secret()
