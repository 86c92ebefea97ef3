"""The guard opens when one provider calls too many mailboxes gone, and keeps still for a handful."""

from __future__ import annotations

import pytest

from mailer.domain.guard import GuardRule, Tally, must_open

RULE = GuardRule(share=0.05, copies=50, times=5)
NO_PAST = Tally(0, 0)
CLEAN = Tally(0, 2_000)
USED_TO_IT = Tally(80, 2_000)  # 4 %


@pytest.mark.parametrize(
    ("issue", "usual", "opens"),
    [
        pytest.param(Tally(0, 0), NO_PAST, False, id="nothing sent"),
        pytest.param(Tally(49, 49), NO_PAST, False, id="too few copies to say anything"),
        pytest.param(Tally(4, 50), NO_PAST, False, id="a handful of people"),
        pytest.param(Tally(5, 100), NO_PAST, False, id="just the share"),
        pytest.param(Tally(6, 100), NO_PAST, True, id="more than the share"),
        pytest.param(Tally(600, 600), CLEAN, True, id="everybody at once"),
        pytest.param(Tally(25, 1_000), CLEAN, False, id="five times a clean list's floor"),
        pytest.param(Tally(26, 1_000), CLEAN, True, id="more than that"),
        pytest.param(Tally(26, 1_000), NO_PAST, False, id="the same without a past"),
        pytest.param(Tally(26, 1_000), Tally(0, 49), False, id="the same with hardly any past"),
        pytest.param(Tally(45, 1_000), USED_TO_IT, False, id="as often as usual"),
        pytest.param(
            Tally(60, 1_000), USED_TO_IT, True, id="more than the share, though less than usual times"
        ),
    ],
)
def test_opens(issue: Tally, usual: Tally, *, opens: bool) -> None:
    """By the share alone, or by a multiple of what is usual there."""
    assert must_open(issue, usual, RULE) is opens
