"""The claims of tests/acceptance/test_kill.py and test_release_race.py, many more times over."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.acceptance.killing import CONNECTIONS, stopped
from tests.acceptance.releasing import READERS, RELEASED, TOO_LATE, raced

KILLS, STOPS, ROUNDS = 40, 10, 100


def test_forty_kills_lose_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 lost, 0 wrong, and per kill at most as many duplicates as connections."""
    found = stopped(tmp_path, signal.SIGKILL, KILLS, reader_count=12_000)

    with capsys.disabled():
        print(f"\nkill -9: {found}")  # noqa: T201 - the figures are what a proof is run for
    assert found.stops == KILLS
    assert (found.lost, found.wrong) == (0, 0)
    assert found.duplicates <= found.unknown <= CONNECTIONS * found.stops


def test_ten_restarts_send_nothing_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """0 lost, 0 duplicates, nothing uncertain."""
    found = stopped(tmp_path, signal.SIGTERM, STOPS, reader_count=4_000)

    with capsys.disabled():
        print(f"\nSIGTERM: {found}")  # noqa: T201 - the figures are what a proof is run for
    assert found.stops == STOPS
    assert (found.lost, found.wrong, found.duplicates, found.unknown) == (0, 0, 0, 0)


def test_a_hundred_races_release_a_hundred_issues(tmp_path: Path) -> None:
    """In each round one process releases, the other is told that it is too late; one copy per reader."""
    words, copies = raced(tmp_path, ROUNDS)

    assert words == {RELEASED: ROUNDS, TOO_LATE: ROUNDS}
    assert copies == [{issue_id: len(READERS) for issue_id in range(1, ROUNDS // 2 + 1)}] * 2
