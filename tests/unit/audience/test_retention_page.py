"""docs/retention.md and the code say the same."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

from mailer.audience.retention import KEPT

PAGE = Path(__file__).resolve().parents[3] / "docs" / "retention.md"
_ROW = re.compile(r"^\| [^|]+ \| `([a-z_]+\.[a-z_]+)` \| (\d+) days \| [^|]{20,} \|$", re.MULTILINE)


def test_the_page_shows_what_is_removed_and_when() -> None:
    """Every row of the table is in the code with the same time, and the other way round."""
    shown = [(where, timedelta(days=int(days))) for where, days in _ROW.findall(PAGE.read_text("utf-8"))]

    assert shown == [(what.value, kept) for what, kept in KEPT.items()]
