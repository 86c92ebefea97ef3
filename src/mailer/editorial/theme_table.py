"""The table ``[theme]`` of a newsletter.toml: colours that can be read, a logo, quiet trends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from mailer.domain.contrast import is_colour
from mailer.domain.nearest import did_you_mean
from mailer.domain.picture import SCHEME, parse_picture
from mailer.domain.theme import Theme, TrendColours, faint_colours
from mailer.editorial.toml_table import TomlTable

COLOURS = ("accent", "accent_dark", "paper", "paper_dark")
"""The colours that a newsletter may choose."""
KEYS = (*COLOURS, "trend_colours", "logo")
"""Everything that the table may say, in the order of the example."""

Hang: TypeAlias = Callable[[str], str]
"""Finds the picture that ``logo`` names and returns its name among ours.

It raises ValueError with what is wrong, to stand after the logo's name.
"""


def by_name_alone(logo: str) -> str:
    """Take a logo that is stored already, without looking for it; a Hang for where there is no disk.

    Raises:
        ValueError: *logo* is a file, or no name of ours.
    """
    if not logo.startswith(SCHEME):
        raise ValueError("is a file, which can only be taken by “mailer newsletter import”; run that")
    try:
        return parse_picture(logo.removeprefix(SCHEME)).name
    except ValueError as error:
        raise ValueError("is no picture of ours; write the name of a file beside this one") from error


def read_theme(table: TomlTable, hang: Hang) -> Theme:
    """Read the table; of use only when it had no problem."""
    table.refuse_unknown(KEYS)
    before = len(table.problems)
    usual = Theme()
    theme = Theme(
        **{name: _colour(table, name, getattr(usual, name)) for name in COLOURS},
        trend_colours=_trend_colours(table),
        logo=_logo(table, hang),
    )
    if len(table.problems) == before:
        for name, sentence in faint_colours(theme).items():
            table.complain(name, sentence)
    return theme


def _colour(table: TomlTable, key: str, usual: str) -> str:
    written = table.text(key, usual)
    if written and not is_colour(written):
        table.complain(
            key, f'theme.{key} “{written}” is no colour; write # and six digits or letters a–f, as "{usual}"'
        )
        return usual
    return written.lower() or usual


def _trend_colours(table: TomlTable) -> TrendColours:
    written = table.text("trend_colours", TrendColours.SIGNAL) or TrendColours.SIGNAL
    try:
        return TrendColours(written)
    except ValueError:
        near = did_you_mean(written, list(TrendColours))
        table.complain(
            "trend_colours",
            f"theme.trend_colours “{written}” is not known{near}; "
            'write "signal" (green, grey and red) or "neutral" (one colour for all)',
        )
        return TrendColours.SIGNAL


def _logo(table: TomlTable, hang: Hang) -> str:
    written = table.text("logo", "logo.png")
    if not written:
        return ""
    try:
        return hang(written)
    except ValueError as error:
        table.complain("logo", f"theme.logo “{written}” {error}")
        return ""
