"""Nobody learns from a sign-up whether an address is a reader's: not by the answer, not by a clock."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.probing import STATES, probe, probed_site

ROUNDS = 200


def test_every_state_gets_the_same_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Never seen, pending, active, left, bounced: status, headers and body; the times are printed.

    How far the times lie apart is asserted in tests/soak, where ten times as many are taken.
    """
    with probed_site(tmp_path) as url:
        answers = probe(url, ROUNDS)

    with capsys.disabled():
        print(f"\n{answers}")  # noqa: T201 - the figures are what a proof is run for
    assert set(answers.seen) == set(STATES)
    assert len(set().union(*answers.seen.values())) == 1
    assert {len(taken) for taken in answers.taken_s.values()} == {ROUNDS}
