"""Editors' files become stored commentaries: all of them or none, and only what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailer.domain.commentary import Commentary
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.agreement import check_against
from mailer.editorial.commentary_file import CommentaryFile
from mailer.errors import InputError, Problem
from mailer.storage import Database, Transaction, commentaries, newsletters


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: texts that are new or changed, and texts that were stored already."""

    changed: int
    unchanged: int


async def import_newsletter(database: Database, newsletter: Newsletter) -> bool:
    """Store *newsletter*; return whether anything changed.

    Raises:
        UsageError: it drops a topic that has commentaries.
    """
    return await database.write(lambda tx: newsletters.save(tx, newsletter))


async def import_commentaries(database: Database, files: Sequence[CommentaryFile]) -> Imported:
    """Store what *files* say, in one transaction; importing them again changes nothing.

    Raises:
        InputError: a file names a newsletter, topic or language that is not known, or disagrees
            with a text that is stored in another language; nothing is stored.
    """
    return await database.write(lambda tx: _import(tx, files))


def merged(stored: Commentary, files: Sequence[CommentaryFile]) -> Commentary:
    """Return *stored* with what *files* say of it; its texts are those of the files alone."""
    trends = [file.trend for file in files if file.trend is not None]
    dates = [file.public_from for file in files if file.public_from is not None]
    rules = dict(stored.missing)
    for file in files:
        rules |= file.missing
    return replace(
        stored,
        trend=trends[0] if trends else stored.trend,
        texts={file.language: file.text for file in files},
        missing=rules,
        public_from=dates[0] if dates else stored.public_from,
    )


def _import(tx: Transaction, files: Sequence[CommentaryFile]) -> Imported:
    known = [newsletters.pick(tx, slug) for slug in newsletters.slugs(tx)]
    if problems := check_against(files, known):
        raise InputError(problems)
    cells: dict[tuple[str, Period, str], list[CommentaryFile]] = defaultdict(list)
    for file in files:
        cells[_newsletter_of(file, known), file.period, file.topic].append(file)
    changed = 0
    for (slug, period, topic), of_cell in cells.items():
        stored = commentaries.find(tx, slug, topic, period) or Commentary(topic, period)
        if problems := _contradictions(stored, of_cell):
            raise InputError(problems)
        changed += len(commentaries.save(tx, slug, merged(stored, of_cell)))
    return Imported(changed, len(files) - changed)


def _newsletter_of(file: CommentaryFile, known: Sequence[Newsletter]) -> str:
    # check_against has refused a file without a newsletter where there are several.
    return file.newsletter or known[0].slug


def _contradictions(stored: Commentary, files: Sequence[CommentaryFile]) -> list[Problem]:
    """Say where *files* change a trend on which stored texts in other languages still rest."""
    brought = {file.language for file in files}
    others = [text for language, text in stored.texts.items() if language not in brought]
    named = [file for file in files if file.trend is not None]
    if not others or not named or stored.trend in (None, named[0].trend):
        return []
    kept = ", ".join(text.source or text.language for text in others)
    return [
        named[0].problem(
            "trend",
            f"trend is “{named[0].trend}”, but the stored {kept} says “{stored.trend}”; "
            "import every language of this commentary together with one trend",
        )
    ]
