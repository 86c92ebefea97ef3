"""A visitor who has not chosen is shown the language their browser prefers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.web.negotiation import negotiate

BE, RU, EN = Language.BELARUSIAN, Language.RUSSIAN, Language.ENGLISH


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", BE),
        ("be", BE),
        ("ru", RU),
        ("en-GB,en;q=0.9", EN),
        ("be-tarask", BE),
        ("RU-by", RU),
        ("de, en;q=0.5, ru;q=0.7", RU),
        ("en;q=0.8, ru;q=0.8", EN),
        ("en;q=0, ru;q=0.1", RU),
        ("de", BE),
        ("*", BE),
        ("ru;q=nonsense, en;q=0.1", EN),
        ("ru;q=nan, en;q=0.1", EN),
        ("ru;q=7, en;q=0.1", EN),
        ("ru;x=1, en;q=0.1", EN),
        ("russian, enough", BE),
        (";;;,,,=", BE),
    ],
)
def test_the_preferred_language_wins(header: str, expected: Language) -> None:
    """By quality, then by the header's own order; else the newsletter's first language."""
    assert negotiate(header, list(Language)) is expected


def test_only_what_is_offered_is_chosen() -> None:
    """A language without a newsletter has no page."""
    assert negotiate("ru, en;q=0.5", [BE, EN]) is EN


@given(st.text())
def test_any_header_has_an_answer(header: str) -> None:
    """Whatever a client sends, some offered language comes out."""
    assert negotiate(header, [RU, EN]) in (RU, EN)
