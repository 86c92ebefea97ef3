"""What could mislead a reader, or the mailer itself, is taken out of a file or refused with its line."""

from __future__ import annotations

import pytest

from mailer.editorial.commentary_file import MAX_FILE_BYTES, parse_commentary_file
from mailer.editorial.encoding import find_unprintable, without_invisible
from mailer.editorial.lost_words import lost_words
from mailer.errors import InputError
from mailer.rendering import holes

HEADER = "---\nweek: 2026-W47\ntopic: russia\nlanguage: en\nheadline: {headline}\nstate: ready\n---\n"


def problems_of(body: str, headline: str = "H") -> list[str]:
    with pytest.raises(InputError) as refusal:
        parse_commentary_file((HEADER.format(headline=headline) + body).encode(), place="a.md")
    return [str(problem) for problem in refusal.value.problems]


@pytest.mark.parametrize("mark", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_what_turns_the_direction_is_refused(mark: str) -> None:
    """“gpj.exe” must not read as “exe.jpg”; the message names line and place."""
    (problem,) = problems_of(f"\nWords.\n\nHere {mark}too.")

    assert problem.startswith("a.md, line 11: this line holds a character that can’t be printed")
    assert f"(U+{ord(mark):04X} at position 6)" in problem


@pytest.mark.parametrize("mark", "\x00\x07\x1b\x85\u2028\u2029")
def test_a_control_character_is_refused(mark: str) -> None:
    """In a headline as in a text."""
    assert "line 5: this line holds a character" in problems_of("Words.", f"Minsk{mark}asks")[0]


@pytest.mark.parametrize("ending", ["\r\n", "\r", "\n"])
def test_a_headline_ends_where_its_line_ends(ending: str) -> None:
    """What follows is no header of a mail; it is a line of the file that makes no sense."""
    (problem,) = problems_of("Words.", f"Minsk asks{ending}Bcc: somebody@example.org")

    assert problem.startswith("a.md, line 6: “Bcc” is not a known key")


@pytest.mark.parametrize("mark", "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u061c\U000e0041")
def test_what_nobody_sees_is_taken_out(mark: str) -> None:
    """It comes from web pages unseen, and would cut a word for every search."""
    content = (HEADER.format(headline=f"Mi{mark}nsk") + f"аб{mark}’ява").encode()

    text = parse_commentary_file(content, place="a.md").text

    assert (text.headline, text.body) == ("Minsk", "аб’ява")


def test_an_emoji_stays_whole() -> None:
    """A family is one picture, joined by a character that nobody sees."""
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f\u200d\U0001f525"

    assert without_invisible(family) == family


def test_other_scripts_are_welcome() -> None:
    """Hebrew and Arabic are read from right to left without any mark."""
    assert find_unprintable("мінск שלום مرحبا 明斯克") is None


@pytest.mark.parametrize(
    "stand_in",
    [holes.TOKEN, holes.SECRET, holes.RETURN_TOKEN, "Hole-For-The-Address@x", "HOLE&#45;FOR&#x2d;THE-X"],
)
def test_what_looks_like_a_hole_is_refused(stand_in: str) -> None:
    """A reader's own token would be put in its place."""
    assert "line 8: “hole-for-the-” stands for" in problems_of(f"See {stand_in}.")[0]
    assert "line 5: “hole-for-the-” stands for" in problems_of("Words.", stand_in)[0]


@pytest.mark.parametrize(
    "reference", ["&#x202e;", "&#8203;", "&ZeroWidthSpace;", "&shy;", "&rlm;", "&#xE0041;", "&#8232;"]
)
def test_what_may_not_be_typed_may_not_be_referred_to(reference: str) -> None:
    """A character reference brings the same character to readers."""
    said = problems_of(f"Words.\n\nSee gnp{reference}exe.")[0]

    assert f"line 10: “{reference}” stands for a character that can’t be seen" in said


def test_other_references_are_welcome() -> None:
    """A no-break space, a quotation mark, or an ampersand in an address."""
    body = "AT&amp;T&nbsp;&laquo;x&raquo; &#8212; https://example.org/?a=1&lang=en"

    assert list(lost_words(body, body, place="text.md")) == []


def test_what_marks_the_public_page_is_refused() -> None:
    """In a picture's description it would end the page there."""
    (problem,) = problems_of("![<!-- /content -->](https://example.org/a.png)")

    assert "line 8: “<!-- /content -->” marks where" in problem


def test_a_note_that_nothing_refers_to_is_named() -> None:
    """It would not be shown, and its words would be lost without a sign."""
    (problem,) = problems_of("A[^b].\n\n[^b]: kept\n[^a]: lost")

    assert problem == "a.md, line 11: nothing refers to this note; write [^a] where the text needs it"


def test_cells_without_a_heading_are_named() -> None:
    """A table has as many columns as its heading; what stands beyond would be in no half of the mail."""
    rows = "| 1 | 2 |\n| 1 | a\\|b |\n| 1 | 2 | | |\n| 1 | 2 | lost |\n"
    body = f"Words | 1 | 2 | 3.\n\n| a | b |\n|---|---|\n{rows}\n> | a |\n> |---|\n> | 1 | lost |\n"

    first, second = problems_of(body)

    assert first == (
        "a.md, line 15: this row has more cells than the table’s first row, "
        "and “lost” would be shown to nobody; "
        "give it a heading, or write a | inside a cell as \\|"
    )
    assert second.startswith("a.md, line 19: this row has more cells")


def test_a_file_too_long_is_refused() -> None:
    """Two million letters are no commentary; nobody waits until they are read."""
    (problem,) = problems_of("a" * 2_000_000)

    assert problem.startswith(f"a.md: the file is larger than {MAX_FILE_BYTES // 1000} kB")


@pytest.mark.parametrize(
    "words", ["{{ 7 * 7 }}", "{% include 'x' %}", "{# x #}", "<script>x</script>", "%(x)s"]
)
def test_what_looks_like_a_template_is_words(words: str) -> None:
    """A file is read as it stands."""
    content = (HEADER.format(headline=words) + words).encode()

    text = parse_commentary_file(content, place="a.md").text

    assert (text.headline, text.body) == (words, words)
