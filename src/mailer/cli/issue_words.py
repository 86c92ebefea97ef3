"""What an editor says about an issue, as options of ``mailer issue build``: ``LANG=TEXT``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mailer.domain.language import Language, parse_language
from mailer.editorial.encoding import find_unprintable, read_text
from mailer.errors import UsageError

Words = Annotated[list[str] | None, typer.Option(metavar="LANG=TEXT", help="Once per language.")]
Notes = Annotated[
    list[str] | None,
    typer.Option(metavar="LANG=TEXT", help="Markdown, once per language; be=@note.be.md takes a file."),
]
_MOST_BYTES = 20_000


def issue_words(
    *,
    subject: list[str] | None,
    preheader: list[str] | None,
    opening_note: list[str] | None,
    closing_notice: list[str] | None,
) -> dict[Language, dict[str, str]]:
    """Return what the options say, by language and field; a field that is not named is not there.

    Raises:
        UsageError: a language is not known or named twice, a text holds what no mail can show, or a
            file can't be read.
    """
    by_field = {
        "subject": _by_language("--subject", subject),
        "preheader": _by_language("--preheader", preheader),
        "opening_note": _notes("--opening-note", opening_note),
        "closing_notices": _notes("--closing-notice", closing_notice),
    }
    said: dict[Language, dict[str, str]] = {}
    for field, texts in by_field.items():
        for language, words in texts.items():
            said.setdefault(language, {})[field] = words
    return said


def _notes(option: str, values: list[str] | None) -> dict[Language, str]:
    return {
        language: _file(option, words[1:]) if words.startswith("@") else words
        for language, words in _by_language(option, values).items()
    }


def _file(option: str, name: str) -> str:
    try:
        content = Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no file's name"
        raise UsageError(f"{option}: {name} can’t be read ({reason}); name a file of Markdown") from error
    return read_text(content, place=name, max_bytes=_MOST_BYTES).strip()


def _by_language(option: str, values: list[str] | None) -> dict[Language, str]:
    found: dict[Language, str] = {}
    for value in values or []:
        named, equals, words = value.partition("=")
        if not equals:
            raise UsageError(f"{option}: “{value}” names no language; write it as be=TEXT, in quotes")
        try:
            language = parse_language(named)
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from error
        if language in found:
            raise UsageError(f"{option}: there are two texts for “{language}”; write one of them")
        if find_unprintable(words):
            raise UsageError(f"{option}: the text for “{language}” must be one line of plain text")
        found[language] = words.strip()
    return found
