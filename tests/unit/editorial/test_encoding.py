# ruff: noqa: E501 - a sentence stands whole in its row, as it is printed
"""The bytes of a file become text, or a sentence on how to save it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.editorial.encoding import likely_encoding, read_text
from mailer.errors import InputError

RUSSIAN = "---\nheadline: Переговоры о цене газа затянулись\n---\nСтороны встретились в третий раз.\n"
BELARUSIAN = (
    "---\nheadline: Перамовы пра цану газу зацягнуліся\n---\nБакі сустрэліся ў трэці раз, і зноў дарма.\n"
)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (RUSSIAN.encode("cp1251"), "windows-1251"),
        (BELARUSIAN.encode("cp1251"), "windows-1251"),
        (RUSSIAN.encode("koi8_r"), "KOI8-R"),
        (RUSSIAN.encode("cp866"), "CP866 (DOS)"),
        (BELARUSIAN.encode("iso8859_5"), "ISO 8859-5"),
        (BELARUSIAN.encode("utf-16"), "UTF-16"),
        (BELARUSIAN.encode("utf-16-be"), "UTF-16"),
        ("Résumé à la carte".encode("cp1252"), "windows-1252"),
        (BELARUSIAN.encode()[:-5] + b"\xd1\n", None),
    ],
)  # fmt: skip
def test_the_likely_encoding_is_named(content: bytes, expected: str | None) -> None:
    """An editor hears which encoding a file has; None means UTF-8 with damage."""
    assert likely_encoding(content) == expected


@pytest.mark.parametrize(
    ("content", "line", "begins"),
    [
        (RUSSIAN.encode("cp1251"), 2, "the file is not UTF-8 but most likely windows-1251; open it and save it again as UTF-8"),
        (RUSSIAN.encode("utf-16"), 1, "the file is not UTF-8 but most likely UTF-16; open it and save it again as UTF-8"),
        ("---\nplain: ascii\n".encode("utf-16-le"), 1, "the file is not UTF-8 but most likely UTF-16; open it and save it again as UTF-8"),
        (RUSSIAN.encode() + b"\xff", 5, "this line is damaged: not all of it is UTF-8; type it again, or open it"),
        (b"PK\x03\x04rest", None, "this is a Word, LibreOffice or zip file; save it as plain text in UTF-8"),
        (b"%PDF-1.7", None, "this is a PDF; save it as plain text in UTF-8"),
        (b"{\\rtf1 x}", None, "this is an RTF document; save it as plain text in UTF-8"),
        (b"a\n\x1b[31m\n", 2, "this line holds a character that can’t be printed (U+001B at position 1); delete it"),
    ],
)  # fmt: skip
def test_what_is_no_text_is_refused_with_the_way_out(content: bytes, line: int | None, begins: str) -> None:
    """The message names what the file is and what to press."""
    with pytest.raises(InputError) as caught:
        read_text(content, place="x", max_bytes=10_000)

    (problem,) = caught.value.problems
    assert (line, begins) == (problem.line, problem.message[: len(begins)])


def test_a_file_of_control_characters_does_not_flood_the_screen() -> None:
    """At most twenty such lines are named."""
    with pytest.raises(InputError) as caught:
        read_text(b"\x01\n" * 1000, place="x", max_bytes=10_000)

    assert len(caught.value.problems) == 20


@given(st.binary(max_size=100))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing but text or an InputError comes out."""
    text = ""

    with suppress(InputError):
        text = read_text(content, place="x", max_bytes=1000)

    assert not set(text) & set("\r\0\x1b")
