"""Colours that readers could not read are found by measuring, not by eye."""

from __future__ import annotations

import pytest

from mailer.domain.contrast import contrast, is_colour
from mailer.domain.theme import Theme, faint_colours


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#FFFFFF", 1.0),
        # Reference figures of WebAIM's contrast checker.
        ("#777777", "#ffffff", 4.48),
        ("#767676", "#ffffff", 4.54),
        ("#ff0000", "#ffffff", 4.0),
        ("#0000ff", "#ffffff", 8.59),
        ("#00ff00", "#000000", 15.3),
        # On the straight part of the curve.
        ("#090909", "#000000", 1.05),
    ],
)
def test_contrast_is_that_of_wcag(one: str, other: str, expected: float) -> None:
    """The figures of the standard, whichever colour is named first."""
    assert contrast(one, other) == pytest.approx(expected, abs=0.006)
    assert contrast(other, one) == contrast(one, other)


@pytest.mark.parametrize(
    "text", ["", "red", "#fff", "#12345", "#1234567", "#12345g", "123456", " #123456", "#123456\n"]
)
def test_only_six_digits_are_a_colour(text: str) -> None:
    """Nothing else, so that no colour can hold anything but a colour."""
    assert not is_colour(text)
    with pytest.raises(ValueError, match="is no colour; write it as #rrggbb"):
        contrast(text, "#ffffff")


def test_our_own_colours_can_be_read() -> None:
    """A newsletter that chooses nothing has nothing to mend."""
    assert faint_colours(Theme()) == {}


@pytest.mark.parametrize(
    ("theme", "name", "words"),
    [
        (Theme(accent="#ffff00"), "accent", "1.0:1 and need 4.5:1; take a darker colour"),
        # 4.5 against white, but not against the sheet's warmer white.
        (Theme(accent="#767676"), "accent", "links on the light sheet would reach a contrast of 4.4:1"),
        (Theme(accent_dark="#000000"), "accent_dark", "take a lighter colour"),
        (
            Theme(accent_dark="#808080"),
            "accent_dark",
            "links on the dark sheet would reach a contrast of 4.3:1",
        ),
    ],
)
def test_a_faint_colour_is_told_with_its_ratio_and_the_way_out(theme: Theme, name: str, words: str) -> None:
    """Both uses are measured, and the worse one is told."""
    (told,) = faint_colours(theme).items()

    assert told[0] == name
    assert words in told[1]
