"""When complaints become too many."""

from __future__ import annotations

import pytest

from mailer.domain.returns import ComplaintLevel, complaint_level

LOW, NEAR, OVER = ComplaintLevel


@pytest.mark.parametrize(
    ("complaints", "taken", "level"),
    [
        (0, 0, LOW),
        (5, 999, LOW),
        (1, 1_000, LOW),
        (2, 1_000, NEAR),
        (2, 2_000, LOW),
        (3, 1_000, NEAR),
        (4, 1_000, OVER),
        (1_000, 1_000_000, LOW),
        (1_001, 1_000_000, NEAR),
        (3_001, 1_000_000, OVER),
    ],
)
def test_the_bounds_of_large_providers(complaints: int, taken: int, level: ComplaintLevel) -> None:
    """Above 0.1 % is near, above 0.3 % over; a handful of copies and a single person are no share."""
    assert complaint_level(complaints, taken) is level
