"""An installation that sends by its clock alone, and the relay it sends to.

Nothing pretends another time: the schedule is written so that its times have just passed, or come in a
minute, and the process catches up or waits as it does in life.
"""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mailer.domain.newsletter import Newsletter, ReleaseRule, Schedule
from mailer.domain.timetable import due
from mailer.editorial.importing import import_newsletter, import_texts
from mailer.editorial.sample import sample_newsletter, sample_texts
from mailer.editorial.schedule_times import DAYS
from mailer.storage.media import Media
from tests.acceptance.killing import CONNECTIONS, MAILER, SETTINGS, Proof


@dataclass(frozen=True, slots=True)
class Clocked:
    """An installation with texts and readers, and nothing built.

    Attributes:
        port: where its relay will be.
    """

    proof: Proof
    port: int

    def plan(self, build: timedelta, release: timedelta) -> None:
        """Set the newsletter's times, so far from now, and let it go out by itself."""
        asyncio.run(self._plan(_newsletter(build, release), datetime.now(UTC) + max(build, timedelta())))

    async def _plan(self, newsletter: Newsletter, built_at: datetime) -> None:
        house = self.proof.house()
        period = due(newsletter.schedule, UTC, built_at).period
        await import_newsletter(house.database, newsletter)
        await import_texts(house.database, Media(self.proof.folder / "data"), sample_texts(period))
        await house.database.close()

    def subscribe(self, reader_count: int) -> None:
        """Put confirmed readers in."""

        async def work() -> None:
            house = self.proof.house()
            await house.subscribe([f"reader{number}@example.org" for number in range(reader_count)])
            await house.database.close()

        asyncio.run(work())

    def states(self) -> list[str]:
        """Return the state of every issue."""

        async def look() -> list[str]:
            house = self.proof.house()
            rows = await house.rows("SELECT state FROM issue ORDER BY id")
            await house.database.close()
            return [state for (state,) in rows]

        return asyncio.run(look())

    def copies(self) -> Counter[object]:
        """Return how many copies the relay took, by reader."""
        return Counter(entry["recipient"] for entry in self.proof.taken())

    @contextmanager
    def relay(self) -> Iterator[None]:
        """Run the relay until the block ends."""
        folder, log = self.proof.log.parent / "kept", self.proof.log
        where = ["--folder", str(folder), "--log", str(log), "--port", str(self.port)]
        command = [sys.executable, "-m", "mailer.outbox", *where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                yield
            finally:
                process.terminate()
                process.wait(10)


def clocked(folder: Path) -> Clocked:
    """Make an installation in *folder*."""
    home, log, port = folder / "home", folder / "relay.log", _free_port()
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)
    (home / "mailer.toml").write_text(SETTINGS.format(port=port, connections=CONNECTIONS), "utf-8")
    log.touch()
    return Clocked(Proof(home, log), port)


def until(condition: Callable[[], bool], within_s: float = 30) -> None:
    """Wait."""
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.02)


def _newsletter(build: timedelta, release: timedelta) -> Newsletter:
    now = datetime.now(UTC)
    moments = (now + build, now + release, now + release + timedelta(hours=20))
    times = Schedule(*(f"{DAYS[moment.weekday()]} {moment:%H:%M}" for moment in moments))
    sample = sample_newsletter()
    return replace(sample, zone="UTC", schedule=times, release_rule=ReleaseRule.AUTOMATIC)


def _free_port() -> int:
    """Return a port where nobody listens: the relay comes later."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
