"""What an editor types about an issue is taken as it was meant, or refused by the name of the option."""

from __future__ import annotations

import pytest

from mailer.cli.issue_words import issue_words
from mailer.domain.language import Language
from mailer.errors import UsageError


def words(option: str, *values: str) -> dict[Language, dict[str, str]]:
    said: dict[str, list[str] | None] = dict.fromkeys(
        ("subject", "preheader", "opening_note", "closing_notice")
    )
    return issue_words(**(said | {option: list(values)}))


@pytest.mark.parametrize(
    "value", ["be=Тэма", "“be=Тэма”", "„be=Тэма“", "«be=Тэма»", " be=Тэма ", "be=\u200bТэма"]
)
def test_quotes_that_came_along_are_taken_off(value: str) -> None:
    """A command copied from a page has typographic ones, which no shell takes away."""
    assert words("subject", value.strip()) == {Language.BELARUSIAN: {"subject": "Тэма"}}


def test_quotes_of_the_text_stay() -> None:
    """They belong to what readers see."""
    assert words("subject", "en=“Gas” and “oil”")[Language.ENGLISH]["subject"] == "“Gas” and “oil”"


@pytest.mark.parametrize("option", ["opening_note", "closing_notice"])
def test_a_note_may_have_several_paragraphs(option: str) -> None:
    """It is Markdown; its line ends are kept, whatever a terminal makes of them."""
    (said,) = words(option, "en=one\r\n\r\n- two\n- three\n")[Language.ENGLISH].values()

    assert said == "one\n\n- two\n- three"


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("subject", "be=a\nb", "--subject: the text for “be” must be one line"),
        ("preheader", "be=a\r\nBcc: x", "--preheader: the text for “be” must be one line"),
        (
            "subject",
            "en=a\u202eb",
            "--subject: the text for “en” holds a character that can’t be printed (U+202E at position 2)",
        ),
        (
            "preheader",
            "en=\x1b[31m",
            "--preheader: the text for “en” holds a character that can’t be printed",
        ),
        ("subject", f"en={'a' * 20_001}", "--subject: the text for “en” has 20001 characters"),
        (
            "opening_note",
            "en=\u202eabc",
            "--opening-note en=…, line 1: this line holds a character that can’t be printed (U+202E at ",
        ),
        ("closing_notice", "en=a\n\nb\x07", "--closing-notice en=…, line 3: this line holds a character"),
        ("opening_note", f"en={'a' * 2_000_000}", "--opening-note en=…: the note is larger than 20 kB"),
        (
            "opening_note",
            f"en=a\n\n{'> ' * 3000}",
            "--opening-note en=…, line 3: quotes and lists stand inside",
        ),
        ("opening_note", "en=HOLE-FOR-THE-TOKEN", "--opening-note en=…, line 1: “hole-for-the-”"),
        ("subject", "words", '--subject: “words” names no language; write it as "be=TEXT"'),
    ],
)
def test_what_no_mail_can_show_is_refused(option: str, value: str, sentence: str) -> None:
    """With the option, and in a note with the line."""
    with pytest.raises(UsageError) as refusal:
        words(option, value)

    assert str(refusal.value).startswith(sentence)
