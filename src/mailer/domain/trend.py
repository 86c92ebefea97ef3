"""How a topic moved in a period."""

from __future__ import annotations

from enum import StrEnum

from mailer.domain.nearest import did_you_mean


class Trend(StrEnum):
    """How a topic moved; always shown by shape and words and colour, never by colour alone."""

    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WORSENED = "worsened"


def parse_trend(text: str) -> Trend:
    """Read a trend such as ``worsened``.

    Raises:
        ValueError: it is none of the three; the message names them.
    """
    try:
        return Trend(text.strip().lower())
    except ValueError:
        known = ", ".join(Trend)
        raise ValueError(
            f"trend “{text}” is not known{did_you_mean(text, list(Trend))}; write one of {known}"
        ) from None
