"""How a newsletter's mails look where they differ from ours: a few colours, a logo, quiet trends.

Everything else is a template, which an operator may put on the server's disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
