"""What verbs print: JSON for scripts and nothing else beside it, sentences and tables for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson
import typer

from mailer.domain.books import Books
from mailer.domain.language import Language


def say(sentence: str) -> None:
    """Print a line for people."""
    typer.echo(sentence)


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object on one line."""
    # As bytes: JSON is UTF-8 whatever the terminal's letters are.
    typer.echo(orjson.dumps(value))


def books_table(books: Mapping[Language, Books]) -> str:
    """Return the books per language and in all, in the words of the screen."""
    heads = ("readers", "taken", "refused", "left out", "not certain", "waiting", "tried again", "left since")
    lines = [f"{'':<6}" + "".join(f"{head:>12}" for head in heads)]
    rows = [(str(language), each) for language, each in books.items()]
    for name, each in [*rows, ("all", sum(books.values(), Books()))]:
        figures = "".join(f"{figure:>12}" for figure in asdict(each).values())
        lines.append(f"{name:<6}{figures}")
    return "\n".join(lines)


def in_every_language(
    books: Mapping[Language, Books], languages: Sequence[Language]
) -> dict[Language, Books]:
    """Return *books* with an empty line for a language nobody reads, in the order of *languages*."""
    # A language that has been taken out of the newsletter since keeps its line, at the end.
    return {language: books.get(language, Books()) for language in (*languages, *books)}


def books_json(books: Mapping[Language, Books]) -> dict[str, Any]:
    """Return the books in all, whether they balance, and by language."""
    total = sum(books.values(), Books())
    return {
        **asdict(total),
        "books_balance": total.balance and all(each.balance for each in books.values()),
        "languages": {str(language): asdict(each) for language, each in books.items()},
    }
