"""An edition that a mailbox would cut off is held; one that comes near is said."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from mailer.domain.checks.weight import Measure, unfit_edition
from mailer.domain.finding import Check, Severity
from mailer.domain.language import Language

FIT = Measure("be+ru-west", Language.BELARUSIAN, "Тыдзень", 40_000, 10_000, 80_000)
HOLDS, WARNS = Severity.BLOCKING, Severity.WARNING


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"html_bytes": 90_000}, []),
        ({"html_bytes": 90_001}, [(Check.HTML_LARGE, WARNS)]),
        ({"html_bytes": 100_000}, [(Check.HTML_LARGE, WARNS)]),
        ({"html_bytes": 100_001}, [(Check.HTML_LARGE, HOLDS)]),
        ({"message_bytes": 120_000}, []),
        ({"message_bytes": 120_001}, [(Check.MESSAGE_LARGE, WARNS)]),
        ({"subject": "я" * 150}, []),
        ({"subject": "я" * 151}, [(Check.SUBJECT_LONG, WARNS)]),
        ({"subject": "я" * 250}, [(Check.SUBJECT_LONG, WARNS)]),
        ({"subject": "я" * 251}, [(Check.SUBJECT_LONG, HOLDS)]),
        ({"text_bytes": 0}, [(Check.TEXT_PART_EMPTY, HOLDS)]),
        ({"has_ways_out": False}, [(Check.NO_WAY_OUT, HOLDS)]),
    ],
)
def test_each_limit_counts_from_the_first_byte_over_it(
    changed: dict[str, object], found: list[tuple[Check, Severity]]
) -> None:
    """Sizes are decoded bytes, subjects are characters; each finding names the edition."""
    judged = unfit_edition(replace(FIT, **changed))  # type: ignore[arg-type]

    assert [(one.check, one.severity) for one in judged] == found
    assert all(one.where == "be+ru-west" and "be+ru-west" in one.message and one.remedy for one in judged)


def test_a_remedy_can_be_pasted() -> None:
    """A shell knows straight quotes only."""
    (said,) = unfit_edition(replace(FIT, subject="я" * 151))

    command = said.remedy.partition(": ")[2].replace("TEXT", "Two words")
    assert shlex.split(command) == ["mailer", "issue", "build", "--subject", "be=Two words"]


def test_a_limit_that_is_passed_is_never_shown_as_kept() -> None:
    """Sizes are rounded up."""
    (said,) = unfit_edition(replace(FIT, html_bytes=100_001))

    assert "has 101 kB" in said.message


def test_a_measurement_may_be_larger() -> None:
    """Its message may have any size."""
    assert unfit_edition(replace(FIT, html_bytes=89_000), html_holds_bytes=10**7) == []
    (said,) = unfit_edition(replace(FIT, html_bytes=200_000), html_holds_bytes=10**7)
    assert said.severity is WARNS
