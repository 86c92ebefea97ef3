"""What a text points to is what its rendering would lead to and show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.checks.references import References, Shown
from mailer.editorial.references import find_references

MEDIA = "media:0123456789abcdef-1120x630.jpg"


@pytest.mark.parametrize(
    ("markdown", "found"),
    [
        ("No link [in brackets] (or beside them).", References()),
        ("[Gas](https://example.org/gas)", References(("https://example.org/gas",))),
        ("<https://example.org/gas>", References(("https://example.org/gas",))),
        ("[Gas][1]\n\n[1]: https://example.org/gas", References(("https://example.org/gas",))),
        ("> - **[Gas](https://example.org/gas 'A title')**", References(("https://example.org/gas",))),
        ("`[Gas](https://example.org/gas)`", References()),
        ("```\n[Gas](gas)\n```", References()),
        (r"\[Gas\](gas)", References(typed=("[Gas](gas)",))),
        ("See [the West](#west).", References(typed=("[the West](#west)",))),
        ("[Gas](russia.be.md) [Oil](oil 'x')", References(typed=("[Gas](russia.be.md)", "[Oil](oil 'x')"))),
        ("[Gas](javascript:alert)", References(typed=("[Gas](javascript:alert)",))),
        (
            "[Gas](javascript:alert(1)) [b](JavaScript:f(g(1)))",
            References(typed=("[Gas](javascript:alert(1))", "[b](JavaScript:f(g(1)))")),
        ),
        ("[Gas](javascript:alert('a b'))", References(typed=("[Gas](javascript:alert('a b'))",))),
        ("[Gas](vbscript:msgbox(1))", References(typed=("[Gas](vbscript:msgbox(1))",))),
        (
            "[**Gas**](data:text/html,<b>x</b>(1))",
            References(typed=("[Gas](data:text/html,<b>x</b>(1))",)),
        ),
        ("[see](note (a) below)", References()),
        (
            "![A map](https://example.org/a.png)",
            References(pictures=(Shown("https://example.org/a.png", "A map"),)),
        ),
        ("![](https://example.org/a.png)", References(pictures=(Shown("https://example.org/a.png", ""),))),
        ("![A map](map.jpg 'Caption')", References(pictures=(Shown("map.jpg", "A map"),))),
        (f"![A map]({MEDIA})", References(pictures=(Shown(MEDIA, "A map"),))),
        (
            f"[![A map]({MEDIA})](https://example.org)",
            References(("https://example.org",), (), (Shown(MEDIA, "A map"),)),
        ),
    ],
)
def test_links_and_pictures_are_found(markdown: str, found: References) -> None:
    """By the parser's own rules: code holds none, and what it does not take stands as it was typed."""
    assert find_references(markdown) == found


@given(st.text(st.sampled_from("[]()!<>`#: \nabmedia:https//")))
def test_any_text_points_to_something_or_nothing(markdown: str) -> None:
    """Whatever its brackets."""
    find_references(markdown)
