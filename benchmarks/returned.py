"""Returned mail in a flood: a relay gives a whole issue back over a few kept connections."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import uvloop
from sqlalchemy import select, update

from mailer.audience.keys import load_keys
from mailer.cli.bench_edition import NEWSLETTER, write_templates
from mailer.cli.bench_house import House, utc_now
from mailer.cli.init_files import lay_out, settings_text
from mailer.config import FILE_NAME, settings_of_our_own
from mailer.delivery.release import release
from mailer.domain.delivery import DeliveryState
from mailer.rendering.theme_folder import FOLDER
from mailer.storage import Transaction, reports
from mailer.storage.tables import chunk, delivery, reader

_MAILER = Path(sys.executable).with_name("mailer")
_DOMAIN = "returns.example.org"
_PER_S = 1_000
_CONNECTIONS = 20
_START_S = 30.0
_PATIENCE_S = 300.0
# What comes back of a bad issue, and how often in twenty: status, and the far server's words.
_REASONS = (
    *(("5.2.2", "552 5.2.2 Mailbox full"),) * 6,
    *(("5.7.1", "550 5.7.1 Message rejected due to content restrictions"),) * 6,
    *(("4.4.1", "connect to mx.example.net[192.0.2.7]:25: Connection timed out"),) * 5,
    *(("4.7.1", "451 4.7.1 Greylisted, please try again later"),) * 2,
    ("5.1.1", "550 5.1.1 User unknown in virtual mailbox table"),
)
_REPORT = """\
Date: Mon, 23 Nov 2026 10:00:00 +0000 (UTC)\r
From: MAILER-DAEMON@mx.example.net (Mail Delivery System)\r
Subject: Undelivered Mail Returned to Sender\r
To: {path}\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="4ABC.1/mx"\r
Message-Id: <{number}@mx.example.net>\r
\r
This is a MIME-encapsulated message.\r
\r
--4ABC.1/mx\r
Content-Description: Notification\r
Content-Type: text/plain; charset=us-ascii\r
\r
This is the mail system at host mx.example.net.\r
\r
I'm sorry to have to inform you that your message could not\r
be delivered to one or more recipients. It's attached below.\r
\r
<reader{number}@example.org>: {said}\r
\r
--4ABC.1/mx\r
Content-Description: Delivery report\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.net\r
Arrival-Date: Mon, 23 Nov 2026 09:00:00 +0000 (UTC)\r
\r
Final-Recipient: rfc822; reader{number}@example.org\r
Original-Recipient: rfc822;reader{number}@example.org\r
Action: failed\r
Status: {status}\r
Remote-MTA: dns; mx.example.net\r
Diagnostic-Code: smtp; {said}\r
\r
--4ABC.1/mx\r
Content-Description: Undelivered Message Headers\r
Content-Type: text/rfc822-headers\r
\r
Return-Path: <{path}>\r
From: Weekly <weekly@example.org>\r
To: reader{number}@example.org\r
Subject: The week\r
Message-ID: <{number}@example.org>\r
List-Unsubscribe: <https://weekly.example.org/u/x>\r
{padding}\r
--4ABC.1/mx--\r
"""
_PADDING = "X-Header: as long as the headers that a report brings back\r\n" * 12


@dataclass(frozen=True, slots=True)
class _Plan:
    """How long it goes on: reports at an even pace, then as fast as they are taken."""

    seconds: int
    flat_out: int


def return_an_issue(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Send an issue back to a ``mailer bounces`` of its own.

    Args:
        folder: to work in, on a disk.
        quick: a few seconds, to see that it runs.

    Returns:
        How many reports were taken and how soon, when all were read, and how fast it goes at most.
    """
    plan = _Plan(2, 1_000) if quick else _Plan(30, 20_000)
    newsroom = _lay_out(folder / "newsroom")
    paths = uvloop.run(_send(newsroom, _PER_S * plan.seconds + plan.flat_out))
    with _receiving(newsroom) as (port, process):
        figures = uvloop.run(_measure(newsroom, port, paths, plan))
        process.terminate()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return {**figures, "peak_mb": round(used.ru_maxrss / 1024, 1)}


def _lay_out(folder: Path) -> House:
    settings = settings_of_our_own()
    text = settings_text(public_url="http://127.0.0.1:8080", listen="127.0.0.1:0", relay=settings.relay)
    lay_out(folder, settings, texts={FILE_NAME: text})
    data = folder / "data"
    write_templates(data / FOLDER / NEWSLETTER.slug)
    return House(data, f"sqlite:///{data / 'mailer.db'}", load_keys(data / "keys"))


async def _send(newsroom: House, readers: int) -> list[str]:
    """Release an issue and say that every copy was taken; return the return paths."""
    issue_id = await newsroom.furnish(readers, 40_000, lambda _done: None)
    async with newsroom.opened() as database:
        presence = newsroom.presence(database)
        await presence.enter()
        await release(database, issue_id, newsroom.terms(database, presence.id))
        await presence.leave()
        await database.write(_all_taken)
        ids = await database.read(
            lambda tx: tx.scalars(select(reader.c.public_id).order_by(reader.c.id)).all()
        )
    return_path = newsroom.keys.return_path.return_paths(issue_id)
    return [f"{return_path(public_id)}@{_DOMAIN}" for public_id in ids]


def _all_taken(tx: Transaction) -> None:
    """Settle every copy as the sending loop would have."""
    values = {"state": DeliveryState.ACCEPTED, "attempts": 1, "settled_at": utc_now()}
    tx.execute(update(delivery).values(values))
    tx.execute(update(chunk).values(accepted=chunk.c.size, queued=0, next_at=None))


@contextmanager
def _receiving(newsroom: House) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    log = newsroom.folder / "log"
    settings = {"MAILER_RETURNED__SMTP": "127.0.0.1:0", "MAILER_SENDING__RETURN_PATH_DOMAIN": _DOMAIN}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_MAILER, "bounces"],
            cwd=newsroom.folder.parent,
            env=os.environ | settings,
            stdout=output,
            stderr=output,
        )
    try:
        yield _port(log, process), process
    finally:
        process.kill()
        process.wait()


def _port(log: Path, process: subprocess.Popen[bytes]) -> int:
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at and process.poll() is None:
        if said := re.search(r"by SMTP at [^:]+:(\d+)", log.read_text("utf-8", "replace")):
            return int(said[1])
        time.sleep(0.05)
    raise RuntimeError(f"mailer bounces did not start: {log.read_text('utf-8', 'replace')}")


async def _measure(newsroom: House, port: int, paths: Sequence[str], plan: _Plan) -> dict[str, Any]:
    asked = _PER_S * plan.seconds
    async with _connected(port) as lines:
        waits, took_s = await _bring(lines, paths[:asked], per_s=_PER_S)
        at_once_s = await _until_read(newsroom)
        _, flat_out_s = await _bring(lines, paths[asked:], per_s=None)
        await _until_read(newsroom)
    cuts = quantiles(waits, n=100)
    return {
        "connections": _CONNECTIONS,
        "per_s": _PER_S,
        "seconds": plan.seconds,
        "asked": asked,
        "taken": len(waits),
        "took_s": round(took_s, 2),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
        "all_read_after_s": round(at_once_s, 1),
        "flat_out_per_s": round(plan.flat_out / flat_out_s),
    }


async def _until_read(newsroom: House) -> float:
    began = time.perf_counter()
    async with newsroom.opened() as database, asyncio.timeout(_PATIENCE_S):
        while await database.read(reports.unread_count):  # noqa: ASYNC110 - the database is the truth
            await asyncio.sleep(0.2)
    return time.perf_counter() - began


class _Line:
    """One kept connection of a relay that pipelines, as Postfix does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def greet(self) -> None:
        await self._reader.readline()
        self.writer.write(b"EHLO mx.example.net\r\n")
        while (await self._reader.readline())[3:4] == b"-":
            pass

    async def bring(self, path: str, report: bytes) -> None:
        self.writer.write(b"MAIL FROM:<>\r\nRCPT TO:<%b>\r\nDATA\r\n" % path.encode())
        for code in (b"250", b"250", b"354"):
            await self._expect(code)
        self.writer.write(report + b".\r\n")
        await self._expect(b"250")

    async def _expect(self, code: bytes) -> None:
        reply = await self._reader.readline()
        if not reply.startswith(code):
            raise RuntimeError(f"the door answered {reply!r}")


@asynccontextmanager
async def _connected(port: int) -> AsyncIterator[list[_Line]]:
    lines = [_Line(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(_CONNECTIONS)]
    for line in lines:
        await line.greet()
    yield lines
    for line in lines:
        line.writer.close()


async def _bring(
    lines: Sequence[_Line], paths: Sequence[str], *, per_s: int | None
) -> tuple[list[float], float]:
    """Bring a report for each path; return how long each took from when it was due, and all together."""
    waits: list[float] = []
    began = time.perf_counter()

    async def work(line: _Line, first: int) -> None:
        for number in range(first, len(paths), len(lines)):
            due_at = began + number / per_s if per_s else time.perf_counter()
            if (early := due_at - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            await line.bring(paths[number], _report(number, paths[number]))
            waits.append(time.perf_counter() - due_at)

    async with asyncio.TaskGroup() as group:
        for first, line in enumerate(lines):
            group.create_task(work(line, first))
    return waits, time.perf_counter() - began


def _report(number: int, path: str) -> bytes:
    status, said = _REASONS[number % len(_REASONS)]
    return _REPORT.format(number=number, path=path, status=status, said=said, padding=_PADDING).encode()
