"""“Add texts”: files from a writer's computer, by the same checks and sentences as the command."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from mailer.domain.commentary import TextState
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.period import Period, parse_period
from mailer.editorial import draft
from mailer.editorial.commentary_file import CommentaryFile, Defaults
from mailer.editorial.folder import ReadFiles, read_files
from mailer.editorial.importing import import_texts
from mailer.editorial.unpacking import MOST_FILES, MOST_PICTURE_BYTES, unpack
from mailer.errors import InputError, Problem
from mailer.storage import Transaction, commentaries, issues
from mailer.web.desk.door import Visit, guarded
from mailer.web.desk.frame import show
from mailer.web.desk.words import LANGUAGES
from mailer.web.pages import all_newsletters
from mailer.web.site import Site

# Texts with pictures are light beside these. What the form adds: names and separators of the files.
_MOST_BODY_BYTES: Final = MOST_PICTURE_BYTES + 1_000_000


@dataclass(frozen=True, slots=True)
class Added:
    """One text of an upload.

    Attributes:
        what: "new", "changed" or "as it was".
    """

    period: Period
    topic: str
    language: str
    headline: str
    is_ready: bool
    what: str


def routes(site: Site) -> list[Route]:
    """Return the routes of “Add texts”."""
    return [
        guarded(site, "/desk/texts", _form),
        guarded(site, "/desk/texts", _add, method="POST", most_body_bytes=_MOST_BODY_BYTES),
    ]


async def _form(visit: Visit) -> Response:
    return await _show_form(visit)


async def _add(visit: Visit) -> Response:
    database = visit.site.database
    known = await database.read(all_newsletters)
    try:
        defaults = _defaults(visit, known)
        read = await asyncio.to_thread(_read_uploads, visit, defaults)
        before = await database.read(partial(_compare, files=read.files, known=known))
        await import_texts(database, visit.site.media, read)
        visit.site.ring()
    except InputError as error:
        return await _show_form(visit, error.problems)
    concerned = await database.read(partial(_issues_of, files=read.files, known=known))
    return show(
        visit,
        "desk/added.html",
        added=before,
        untouched=read.untouched,
        pictures=len(read.pictures),
        notes=read.notes,
        issues=concerned,
    )


def _read_uploads(visit: Visit, defaults: Defaults) -> ReadFiles:
    uploaded = unpack(visit.files)
    return read_files(
        uploaded.texts, pictures=uploaded.pictures, defaults=defaults, holds=visit.site.media.holds
    )


async def _show_form(visit: Visit, problems: Sequence[Problem] = ()) -> Response:
    known = await visit.site.database.read(all_newsletters)
    week = visit.fields.get("week")
    if week is None:
        week = draft.last_period(known[0], visit.site.clock()).key if known else ""
    return show(
        visit,
        "desk/texts.html",
        status=422 if problems else 200,
        problems=problems,
        week=week[:30],
        known=known,
        most_files=MOST_FILES,
        most_megabytes=MOST_PICTURE_BYTES // 1_000_000,
    )


def _defaults(visit: Visit, known: Sequence[Newsletter]) -> Defaults:
    """Return what holds for files that do not say otherwise."""
    week = visit.fields.get("week", "").strip()
    try:
        period = parse_period(week) if week else None
    except ValueError as error:
        raise InputError.at("Week", None, str(error)) from error
    chosen = next((each for each in known if each.slug == visit.fields.get("newsletter")), None)
    zone = (chosen or known[0]).zone if known else "UTC"
    return Defaults(chosen.slug if chosen else None, period, ZoneInfo(zone))


def _compare(tx: Transaction, files: Sequence[CommentaryFile], known: Sequence[Newsletter]) -> list[Added]:
    """Say of each text whether it is new, before it is stored; texts of one topic side by side."""
    added = [_compared(tx, file, _newsletter_of(file, known)) for file in files]
    return sorted(added, key=lambda each: (each.period, each.topic))


def _compared(tx: Transaction, file: CommentaryFile, newsletter: Newsletter | None) -> Added:
    slug = newsletter.slug if newsletter else ""
    stored = commentaries.find(tx, slug, file.topic, file.period)
    before = stored.texts.get(file.language) if stored else None
    kept = before is not None and (
        before.state, before.headline, before.lead, before.body, before.author,
    ) == (file.text.state, file.text.headline, file.text.lead, file.text.body, file.text.author)  # fmt: skip
    return Added(
        period=file.period,
        topic=_topic_title(newsletter, file.topic),
        language=LANGUAGES[file.language],
        headline=file.text.headline,
        is_ready=file.text.state is TextState.READY,
        what="new" if before is None else "as it was" if kept else "changed",
    )


def _topic_title(newsletter: Newsletter | None, slug: str) -> str:
    for topic in newsletter.topics if newsletter else ():
        if topic.slug == slug:
            return topic.title.get(Language.ENGLISH, slug)
    return slug


def _issues_of(
    tx: Transaction, files: Sequence[CommentaryFile], known: Sequence[Newsletter]
) -> list[tuple[Period, int | None]]:
    """Return the periods that got texts, each with the number of its issue."""
    found = {}
    for file in files:
        newsletter = _newsletter_of(file, known)
        issue = issues.of_period(tx, newsletter.slug, file.period) if newsletter else None
        found[file.period] = issue.id if issue else None
    return sorted(found.items())


def _newsletter_of(file: CommentaryFile, known: Sequence[Newsletter]) -> Newsletter | None:
    if file.newsletter is None:
        return known[0] if len(known) == 1 else None
    return next((each for each in known if each.slug == file.newsletter), None)
