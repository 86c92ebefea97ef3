"""A week that is forgotten, or sent twice, is noticed."""

from __future__ import annotations

import pytest

from mailer.domain.checks.sequence import out_of_sequence
from mailer.domain.finding import Check, Severity
from mailer.domain.period import parse_period


@pytest.mark.parametrize(
    ("period", "released", "said"),
    [
        ("2026-W47", "", ""),
        ("2026-W47", "2026-W46", ""),
        ("2026-W47", "2026-W44 2026-W45 2026-W46", ""),
        ("2027-W01", "2026-W53", ""),
        ("2026-W47", "2026-W47 2026-W46", ""),
        ("2026-W47", "2026-W45", "between 2026-W45, which was sent last, and 2026-W47 days are left out"),
        ("2026-W47", "2026-11-10..2026-11-17", "2026-W47 shares days with 2026-11-10..2026-11-17"),
        ("2026-11", "2026-W47", "2026-11 shares days with 2026-W47, which was sent already"),
        ("2026-W45", "2026-W46", "2026-W46 was sent before 2026-W45"),
        ("2026-W45", "2026-W43 2026-W46", "2026-W46 was sent before 2026-W45"),
    ],
)
def test_weeks_follow_each_other(period: str, released: str, said: str) -> None:
    """One warning at most, which names both periods; the issue itself does not count."""
    found = out_of_sequence(parse_period(period), [parse_period(each) for each in released.split()])

    assert [(one.check, one.severity) for one in found] == (
        [(Check.OUT_OF_SEQUENCE, Severity.WARNING)] if said else []
    )
    assert all(one.message.startswith(said) and one.remedy for one in found)
