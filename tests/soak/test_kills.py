"""The claims of tests/acceptance/test_kill*.py: ``make soak KILLS=1000`` kills a thousand times."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.killing import CONNECTIONS
from tests.acceptance.pointed import killed_at_calls
from tests.acceptance.spawning import spawning
from tests.acceptance.stopping import prepared
from tests.tools.catalogue import tool
from tests.tools.required import required

KILLS = int(os.environ.get("KILLS") or 200)
FEW, MANY, CROWD = 40, 1000, 3000


def test_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At calls and at random moments: 0 lost, 0 wrong, no duplicate that is not on record.

    Each write, sync and send call of a short issue is one kill, up to half of all; the rest are at random.
    """
    strace = required(tool("strace"))
    with spawning() as spawner:
        short, long, crowd = (prepared(tmp_path / str(count), spawner, count) for count in (FEW, MANY, CROWD))
        at_calls = killed_at_calls(short, long, strace, KILLS // 2)
        at_random = crowd.stopped(signal.SIGKILL, KILLS - at_calls.stops)

    found = at_calls.verdict + at_random.verdict
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what a proof is run for
            f"\nkills {KILLS} ({at_calls.stops} at calls, {at_random.stops} at random moments), {found}"
        )
    assert (found.lost, found.wrong, found.unexplained) == (0, 0, 0)
    assert found.duplicates <= found.unknown <= CONNECTIONS * KILLS
