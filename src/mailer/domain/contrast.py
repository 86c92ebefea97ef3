"""How well one colour can be read on another, as WCAG 2.2 measures it."""

from __future__ import annotations

import re
from typing import Final

LEAST_FOR_TEXT: Final = 4.5
"""What text of usual size needs (WCAG 2.2, success criterion 1.4.3)."""

_COLOUR = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)


def is_colour(text: str) -> bool:
    """Tell whether *text* is a colour as we write it: ``#rrggbb``."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """
    Return the contrast of two colours, from 1.0 (the same) to 21.0 (black and white).

    Args:
        one, other: ``#rrggbb``, in any order.

    Raises:
        ValueError: one of them is no such colour.

    WCAG 2.2, definition of "contrast ratio".
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance, 0.0 to 1.0 (WCAG 2.2, definition of "relative luminance")."""
    if not is_colour(colour):
        raise ValueError(f"“{colour}” is no colour; write it as #rrggbb")
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    # sRGB's own curve; WCAG 2.2 took over its corrected threshold.
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
