"""The short names of newsletters and topics, as they stand in file names and addresses."""

from __future__ import annotations

import re

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 60

SLUG_RULE = f"use small letters a–z, digits and single hyphens, at most {_LONGEST} characters, such as"
"""What a slug may hold, to be followed by an example."""


def is_slug(text: str) -> bool:
    """Tell whether *text* can be a slug: ``russia``, ``belarus-weekly``."""
    return len(text) <= _LONGEST and _SLUG.fullmatch(text) is not None
