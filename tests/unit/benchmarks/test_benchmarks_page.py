"""docs/benchmarks.md says what was measured, and a bar that was missed says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import page

_CONTEST: dict[str, Any] = {
    "rounds": 3,
    "2000": {"connections": 64, "ours": 2100.0, "source": 3000.0, "plain": 900.0, "plain_committing": 500.0},
    "40000": {"connections": 32, "ours": 890.0, "source": 1000.0, "plain": 300.0, "plain_committing": 100.0},
    "delayed": {"ours": 185.0, "source": 48.0},
}


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ("| **mailer**, messages/s |", ("2,100", "890")),
        ("| connections of mailer |", ("64", "32")),
        ("| mailer : smtp-source |", ("0.70", "0.89 **(missed)**", "0.7 and 0.9")),
        ("| mailer : aiosmtplib with commits |", ("4.20 **(missed)**", "8.90", "5 and 4")),
        ("| mailer with DKIM : signatures |", ("not measured", "not measured", "0.75 and 0.65")),
        ("| mailer |", ("185", "0.93", "0.9")),
    ],
)
def test_each_figure_stands_beside_its_bar(row: str, cells: tuple[str, ...]) -> None:
    """What was not measured, or missed its bar, is said to be so."""
    lines = page.contest_lines(_CONTEST)

    (found,) = [line for line in lines if line.startswith(row)]
    assert found.removeprefix(row).strip(" |").split(" | ") == [*cells]


def test_the_page_is_what_the_results_say() -> None:
    """Nobody has mended a figure by hand, and no result waits to be written down."""
    if not page.RESULTS.exists():
        pytest.skip("nothing has been measured yet")
    for path in page.RESULTS.iterdir():
        assert json.loads(path.read_text("utf-8")).keys() == {"machine", "figures"}
    assert page.PAGE.read_text("utf-8") == page.page()
