"""A whole service under a clock that the test turns: from texts to mails, with nobody there."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer.bootstrap import Installation, Service, open_installation
from mailer.config import load_settings
from mailer.domain.issue import Issue
from mailer.domain.newsletter import ReleaseRule
from mailer.domain.timetable import Fire, Step, next_fires
from mailer.editorial.importing import import_newsletter, import_texts
from mailer.editorial.sample import sample_newsletter, sample_texts
from mailer.editorial.schedule_times import zone_of
from mailer.outbox.mailbox import Mailbox
from mailer.storage import issues
from mailer.storage.media import Media
from tests.acceptance.killing import MAILER
from tests.integration.delivery.house import House

READERS = 5
AUTOMATIC = replace(sample_newsletter(), release_rule=ReleaseRule.AUTOMATIC)


@dataclass
class Clock:
    """Stands until it is turned."""

    now: datetime

    def __call__(self) -> datetime:
        """Return its time."""
        return self.now


def test_a_week_of_the_clock(tmp_path: Path) -> None:
    """Built, released with the timetable's deadline, sent; then nothing until the next week's build."""
    home = tmp_path / "home"
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)

    asyncio.run(_scene(home))

    mailbox = Mailbox(home / "data" / "outbox")
    assert sorted(each for mail in mailbox for each in mail.recipients) == [
        f"reader{number}@example.org" for number in range(READERS)
    ]


async def _scene(home: Path) -> None:
    # From the coming week's build on: this installation has seen today, and a clock may not lag behind.
    build = _next(Step.BUILD, datetime.now(UTC))
    release, deadline = _next(Step.RELEASE, build.at), _next(Step.DEADLINE, build.at)
    clock = Clock(build.at - timedelta(seconds=1))
    async with open_installation(load_settings(home)) as opened:
        here = replace(opened, clock=clock)
        await _furnish(here, build)
        service = Service(here)
        async with service.running(None), asyncio.timeout(30):
            assert await _turned(service, here, clock, build.at - timedelta(seconds=1)) == []
            (draft,) = await _turned(service, here, clock, build.at, until="draft")
            (sent,) = await _turned(service, here, clock, release.at, until="sent")
            (still,) = await _turned(service, here, clock, release.at + timedelta(hours=1))
    assert (draft.state, sent.state, still) == ("draft", "sent", sent)
    # No outgoing server is set.
    assert (sent.kind, sent.period) == ("rehearsal", build.period)
    assert (sent.released_at, sent.deadline_at) == (release.at, deadline.at)


async def _furnish(here: Installation, build: Fire) -> None:
    await import_newsletter(here.database, AUTOMATIC)
    await import_texts(here.database, Media(here.settings.data), sample_texts(build.period))
    await House(here.database, here.vault).subscribe(
        [f"reader{number}@example.org" for number in range(READERS)]
    )


async def _turned(
    service: Service, here: Installation, clock: Clock, now: datetime, *, until: str | None = None
) -> list[Issue]:
    """Turn the clock, ring, and return every issue once the ring was heard."""
    clock.now = now
    service.ring()
    while True:
        await asyncio.sleep(0.3)
        found = await here.database.read(lambda tx: issues.newest(tx, AUTOMATIC.slug, 9))
        if until is None or [issue.state for issue in found] == [until]:
            return found


def _next(step: Step, now: datetime) -> Fire:
    fires = next_fires(AUTOMATIC.schedule, zone_of(AUTOMATIC), now)
    return next(fire for fire in fires if fire.step is step)
