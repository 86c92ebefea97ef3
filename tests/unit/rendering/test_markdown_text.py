"""The plain-text half is written from the Markdown, 72 columns wide."""

from __future__ import annotations

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.language import Language
from mailer.rendering import plaintext
from mailer.rendering.plaintext import WIDTH, wrap

to_text = partial(plaintext.to_text, language=Language.ENGLISH)
PICTURE = "media:0123456789abcdef-1120x630.jpg"

LONG = "https://example.org/" + "a" * 80


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("", ""),
        ("one\ntwo", "one two"),
        ("one  \ntwo", "one\ntwo"),
        ("one\n\ntwo", "one\n\ntwo"),
        ("*a* **b** `c`", "_a_ *b* c"),
        ("## Што далей", "Што далей\n---------"),
        ("> a\n>\n> b", "> a\n>\n> b"),
        ("> > a", "> > a"),
        ("- a\n- b", "- a\n- b"),
        ("- a\n\n  b\n- c", "- a\n\n  b\n\n- c"),
        ("- a\n  - b\n    1. c\n- d", "- a\n  - b\n    1. c\n- d"),
        ("- a\n\n  - b\n  - c\n\n- d", "- a\n\n  - b\n  - c\n\n- d"),
        ("-\n- b", "-\n- b"),
        ("9. a\n10. b", "9.  a\n10. b"),
        ("> - a\n> - b", "> - a\n> - b"),
        ("    code\n      more", "    code\n      more"),
        ("```\ncode\n```", "    code"),
        ("***", " " * 33 + "* * *"),
        ("![The border](https://evil.example/a.png)", "The border"),
        (f"![The border]({PICTURE})", "[Picture: The border]"),
        (f"![The border]({PICTURE} 'By us')", "[Picture: The border]\nBy us"),
        (f"![]({PICTURE})", ""),
        (f"[![Map]({PICTURE})](https://example.org/)", "[Picture: Map] [1]\n\n[1] https://example.org/"),
        ("<b>a</b>", "<b>a</b>"),
        ("[a](javascript:x)", "[a](javascript:x)"),
        ("| a | b |\n|---|--:|\n| 1 | *2* |", "a  b\n-  ---\n1  _2_"),
        ("| a | b |\n|---|---|", "a  b\n-  -"),
    ],
)
def test_markdown_becomes_text(markdown: str, expected: str) -> None:
    """Each element of Markdown has its form in plain text."""
    assert to_text(markdown) == expected


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        (
            "[a](https://example.org/1) [b](https://example.org/2) [c](https://example.org/1)",
            "a [1] b [2] c [1]\n\n[1] https://example.org/1\n[2] https://example.org/2",
        ),
        ("<https://example.org/>", "https://example.org/"),
        ("See https://example.org/a--b_c_d, 'so'", "See https://example.org/a--b_c_d, ‘so’"),
        ("https://example.org/%D0%BA", "https://example.org/%D0%BA"),
        ("<https://example.org/кірыліца>", "https://example.org/кірыліца"),
        ("[](https://example.org/)", "https://example.org/"),
        ("<news@example.org>", "news@example.org"),
        ("<mailto:news@example.org>", "news@example.org"),
        ("[news@example.org](mailto:news@example.org)", "news@example.org"),
        ("[write](mailto:news@example.org)", "write [1]\n\n[1] news@example.org"),
        ("> [a](https://example.org/)", "> a [1]\n\n[1] https://example.org/"),
    ],
)
def test_links_become_notes(markdown: str, expected: str) -> None:
    """Addresses stand at the end, each once, unless the words are the address."""
    assert to_text(markdown) == expected


def test_footnotes_and_links_share_one_row_of_numbers() -> None:
    """Numbers follow the text; what a footnote links to comes after it."""
    text = to_text(
        "a[^x] [b](https://example.org/1) c[^x] d[^y]\n\n"
        "[^x]: Said [there](https://example.org/2).\n\n    Twice.\n[^y]: - one"
    )

    assert text == (
        "a [1] b [2] c [1] d [3]\n\n"
        "[1] Said there [4].\n\n    Twice.\n[2] https://example.org/1\n[3] - one\n[4] https://example.org/2"
    )


@pytest.mark.parametrize(("language", "word"), [("be", "Выява"), ("ru", "Изображение"), ("en", "Picture")])
def test_a_picture_is_named_in_the_language_of_the_text(language: str, word: str) -> None:
    """“Picture” in a Belarusian text would be a foreign word."""
    assert plaintext.to_text(f"![A]({PICTURE})", Language(language)) == f"[{word}: A]"


def test_a_wide_table_becomes_records() -> None:
    """A table that does not fit the page is written row by row."""
    wide = "слова " * 12

    text = to_text(f"| Хто | |\n|---|---|\n| Мінск | {wide} |\n| Брэст | {wide} |")

    records = text.split("\n\n")
    assert [record.split("\n")[0] for record in records] == ["Хто: Мінск", "Хто: Брэст"]
    assert max(len(line) for line in text.split("\n")) <= WIDTH


def test_a_long_word_is_not_broken() -> None:
    """An address longer than a line stays whole, so that it can be pressed."""
    assert LONG in to_text(f"See <{LONG}> and more words than fit beside it.").split("\n")


def test_hyphens_are_no_place_to_break() -> None:
    """“па-беларуску” is one word."""
    assert wrap("па-беларуску па-беларуску", 20) == "па-беларуску\nпа-беларуску"


def test_deep_nesting_leaves_room_for_words() -> None:
    """A list nested without end is still set, wider than the page."""
    assert "слова слова" in to_text("> " * 11 + "1000000. " * 4 + "слова слова")


@given(st.lists(st.text(alphabet="аб -*_>#1.[]()|`\n^:\"'", max_size=60), max_size=6).map("\n\n".join))
def test_lines_fit_the_page(markdown: str) -> None:
    """Whatever is typed, a line is at most 72 columns, or one word, or set as it was (code)."""
    for line in to_text(markdown).split("\n"):
        assert len(line) <= WIDTH or len(line.strip("> -*").split(" ")) <= 1 or "    " in line
