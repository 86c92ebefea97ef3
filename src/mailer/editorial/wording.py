"""A sentence or name in each language, as a table ``be = "…"``, ``ru = "…"``, ``en = "…"``."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence

from mailer.domain.language import Language
from mailer.editorial.encoding import find_unprintable
from mailer.editorial.nesting import too_deep_line
from mailer.editorial.toml_table import TomlTable

LONGEST_MARKDOWN = 1000
"""Characters: what stands below every mail must not outweigh it."""


def read_wording(
    table: TomlTable, required: Sequence[Language], *, outside: Collection[str]
) -> dict[Language, str]:
    """Read a table keyed by language; a language with an empty value is not in the result.

    Args:
        table: as read.
        required: languages that must be there.
        outside: keys of the table around it: one that stands in here by mistake is named as such.
    """
    _refuse_strays(table, outside)
    found = {language: table.text(language, "…", required=language in required) for language in Language}
    return {language: text for language, text in found.items() if text}


def read_lines(table: TomlTable, *, outside: Collection[str]) -> dict[Language, str]:
    """Read a table of lines keyed by language, of which each must be written as one.

    Args:
        table: as read.
        outside: keys of the table around it, as in *read_wording*.
    """
    for language in Language:
        value = table.values.get(language)
        if isinstance(value, str) and "\n" in value.strip():
            message = f"{table.name(language)} has several lines and is shown as one; write it in one line"
            table.complain(language, message)
    return read_wording(table, (), outside=outside)


def read_markdown(table: TomlTable, *, outside: Collection[str]) -> dict[Language, str]:
    """Read a table of short Markdown texts keyed by language, whose lines and paragraphs are kept.

    Args:
        table: as read.
        outside: keys of the table around it, as in *read_wording*.
    """
    _refuse_strays(table, outside)
    found = {language: _markdown(table, language) for language in Language if language in table.values}
    return {language: text for language, text in found.items() if text}


def _markdown(table: TomlTable, key: str) -> str:
    value = table.values[key]
    if not isinstance(value, str):
        table.wrong_type(key, 'text in quotes, as "…"; three quotes at each end let it have several lines')
        return ""
    # Two blanks at the end of a line are Markdown: there the line ends.
    text = unicodedata.normalize("NFC", value).replace("\t", "    ").strip()
    char = find_unprintable(text.replace("\n", " "))
    if char is not None:
        table.complain(
            key,
            f"{table.name(key)} holds a character that can’t be printed (U+{ord(char):04X}); delete it",
        )
    elif len(text) > LONGEST_MARKDOWN:
        table.complain(
            key,
            f"{table.name(key)} has {len(text)} characters and stands in every mail; "
            f"shorten it to at most {LONGEST_MARKDOWN}",
        )
    elif (line := too_deep_line(text)) is not None:
        table.complain(
            key,
            f"{table.name(key)}: in its line {line} quotes and lists stand inside each other deeper than a "
            "mail can show; put fewer of them into each other",
        )
    return text


def _refuse_strays(table: TomlTable, outside: Collection[str]) -> None:
    known = [language.value for language in Language]
    strays = [key for key in table.values if key in outside and key not in known]
    for key in strays:
        # The trap of TOML: a key belongs to the last [table] above it, however many blank lines between.
        table.complain(
            key,
            f"“{key}” stands below [{table.path[-1]}] and so belongs to it; move the line up, "
            "above the first line in square brackets",
        )
    if not strays:
        table.refuse_unknown(known)
