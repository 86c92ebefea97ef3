"""What an encoded word of a mail server's answer says."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.domain.spellings import readings


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("a%2Bb%40example.org", "a+b@example.org"),
        ("a+2Bb@example.org", "a+b@example.org"),
        ("=D0=B0=D0=B1@example.org", "аб@example.org"),
        (r"\x{430}\u0431@example.org", "аб@example.org"),
        (r"\xd0\xb0@example.org", "а@example.org"),
        ("%E0%E1@example.org", "àá@example.org"),
        ("&#97;&commat;example.org", "a@example.org"),
        ("YW5uYUBleGFtcGxlLm9yZw==", "anna@example.org"),
        ("YW5uYUBleGFtcGxlLm9yZw", "anna@example.org"),
        ("mfxg4ykaMV4GC3LQNRSS433SM4", "anna@example.org"),
        ("616E6E61406578616d706c652e6f7267", "anna@example.org"),
    ],
)
def test_a_word_is_read(word: str, says: str) -> None:
    """Escapes of every kind, and whole encodings."""
    assert says in list(readings(word, 10))


def test_short_words_are_not_decoded() -> None:
    """An ordinary word is no base64, although it could be."""
    assert list(readings("queued", 10)) == []


@given(st.text(), st.integers(0, 20))
@example(r"\x{ffffff}\ud800", 1)
def test_any_word_can_be_read(word: str, fewest: int) -> None:
    """Whatever stands there, nothing is an error."""
    assert all(isinstance(reading, str) for reading in readings(word, fewest))
