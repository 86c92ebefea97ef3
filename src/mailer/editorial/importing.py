"""Editors' files become stored commentaries: all of them or none, and only what changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mailer.domain.commentary import Commentary
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period
from mailer.editorial.agreement import check_against
from mailer.editorial.commentary_file import CommentaryFile
from mailer.editorial.folder import ReadFiles
from mailer.errors import InputError, Problem, UsageError
from mailer.storage import Database, Transaction, commentaries, newsletters, readers
from mailer.storage.media import Media


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: texts that are new or changed, and texts that were stored already."""

    changed: int
    unchanged: int


async def import_newsletter(database: Database, newsletter: Newsletter) -> bool:
    """Store *newsletter*; return whether anything changed.

    Raises:
        UsageError: it drops a topic that has commentaries, or a language that readers get.
    """

    def work(tx: Transaction) -> bool:
        before = newsletters.find(tx, newsletter.slug)
        removed = set(before.languages if before else ()) - set(newsletter.languages)
        for language, count in readers.active_count(tx, newsletter.slug).items():
            if language in removed:
                raise UsageError(
                    f"languages leaves out “{language}”, which {count} confirmed "
                    f"{'reader gets' if count == 1 else 'readers get'}; keep it"
                )
        return newsletters.save(tx, newsletter)

    return await database.write(work)


async def import_texts(database: Database, media: Media, read: ReadFiles) -> Imported:
    """Store what *read* says, with the pictures it shows; importing it again changes nothing.

    Pictures come first: no stored text names one that is not there. A refused import may leave some
    behind, which nothing names.

    Raises:
        NotFound, InputError: as for *import_commentaries*; no text is stored.
        StorageError: the pictures' folder can't be written; no text is stored.
    """
    await asyncio.to_thread(media.keep, read.pictures)
    return await import_commentaries(database, read.files)


async def import_commentaries(database: Database, files: Sequence[CommentaryFile]) -> Imported:
    """Store what *files* say, in one transaction; importing them again changes nothing.

    Raises:
        NotFound: there is no newsletter yet.
        InputError: a file names a newsletter, topic or language that is not known, or disagrees
            with a text that is stored in another language; nothing is stored.
    """
    return await database.write(lambda tx: _import(tx, files))


def merged(stored: Commentary, files: Sequence[CommentaryFile]) -> Commentary:
    """
    Return *stored* with what *files* say of it; its texts are those of the files alone.

    Trend and rules for missing texts may stand in the file of any language: only when no stored text
    is left out does a line that is gone from the files go from the commentary too.
    """
    is_whole = {file.language for file in files} >= stored.texts.keys()
    trends = [file.trend for file in files if file.trend is not None]
    dates = [file.public_from for file in files if file.public_from is not None]
    rules = {} if is_whole else dict(stored.missing)
    for file in files:
        rules |= file.missing
    kept_trend = None if is_whole else stored.trend
    return replace(
        stored,
        trend=trends[0] if trends else kept_trend,
        texts={file.language: file.text for file in files},
        missing=rules,
        public_from=dates[0] if dates else stored.public_from,
    )


def _import(tx: Transaction, files: Sequence[CommentaryFile]) -> Imported:
    known = [newsletters.pick(tx, slug) for slug in newsletters.slugs(tx)]
    if not known:
        newsletters.pick(tx, None)  # says so once, not for every file
    if problems := check_against(files, known):
        raise InputError(problems)
    cells: dict[tuple[str, Period, str], list[CommentaryFile]] = defaultdict(list)
    for file in files:
        cells[_newsletter_of(file, known), file.period, file.topic].append(file)
    stored = {
        (slug, period, topic): commentaries.find(tx, slug, topic, period) or Commentary(topic, period)
        for slug, period, topic in cells
    }
    if problems := [each for cell in cells for each in _contradictions(stored[cell], cells[cell])]:
        raise InputError(problems)
    changed = sum(_save(tx, cell[0], stored[cell], of_cell) for cell, of_cell in cells.items())
    return Imported(changed, len(files) - changed)


def _save(tx: Transaction, slug: str, stored: Commentary, files: Sequence[CommentaryFile]) -> int:
    """Store one commentary; return how many of *files* brought something new."""
    after = merged(stored, files)
    texts = commentaries.save(tx, slug, after)
    # What the texts share is changed by all of them.
    shared_is_new = replace(after, texts=stored.texts) != stored
    return len(files) if shared_is_new else len(texts)


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
