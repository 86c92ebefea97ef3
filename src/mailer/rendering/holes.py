"""Stand-ins for what differs per reader, of the same length and letters as what replaces them.

A mail is rendered once with these in place; rendering/skeleton.py cuts the finished bytes at them.
They are words of base64url letters, so no template engine, CSS inliner or encoder changes them.
"""

from __future__ import annotations

import re

TOKEN = "HOLE-FOR-THE-UNSUBSCRIBE-TOKEN-00000"  # noqa: S105 - a stand-in, not a secret
"""Where the 36 letters of a reader's unsubscribe token go (domain/token.py)."""

SECRET = "HOLE-FOR-THE-CONFIRMATION-SECRET-0000000000"  # noqa: S105 - a stand-in, not a secret
"""Where the 43 letters of a confirm link's secret go: 32 random bytes in base64url."""

RETURN_TOKEN = "hole-for-the-token-of-the-return-path-000000"  # noqa: S105 - a stand-in, not a secret
"""Where the 44 letters of a return path's local part go: in headers only."""

_LIKE_A_HOLE = re.compile("hole-for-the-", re.IGNORECASE)


def resembles_hole(text: str) -> bool:
    """Tell whether *text* could be taken for a stand-in; each begins with the same words."""
    return bool(_LIKE_A_HOLE.search(text))
