"""The claim of tests/acceptance/test_release_race.py, many more times over."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.releasing import READERS, RELEASED, TOO_LATE, raced

ROUNDS = 100


def test_a_hundred_races_release_a_hundred_issues(tmp_path: Path) -> None:
    """In each round one process releases, the other is told that it is too late; one copy per reader."""
    words, copies = raced(tmp_path, ROUNDS)

    assert words == {RELEASED: ROUNDS, TOO_LATE: ROUNDS}
    assert copies == [{issue_id: len(READERS) for issue_id in range(1, ROUNDS // 2 + 1)}] * 2
