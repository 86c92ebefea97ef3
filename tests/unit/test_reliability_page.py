"""docs/reliability.md names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def test_every_fault_has_the_test_it_names() -> None:
    """Each file is there once, and has a test whose name begins so."""
    named = _NAMED.findall((_ROOT / "docs" / "reliability.md").read_text("utf-8"))

    assert len(named) > 40
    for file, test in named:
        (found,) = (_ROOT / "tests").rglob(file)
        assert f"def {test}" in found.read_text("utf-8"), f"{file}::{test}"
