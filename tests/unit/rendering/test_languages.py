"""The files of strings are complete, agree with the code and are written in their own language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import mailer
from mailer.bundled import bundled
from mailer.domain.language import Language
from mailer.errors import RenderingError
from mailer.rendering.languages import LOCALE_FOLDER, load_translations, translations

SOURCES = [Path(mailer.__file__).parent, bundled("templates")]
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.xml", "jinja2")]
PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def used_msgids() -> set[str]:
    found = set()
    for folder in SOURCES:
        options = {pattern: {"trimmed": "true"} for pattern, method in METHODS if method == "jinja2"}
        # Left to itself it passes over folders such as _base.
        extracted = extract_from_dir(folder, METHODS, options, directory_filter=lambda _: True)
        for _file, _line, msgid, _comments, _context in extracted:
            found.add(msgid[0] if isinstance(msgid, tuple) else msgid)
    return found


def catalog(language: Language) -> Catalog:
    with (LOCALE_FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=str(language), abort_invalid=True)


def forms(message: str | tuple[str, ...] | list[str] | None) -> list[str]:
    return [message or ""] if message is None or isinstance(message, str) else list(message)


def strings(language: Language) -> list[str]:
    return [form for message in catalog(language) if message.id for form in forms(message.string)]


@pytest.mark.parametrize("language", Language)
def test_every_sentence_in_the_code_is_translated(language: Language) -> None:
    """A sentence that templates or code ask for stands in the file of strings of each language."""
    known = {forms(message.id)[0] for message in catalog(language)}

    missing = used_msgids() - known

    assert missing == set()


def test_no_sentence_is_kept_that_nobody_asks_for() -> None:
    """What left the code leaves the files of strings."""
    stale = {forms(message.id)[0] for message in catalog(Language.ENGLISH) if message.id} - used_msgids()

    assert stale == set()


@pytest.mark.parametrize("language", Language)
def test_no_translation_is_empty_or_a_guess(language: Language) -> None:
    """Each entry has all its plural forms, none empty, none fuzzy."""
    entries = catalog(language)

    bad = [
        message.id
        for message in entries
        if message.id
        and (
            message.fuzzy
            or not all(forms(message.string))
            or (message.pluralizable and len(forms(message.string)) != entries.num_plurals)
        )
    ]

    assert bad == []


@pytest.mark.parametrize("language", Language)
def test_placeholders_agree(language: Language) -> None:
    """A translation fills in the same words as the English sentence."""
    differing = [
        form
        for message in catalog(language)
        if message.id
        for form in forms(message.string)
        if set(PLACEHOLDER.findall(form)) != set(PLACEHOLDER.findall(forms(message.id)[0]))
    ]

    assert differing == []


def test_english_is_its_own_translation() -> None:
    """The English file repeats the sentences of the code word for word."""
    differing = [m.id for m in catalog(Language.ENGLISH) if m.id and forms(m.id) != forms(m.string)]

    assert differing == []


@pytest.mark.parametrize(
    ("language", "foreign"),
    [(Language.BELARUSIAN, "иИщЩъЪ'"), (Language.RUSSIAN, "іІўЎ'"), (Language.ENGLISH, "'")],
)
def test_each_language_keeps_to_its_own_letters(language: Language, foreign: str) -> None:
    """No letter of the neighbour's alphabet, and ’ where a typewriter has '."""
    assert [text for text in strings(language) if set(text) & set(foreign)] == []


@pytest.mark.parametrize(
    ("language", "days", "expected"),
    [
        (Language.BELARUSIAN, 1, "1 дзень"),
        (Language.BELARUSIAN, 3, "3 дні"),
        (Language.BELARUSIAN, 14, "14 дзён"),
        (Language.RUSSIAN, 21, "21 день"),
        (Language.RUSSIAN, 2, "2 дня"),
        (Language.RUSSIAN, 5, "5 дней"),
        (Language.ENGLISH, 1, "1 day"),
        (Language.ENGLISH, 3, "3 days"),
    ],
)
def test_numbers_take_the_right_form(language: Language, days: int, expected: str) -> None:
    """Belarusian and Russian have three forms after a number."""
    one = "The link opens a page with one button and works for %(num)s day."
    many = "The link opens a page with one button and works for %(num)s days."

    sentence = translations(language).ngettext(one, many, days) % {"num": days}

    assert sentence.endswith(f"{expected}.")


def test_a_damaged_file_is_named_with_its_line(tmp_path: Path) -> None:
    """A file of strings with a mistake says where to mend it."""
    path = tmp_path / "be.po"
    path.write_text('msgid "Subscribe"\nПадпісацца\n', encoding="utf-8")

    with pytest.raises(RenderingError, match=r"be\.po, line 2"):
        load_translations(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """An installation without its strings says so in one sentence."""
    with pytest.raises(RenderingError, match=r"be\.po can't be read"):
        load_translations(tmp_path / "be.po")
