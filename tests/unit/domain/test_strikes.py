"""Strikes: a mailbox is given up when it was full in enough issues over enough weeks, and not before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from mailer.domain.strikes import CopyFate, Fate, StrikeRule, are_enough

MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)
RULE = StrikeRule(least=3, over=timedelta(days=21))
LETTERS = {"x": Fate.STRIKE, "+": Fate.TAKEN, "-": Fate.NEITHER}


def weekly(series: str) -> list[CopyFate]:
    """Return one copy a week: x came back, + arrived, - is not known."""
    return [CopyFate(MONDAY + timedelta(weeks=week), LETTERS[each]) for week, each in enumerate(series)]


@pytest.mark.parametrize(
    ("series", "enough"),
    [
        pytest.param("", False, id="nothing"),
        pytest.param("x", False, id="one"),
        pytest.param("xx", False, id="two"),
        pytest.param("xxx", False, id="three within two weeks"),
        pytest.param("xxxx", True, id="four over three weeks"),
        pytest.param("x--x", False, id="two over three weeks"),
        pytest.param("x-xx", True, id="three over three weeks"),
        pytest.param("-x-x-x", True, id="what nobody knows ends no series"),
        pytest.param("xx+xx", False, id="a copy that arrived ends a series"),
        pytest.param("xxxx+", False, id="it arrives again"),
        pytest.param("+xxxx", True, id="it arrived once"),
        pytest.param("xx+xxxx", True, id="a new series after one that ended"),
    ],
)
def test_series(series: str, *, enough: bool) -> None:
    """The last series counts: so many issues, so long from the first to the last."""
    copies = weekly(series)
    now = MONDAY + timedelta(weeks=len(series) + 1)

    assert are_enough(copies, RULE, now=now) is enough


def test_order_does_not_matter() -> None:
    """Copies count by when they went out, in whatever order the news of them comes."""
    copies = weekly("x+x-xxx")
    Random(7).shuffle(copies)

    assert are_enough(copies, RULE, now=MONDAY + timedelta(weeks=9))


def test_a_copy_just_taken_does_not_count_as_arrived() -> None:
    """A provider may take a copy and return it hours later."""
    copies = [*weekly("x-xx"), CopyFate(MONDAY + timedelta(weeks=4), Fate.TAKEN)]
    taken_at = copies[-1].at

    assert are_enough(copies, RULE, now=taken_at + timedelta(hours=71))
    assert not are_enough(copies, RULE, now=taken_at + timedelta(hours=72))


def test_what_was_before_a_proof_of_life_is_forgotten() -> None:
    """Who confirms anew after a full mailbox begins anew."""
    copies = weekly("xxxxxx")
    now = MONDAY + timedelta(weeks=9)

    assert are_enough(copies, RULE, now=now, proven_at=MONDAY + timedelta(weeks=2))
    assert not are_enough(copies, RULE, now=now, proven_at=MONDAY + timedelta(weeks=2, hours=1))


def test_two_strikes_without_days() -> None:
    """An installation may be stricter, down to two issues."""
    rule = StrikeRule(least=2, over=timedelta())

    assert not are_enough(weekly("x"), rule, now=MONDAY)
    assert are_enough(weekly("xx"), rule, now=MONDAY)
