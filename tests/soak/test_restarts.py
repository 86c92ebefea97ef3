"""The claim of tests/acceptance/test_kill.py about SIGTERM: ``make soak STOPS=200`` restarts so often."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.acceptance.spawning import spawning
from tests.acceptance.stopping import prepared

STOPS = int(os.environ.get("STOPS") or 50)
CROWD = 3000


def test_restarts_send_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In the middle of an issue: 0 lost, 0 duplicates, nothing uncertain."""
    with spawning() as spawner:
        found = prepared(tmp_path / "crowd", spawner, CROWD).stopped(signal.SIGTERM, STOPS)

    verdict = found.verdict
    with capsys.disabled():
        print(f"\nSIGTERM: {found}")  # noqa: T201 - the figures are what a proof is run for
    assert found.stops == STOPS
    assert (verdict.lost, verdict.wrong, verdict.duplicates, verdict.unknown) == (0, 0, 0, 0)
