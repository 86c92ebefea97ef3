"""docs/rfcs.md says what we do of every RFC that the code names."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_ROW = re.compile(r"^\| (\d+) \|", re.MULTILINE)
_NAMED = re.compile(r"\bRFC (\d+)\b")


def test_every_rfc_that_the_code_names_is_explained() -> None:
    """Each has a row of its own."""
    rows = _ROW.findall((_ROOT / "docs" / "rfcs.md").read_text("utf-8"))
    named = {
        number
        for file in (_ROOT / "src" / "mailer").rglob("*.py")
        for number in _NAMED.findall(file.read_text("utf-8"))
    }

    assert len(named) > 25
    assert named - set(rows) == set()
    assert len(rows) == len(set(rows))
