"""Rates are read off what was seen at a few moments."""

from __future__ import annotations

import pytest

from mailer.cli.bench_run import Progress, Run
from mailer.domain.books import Books

_STEADY = (Progress(100.0, 0), Progress(101.0, 100), Progress(110.0, 1000))
_SLOWING = (Progress(0.0, 0), Progress(1.0, 500), Progress(6.0, 1000))
_NOTHING = (Progress(5.0, 0),)


def run(progress: tuple[Progress, ...]) -> Run:
    return Run(
        freeze_s=0.0,
        longest_lock_s=0.0,
        progress=progress,
        cpu_s=0.0,
        commits=0,
        books=Books(),
        balance=True,
        message_bytes=0,
        database_bytes=0,
    )


@pytest.mark.parametrize(
    ("progress", "share", "rate"),
    [
        (_STEADY, (0.0, 1.0), 100.0),
        (_STEADY, (0.9, 1.0), 100.0),
        (_SLOWING, (0.0, 0.1), 500.0),
        (_SLOWING, (0.9, 1.0), 100.0),
        (_SLOWING, (0.0, 1.0), 1000 / 6),
        (_NOTHING, (0.0, 1.0), 0.0),
    ],
)
def test_a_rate_is_that_of_its_share(
    progress: tuple[Progress, ...], share: tuple[float, float], rate: float
) -> None:
    """Between two looks the copies are taken to have come evenly; none at all is no rate."""
    assert run(progress).rate(*share) == pytest.approx(rate)
