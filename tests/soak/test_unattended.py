"""Nobody is there: built in the next minute, killed, and released at its own minute all the same."""

from __future__ import annotations

import asyncio
import signal
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mailer.storage import issues
from tests.acceptance.clocked import Clocked, clocked, until
from tests.acceptance.killing import serving

READERS = 20
MINUTE = timedelta(minutes=1)


def test_an_issue_leaves_at_its_minute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill -9 after the build; the next process waits for the release time and sends one copy each."""
    room = clocked(tmp_path)
    room.plan(build=MINUTE, release=2 * MINUTE)
    room.subscribe(READERS)

    with room.relay():
        with serving(room.proof.folder) as process:
            until(lambda: room.states() == ["draft"], within_s=90)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        with serving(room.proof.folder):
            until(lambda: room.states() == ["sent"], within_s=90)
            found = room.proof.verdict()

    built_at, released_at = _times(room)
    with capsys.disabled():
        print(f"\nunattended: built {built_at:%T}, released {released_at:%T}, {found}")  # noqa: T201 - the figures
    assert built_at.second < 5
    assert released_at.second < 5
    assert released_at.replace(second=0) - built_at.replace(second=0) == MINUTE
    assert list(room.copies().values()) == [1] * READERS
    assert (found.audience, found.lost, found.duplicates, found.unknown) == (READERS, 0, 0, 0)


def _times(room: Clocked) -> tuple[datetime, datetime]:
    async def look() -> tuple[datetime, datetime]:
        house = room.proof.house()
        (issue,) = await house.database.read(lambda tx: issues.newest(tx, "belarus-weekly", 9))
        await house.database.close()
        assert issue.released_at is not None
        return issue.created_at.replace(microsecond=0), issue.released_at

    return asyncio.run(look())
