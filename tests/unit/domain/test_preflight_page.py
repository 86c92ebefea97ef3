"""docs/preflight.md tells of every check, and of none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

from mailer.domain.checks.weight import (
    HTML_HOLDS_BYTES,
    HTML_WARNS_BYTES,
    MESSAGE_WARNS_BYTES,
    SUBJECT_HOLDS_CHARS,
    SUBJECT_WARNS_CHARS,
)
from mailer.domain.finding import Check

PAGE = (Path(__file__).parents[3] / "docs" / "preflight.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", PAGE, re.MULTILINE))


def test_every_check_has_a_row() -> None:
    """In the order of their list."""
    assert list(ROWS) == list(Check)


def test_the_limits_are_those_that_hold() -> None:
    """What the page promises is what the code compares with."""
    said = {code: [int(figure) for figure in re.findall(r"\d+", ROWS[code])] for code in ROWS}

    assert said["html-large"] == [HTML_WARNS_BYTES // 1000, HTML_HOLDS_BYTES // 1000]
    assert said["message-large"] == [MESSAGE_WARNS_BYTES // 1000]
    assert said["subject-long"] == [SUBJECT_WARNS_CHARS, SUBJECT_HOLDS_CHARS]
