"""What an editor says about an issue, as options of ``mailer issue build``: ``LANG=TEXT``."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Annotated

import typer

from mailer.domain.language import Language, parse_language
from mailer.editorial.encoding import find_unprintable, read_text, without_invisible
from mailer.editorial.lost_words import lost_words
from mailer.errors import InputError, UsageError

Words = Annotated[list[str] | None, typer.Option(metavar="LANG=TEXT", help="Once per language.")]
Notes = Annotated[
    list[str] | None,
    typer.Option(metavar="LANG=TEXT", help="Markdown, once per language; be=@note.be.md takes a file."),
]
_MOST_BYTES = 20_000
# Copied from a page or a letter, a line may bring quotes along that no shell takes away.
_OPENING, _CLOSING = frozenset("“„«"), frozenset("”“»")


def issue_words(
    *,
    subject: list[str] | None,
    preheader: list[str] | None,
    opening_note: list[str] | None,
    closing_notice: list[str] | None,
) -> dict[Language, dict[str, str]]:
    """Return what the options say, by language and field; a field that is not named is not there.

    Raises:
        UsageError: a language is not known or named twice, or a text holds what no mail can show.
        InputError: a note's file does.
    """
    by_field = {
        "subject": _lines("--subject", subject),
        "preheader": _lines("--preheader", preheader),
        "opening_note": _notes("--opening-note", opening_note),
        "closing_notices": _notes("--closing-notice", closing_notice),
    }
    said: dict[Language, dict[str, str]] = {}
    for field, texts in by_field.items():
        for language, words in texts.items():
            said.setdefault(language, {})[field] = words
    return said


def _lines(option: str, values: list[str] | None) -> dict[Language, str]:
    return {
        language: _line(f"{option}: the text for “{language}”", words)
        for language, words in _by_language(option, values).items()
    }


def _line(name: str, words: str) -> str:
    words = without_invisible(unicodedata.normalize("NFC", words)).strip()
    char = find_unprintable(words)
    if char in {"\n", "\r"}:
        raise UsageError(f"{name} must be one line; only notes may have several")
    if char is not None:
        at = words.index(char) + 1
        raise UsageError(
            f"{name} holds a character that can’t be printed (U+{ord(char):04X} at position {at}); delete it"
        )
    if len(words) > _MOST_BYTES:
        raise UsageError(f"{name} has {len(words)} characters; shorten it to one line that a mailbox shows")
    return words


def _notes(option: str, values: list[str] | None) -> dict[Language, str]:
    return {
        language: _file(option, words[1:])
        if words.startswith("@")
        else _typed(f"{option} {language}=…", words)
        for language, words in _by_language(option, values).items()
    }


def _file(option: str, name: str) -> str:
    try:
        content = Path(name).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no file's name"
        raise UsageError(f"{option}: {name} can’t be read ({reason}); name a file of Markdown") from error
    return _markdown(content, name)


def _typed(place: str, words: str) -> str:
    if len(words.encode()) > _MOST_BYTES:
        raise UsageError(f"{place}: the note is larger than {_MOST_BYTES // 1000} kB; shorten it")
    try:
        return _markdown(words.encode(), place)
    except InputError as error:
        raise UsageError(str(error)) from error


def _markdown(content: bytes, place: str) -> str:
    text = read_text(content, place=place, max_bytes=_MOST_BYTES)
    if problems := list(lost_words(text, text, place=place)):
        raise InputError(problems)
    return text.strip()


def _by_language(option: str, values: list[str] | None) -> dict[Language, str]:
    found: dict[Language, str] = {}
    for value in values or []:
        named, equals, words = _without_quotes(value).partition("=")
        if not equals:
            raise UsageError(f'{option}: “{value}” names no language; write it as "be=TEXT"')
        try:
            language = parse_language(named)
        except ValueError as error:
            raise UsageError(f"{option}: {error}") from error
        if language in found:
            raise UsageError(f"{option}: there are two texts for “{language}”; write one of them")
        found[language] = words.strip()
    return found


def _without_quotes(value: str) -> str:
    return value[1:-1] if value[:1] in _OPENING and value[-1:] in _CLOSING else value
