"""Retries: the schedule of waits, stretched a little, its last wait repeated."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.retry import RetryPolicy

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempts", "minutes"), [(1, 5), (2, 15), (3, 30), (4, 60), (5, 120), (6, 120), (400, 120)]
)
def test_waits_grow_and_the_last_repeats(attempts: int, minutes: int) -> None:
    """5, 15, 30, 60, 120 … minutes (design §3), in the middle of the jitter."""
    assert RetryPolicy().next_attempt_at(attempts, NOW, 0.5) == NOW + timedelta(minutes=minutes)


@given(st.integers(1, 50), st.floats(0, 1))
def test_jitter_stretches_by_a_fifth_at_most(attempts: int, jitter: float) -> None:
    """Between 0.8 and 1.2 of the wait; copies deferred together do not come back together."""
    policy = RetryPolicy((10.0, 100.0))
    wait = 10.0 if attempts == 1 else 100.0

    waited = (policy.next_attempt_at(attempts, NOW, jitter) - NOW).total_seconds()

    assert waited == pytest.approx(wait * (0.8 + 0.4 * jitter), abs=1e-5)


def test_a_retry_follows_an_attempt() -> None:
    """Nobody asks when to try again before having tried."""
    with pytest.raises(ValueError, match="at least one attempt"):
        RetryPolicy().next_attempt_at(0, NOW, 0.5)


def test_the_policy_bounds_what_servers_ask_for() -> None:
    """Twice its longest wait: four hours as it comes."""
    assert (RetryPolicy().most_s, RetryPolicy((1, 0.5)).most_s) == (4 * 3600, 2)
