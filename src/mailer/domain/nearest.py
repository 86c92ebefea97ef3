"""The nearest right name to a wrong one, for messages that say what to write instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Say `` (did you mean “X”?)`` for the nearest known name, or nothing when none is near."""
    matches = difflib.get_close_matches(wrong.strip().lower(), list(known), n=1, cutoff=0.5)
    return f" (did you mean “{matches[0]}”?)" if matches else ""
