"""Sign-ups while an issue goes out: they must all be answered soon, and the sending go on."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import uvloop

from benchmarks import programs
from mailer.audience.keys import load_keys
from mailer.cli.bench_edition import LANGUAGE, NEWSLETTER, write_templates
from mailer.cli.bench_house import House
from mailer.cli.init_files import lay_out, settings_text
from mailer.config import FILE_NAME, RelaySettings, SiteSettings, settings_of_our_own
from mailer.delivery.release import release
from mailer.domain.books import Books
from mailer.rendering.theme_folder import FOLDER
from mailer.storage import Database, books

_MAILER = Path(sys.executable).with_name("mailer")
_PER_S = 50
_SIZE = 40_000
# What is usual is fewer connections, and a new one for each hundred messages.
_FLAT_OUT = {"MAILER_RELAY__CONNECTIONS": "32", "MAILER_RELAY__MESSAGES_PER_CONNECTION": "1000000"}
_START_S = 30.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """How long it goes on.

    Attributes:
        readers: enough that the issue is not sent before the end.
        seconds: of sign-ups.
        alone_s: of sending alone, before and after.
    """

    readers: int
    seconds: int
    alone_s: float


def sign_up_while_sending(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Serve and send an issue flat out; sign up meanwhile.

    Args:
        folder: to work in, on a disk.
        quick: a few seconds, to see that it runs.

    Returns:
        How many sign-ups were asked and answered, how fast, and the rates of sending without and with them.
    """
    plan = _Plan(20_000, 3, 1.0) if quick else _Plan(600_000, 30, 8.0)
    with programs.sink() as relay_port:
        port = _free_port()
        newsroom = _lay_out(folder / "newsroom", port, relay_port)
        issue_id = uvloop.run(_release(newsroom, plan.readers))
        with _serving(newsroom):
            return uvloop.run(_measure(newsroom, issue_id, f"http://127.0.0.1:{port}", plan))


def _lay_out(folder: Path, port: int, relay_port: int) -> House:
    """Make an installation whose outgoing server is the sink."""
    relay = RelaySettings(host="127.0.0.1", port=relay_port, tls="none")
    listen = f"127.0.0.1:{port}"
    text = settings_text(public_url=f"http://{listen}", listen=listen, relay=relay)
    settings = settings_of_our_own(relay=relay, site=SiteSettings(listen=listen))
    lay_out(folder, settings, texts={FILE_NAME: text})
    data = folder / "data"
    write_templates(data / FOLDER / NEWSLETTER.slug)
    return House(data, f"sqlite:///{data / 'mailer.db'}", load_keys(data / "keys"))


async def _release(newsroom: House, readers: int) -> int:
    """Put readers in and release an issue to them; whoever serves next sends it."""
    issue_id = await newsroom.furnish(readers, _SIZE, lambda _done: None)
    async with newsroom.opened() as database:
        presence = newsroom.presence(database)
        await presence.enter()
        await release(database, issue_id, newsroom.terms(database, presence.id))
        await presence.leave()
    return issue_id


@contextmanager
def _serving(newsroom: House) -> Iterator[None]:
    with (newsroom.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [_MAILER, "serve"],
            cwd=newsroom.folder.parent,
            env=os.environ | _FLAT_OUT,
            stdout=log,
            stderr=log,
        )
        with process:
            try:
                yield
            finally:
                process.terminate()


async def _measure(newsroom: House, issue_id: int, site: str, plan: _Plan) -> dict[str, Any]:
    async with newsroom.opened() as database, httpx.AsyncClient(base_url=site) as browser:
        await _until_up(browser)
        while await _done(database, issue_id) == 0:  # noqa: ASYNC110 - the database is the truth
            await asyncio.sleep(0.05)
        before = await _rate(database, issue_id, asyncio.sleep(plan.alone_s))
        waits: list[float] = []
        during = await _rate(database, issue_id, _sign_up(browser, plan.seconds, waits))
        after = await _rate(database, issue_id, asyncio.sleep(plan.alone_s))
        if await _pending(database, issue_id) == 0:
            raise RuntimeError("the issue was sent before the end; let it have more readers")
    cuts = quantiles(waits, n=100)
    return {
        "per_s": _PER_S,
        "seconds": plan.seconds,
        "asked": _PER_S * plan.seconds,
        "answered": len(waits),
        "p50_ms": round(cuts[49] * 1000, 2),
        "p99_ms": round(cuts[98] * 1000, 2),
        "rate_without": round((before + after) / 2, 1),
        "rate_with": round(during, 1),
    }


async def _until_up(browser: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_START_S):
        while True:
            try:
                await browser.get(f"/{LANGUAGE}/")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


async def _sign_up(browser: httpx.AsyncClient, seconds: int, waits: list[float]) -> None:
    """Post at an even pace, whatever becomes of the answers; note how long each took.

    The time counts from when a request was due, not from when we got round to it: a machine that is too
    busy for the client is too busy.
    """
    began = time.perf_counter()

    async def post(number: int) -> None:
        due_at = began + number / _PER_S
        form = {
            "newsletter": NEWSLETTER.slug,
            "address": f"newcomer{number}@example.org",
            "language": LANGUAGE.value,
            "missing": "",
        }
        answer = await browser.post(f"/{LANGUAGE}/subscribe", data=form)
        if not answer.is_error:
            waits.append(time.perf_counter() - due_at)

    async with asyncio.TaskGroup() as group:
        for number in range(_PER_S * seconds):
            await asyncio.sleep(max(0.0, began + number / _PER_S - time.perf_counter()))
            group.create_task(post(number))


async def _rate(database: Database, issue_id: int, meanwhile: Any) -> float:
    """Return messages a second while *meanwhile* went on."""
    began, first = time.perf_counter(), await _done(database, issue_id)
    await meanwhile
    last = await _done(database, issue_id)
    return (last - first) / (time.perf_counter() - began)


async def _done(database: Database, issue_id: int) -> int:
    counted = await _books(database, issue_id)
    return counted.audience - counted.pending


async def _pending(database: Database, issue_id: int) -> int:
    return (await _books(database, issue_id)).pending


async def _books(database: Database, issue_id: int) -> Books:
    by_language = await database.read(lambda tx: books.by_language(tx, issue_id))
    return sum(by_language.values(), Books())


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
