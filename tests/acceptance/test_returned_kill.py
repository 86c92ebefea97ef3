"""kill -9 in the middle of a stream of reports: what was answered 250 is there, and all is read once."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.bounces.stored import opened
from mailer.config import load_settings
from mailer.domain.token import Token
from mailer.installation import Installation, open_installation
from mailer.storage import reports
from tests.acceptance.killing import MAILER
from tests.acceptance.served import until
from tests.integration.bounces.porch import envelope
from tests.integration.delivery.house import House
from tests.integration.outbox.standing import Dialogue

DOMAIN = "returns.example.org"
READERS, KILLS, CONNECTIONS = 250, 2, 4
SETTINGS = {"MAILER_RETURNED__SMTP": "127.0.0.1:0", "MAILER_SENDING__RETURN_PATH_DOMAIN": DOMAIN}
REPORT = """\
From: MAILER-DAEMON@mx.example.net\r
Subject: Undelivered Mail Returned to Sender\r
Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r
\r
--b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.example.net\r
\r
Final-Recipient: rfc822; {address}\r
Action: failed\r
Status: 5.2.2\r
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\r
\r
--b--\r
.\r
"""


def test_kill_9_loses_no_report(tmp_path: Path) -> None:
    """After each kill all that was answered is stored; brought again, each report leads to one strike."""
    home = tmp_path / "home"
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)
    waiting = asyncio.run(_sent(home))
    answered: set[str] = set()

    for kill in range(KILLS + 1):
        with _receiving(home) as (process, port):
            enough = len(answered) + READERS // (KILLS + 2) + random.randrange(20)
            asyncio.run(_bring(port, waiting, answered, process if kill < KILLS else None, enough))
            if kill == KILLS:
                until(lambda: asyncio.run(_unread(home)) == 0)
        assert answered <= asyncio.run(_stored(home)).keys()
        assert kill == KILLS or len(answered) < READERS

    # What was under way at a kill, and stored but not answered, came twice and lies there once.
    assert asyncio.run(_stored(home)) == dict.fromkeys(waiting, 1)
    assert asyncio.run(_strikes(home)) == [("strike", READERS)]


async def _sent(home: Path) -> dict[str, str]:
    """Send an issue to many readers; return a report by each one's return path."""
    async with open_installation(load_settings(home)) as here:
        house = House(here.database, here.vault)
        await house.furnish()
        await house.subscribe([f"reader{number}@example.org" for number in range(READERS)])
        issue_id = await house.release()
        await house.execute(
            "UPDATE delivery SET state = 'accepted', attempts = 1",
            "UPDATE chunk SET accepted = size, queued = 0, next_at = NULL",
        )
        rows = await house.rows("SELECT public_id, sealed_address FROM reader")
        write = here.keys.return_path.return_path
        return {
            f"{write(Token(own, issue=issue_id))}@{DOMAIN}": REPORT.format(
                address=here.vault.open(sealed, own).decode()
            )
            for own, sealed in rows
        }


@contextmanager
def _receiving(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*MAILER, "bounces"], cwd=home, env=os.environ | SETTINGS, stdout=output, stderr=output
        )
    try:
        until(lambda: "by SMTP" in log.read_text("utf-8"))
        (port,) = re.findall(r"by SMTP at [\d.]+:(\d+)", log.read_text("utf-8"))
        yield process, int(port)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, -signal.SIGKILL)
    finally:
        process.kill()
        process.wait(10)


async def _bring(
    port: int,
    waiting: dict[str, str],
    answered: set[str],
    victim: subprocess.Popen[bytes] | None,
    enough: int,
) -> None:
    """Bring what was not answered yet; kill the receiver when so many answers are there."""
    left = [path for path in waiting if path not in answered]

    async def relay(dialogue: Dialogue) -> None:
        dialogue.say(b"EHLO mx.example.net\r\n")
        assert await dialogue.codes(2) == ["220", "250"]
        while left:
            path = left.pop()
            dialogue.say(envelope(path) + waiting[path].encode())
            if await dialogue.codes(4) != ["250", "250", "354", "250"]:
                return
            answered.add(path)
            if victim is not None and len(answered) >= enough:
                victim.kill()

    dialogues = [Dialogue(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(CONNECTIONS)]
    await asyncio.gather(*(relay(dialogue) for dialogue in dialogues))
    for dialogue in dialogues:
        await dialogue.gone()


async def _stored(home: Path) -> Counter[str]:
    """Return how many reports are stored for each return path."""
    async with open_installation(load_settings(home)) as here:
        rows = await House(here.database).rows("SELECT id FROM report")
        found = await here.database.read(lambda tx: [reports.get(tx, row[0]) for row in rows])
        return Counter(opened(here.vault, each).recipient for each in found if each)


async def _unread(home: Path) -> int:
    async with open_installation(load_settings(home)) as here:
        return await here.database.read(reports.unread_count)


async def _strikes(home: Path) -> list[tuple[object, ...]]:
    async with open_installation(load_settings(home)) as here:
        return await _effects(here)


async def _effects(here: Installation) -> list[tuple[object, ...]]:
    return await House(here.database).rows("SELECT effect, count(*) FROM consequence GROUP BY effect")
