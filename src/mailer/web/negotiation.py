"""Which language a visitor is shown who has not chosen one (RFC 9110 §12.5.4)."""

from __future__ import annotations

from collections.abc import Sequence

from mailer.domain.language import Language

_MOST_TAGS = 20
"""A browser sends fewer; the rest of a longer header is not read."""


def negotiate(accept_language: str, offered: Sequence[Language]) -> Language:
    """Return the offered language the header prefers, else the first one.

    Args:
        accept_language: such as ``be-BY, ru;q=0.8, en;q=0.5``; may be empty or nonsense.
        offered: at least one, in the order of display.
    """
    wanted: list[tuple[float, Language]] = []
    for item in accept_language.split(",", _MOST_TAGS)[:_MOST_TAGS]:
        tag, _, parameter = item.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        quality = _quality(parameter)
        wanted += [(quality, language) for language in offered if language == primary and quality > 0]
    # max() keeps the first of equals: the header's own order.
    return max(wanted, key=lambda found: found[0])[1] if wanted else offered[0]


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name == "q" and 0 <= quality <= 1 else 0.0
