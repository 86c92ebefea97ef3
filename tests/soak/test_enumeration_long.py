"""Two thousand sign-ups in each state tell a stranger with a clock nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.probing import probe, probed_site

ROUNDS = 2_000
MOST_APART_MS = 1.0
MOST_APART = 0.05


def test_a_clock_tells_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answers are one and the same, and the medians lie within 1 ms and 5 % of each other."""
    with probed_site(tmp_path) as url:
        answers = probe(url, ROUNDS)

    with capsys.disabled():
        print(f"\n{answers}")  # noqa: T201 - the figures are what a proof is run for
    assert len(set().union(*answers.seen.values())) == 1
    assert answers.spread_ms < MOST_APART_MS
    assert answers.spread < MOST_APART
