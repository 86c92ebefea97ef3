"""How a newsletter's mails look where they differ from ours: a few colours, a logo, quiet trends.

Everything else is a template, which an operator may put on the server's disk.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mailer.domain.contrast import LEAST_FOR_TEXT, contrast

SHEET: Final = "#fffdf8"
"""What a mail's words stand on, on light screens."""
SHEET_DARK: Final = "#1c1a17"
"""The same on dark screens."""
BUTTON_WORDS: Final = "#ffffff"
"""The words of a button, which is filled with the accent."""
BUTTON_WORDS_DARK: Final = "#121110"
"""The same on dark screens."""


class TrendColours(StrEnum):
    """In which colours a trend is shown; its shape and words say the same."""

    SIGNAL = "signal"
    """Green, grey and red."""
    NEUTRAL = "neutral"
    """One colour for all: what is better for some may be worse for others."""


@dataclass(frozen=True, slots=True)
class Theme:
    """What a newsletter's file may change about its mails.

    Attributes:
        accent, accent_dark: of links and buttons, on light and on dark screens; ``#rrggbb``.
        paper, paper_dark: what surrounds the column.
        logo: name of a picture of ours (domain/picture.py); empty shows the newsletter's name instead.
    """

    accent: str = "#1b5566"
    accent_dark: str = "#8cc4d4"
    paper: str = "#f1ede4"
    paper_dark: str = "#121110"
    logo: str = ""
    trend_colours: TrendColours = TrendColours.SIGNAL


def faint_colours(theme: Theme) -> dict[str, str]:
    """Return what nobody could read well: each such colour's field, and a sentence on it."""
    told = {
        "accent": _faint(theme.accent, {"links on the light sheet": SHEET, "a button’s words": BUTTON_WORDS}),
        "accent_dark": _faint(
            theme.accent_dark,
            {"links on the dark sheet": SHEET_DARK, "a button’s words on dark screens": BUTTON_WORDS_DARK},
        ),
    }
    way = {"accent": "darker", "accent_dark": "lighter"}
    return {
        name: f"theme.{name} {getattr(theme, name)} is hard to read: {what}; take a {way[name]} colour"
        for name, what in told.items()
        if what
    }


def _faint(colour: str, uses: dict[str, str]) -> str:
    """Say at which of its *uses*, each with the colour beside it, *colour* falls short furthest."""
    use, reached = min(
        ((use, contrast(colour, beside)) for use, beside in uses.items()), key=lambda each: each[1]
    )
    if reached >= LEAST_FOR_TEXT:
        return ""
    # Down, so that 4.49 is never told as 4.5.
    return f"{use} would reach a contrast of {math.floor(reached * 10) / 10}:1 and need {LEAST_FOR_TEXT}:1"
