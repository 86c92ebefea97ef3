"""The checks of an issue's words before anything is rendered: read what they need, and judge.

They run whenever a draft is looked at, so what they read is little: the issue before, and the pages
that texts link to. What only a finished edition shows is judged in delivery/printing.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.domain.checks.lettering import wrong_language, wrong_words
from mailer.domain.checks.machine import Machine, unready_machine
from mailer.domain.checks.private_links import own_pages, readers_own_link
from mailer.domain.checks.references import (
    IssuePage,
    Known,
    References,
    Shown,
    bad_references,
    pictures_of,
    place_of,
)
from mailer.domain.checks.repetition import repeated_texts
from mailer.domain.checks.sequence import out_of_sequence
from mailer.domain.commentary import Commentary
from mailer.domain.finding import Finding
from mailer.domain.issue import Issue, IssueKind
from mailer.domain.language import Language
from mailer.domain.period import Period, parse_period
from mailer.domain.picture import SCHEME, parse_picture
from mailer.domain.plan import Grid, plan_for
from mailer.editorial.references import find_references
from mailer.editorial.said import Said, about_issue, in_texts, names_of, of_newsletter
from mailer.storage import Database, Transaction, archive, commentaries

_PICTURE_ELSEWHERE = "take it out there, and show it in a commentary: only these are imported with pictures"
_LOGO_REMEDY = "run mailer newsletter import newsletter.toml again, with the logo’s file beside it"


@dataclass(frozen=True, slots=True)
class Before:
    """What went before an issue.

    Attributes:
        released: periods of the newsletter's issues that were sent.
        texts: of the period before, by topic.
    """

    released: Collection[Period]
    texts: Mapping[str, Commentary]


def read_before(tx: Transaction, grid: Grid, machine: Machine) -> Before:
    """Return what went before the issue of *grid*."""
    slug = grid.newsletter.slug
    released = archive.periods(tx, slug, kinds=_kinds(machine))
    earlier = [period for period in released if period.last_day < grid.period.first_day]
    # The issue readers had last; before the first one, whatever is stored of the week before.
    last = max(earlier, default=grid.period.previous)
    return Before(released, {each.topic: each for each in commentaries.of_period(tx, slug, last)})


async def check_words(
    database: Database, grid: Grid, issue: Issue, before: Before, machine: Machine
) -> list[Finding]:
    """Judge the texts of an issue, its place among others, and the machine it goes out from."""
    texts, about = list(in_texts(grid)), [*about_issue(issue), *of_newsletter(grid.newsletter)]
    said = [*texts, *about, *names_of(grid.newsletter)]
    references = await asyncio.to_thread(_references, said)
    logo = _logo(grid)
    known = await _known(database, grid, [*references.values(), logo], machine)
    found = [
        *unready_machine(machine, grid.newsletter.sender),
        *out_of_sequence(grid.period, before.released),
        *_wrong_languages(grid),
        *(finding for each in about for finding in wrong_words(each.words, each.language, each.name)),
        *(
            finding
            for each in grid.commentaries
            for finding in repeated_texts(each, before.texts.get(each.topic))
        ),
        *_bad_references(references, known),
        *bad_references(logo, known, "newsletter.toml", picture_remedy=_LOGO_REMEDY),
        *_readers_own_links(said, machine),
    ]
    # A link in the Markdown is found by the parser and among the words.
    return list(dict.fromkeys(found))


def _wrong_languages(grid: Grid) -> Iterator[Finding]:
    for commentary in grid.commentaries:
        for language in sorted(commentary.ready_languages()):
            yield from wrong_language(commentary.texts[language], f"{commentary.topic}.{language}")


def _references(said: Iterable[Said]) -> dict[Said, References]:
    """Return what Markdown words point to; those that point to nothing are not in it."""
    found = {each: find_references(each.words) for each in said if each.is_markdown}
    return {each: references for each, references in found.items() if references != References()}


def _logo(grid: Grid) -> References:
    theme = grid.newsletter.theme
    # Its words are the newsletter's title.
    return References(pictures=(Shown(f"{SCHEME}{theme.logo}", grid.newsletter.slug),) if theme.logo else ())


def _bad_references(references: Mapping[Said, References], known: Known) -> Iterator[Finding]:
    for said, found in references.items():
        remedy = "" if said.has_pictures else _PICTURE_ELSEWHERE
        yield from bad_references(found, known, said.where, picture_remedy=remedy)


def _readers_own_links(said: Iterable[Said], machine: Machine) -> Iterator[Finding]:
    for each in said:
        for page in own_pages(each.words, machine.public_url):
            yield readers_own_link(page, each.name, each.where)


async def _known(
    database: Database, grid: Grid, references: Collection[References], machine: Machine
) -> Known:
    slug, key = grid.newsletter.slug, grid.period.key
    own = {
        IssuePage(language, slug, key): [cell.topic for cell in plan_for(grid, language, None).cells]
        for language in grid.newsletter.languages
    }
    places = {place_of(url, machine.public_url) for found in references for url in found.links}
    asked = {place for place in places if isinstance(place, IssuePage)} - own.keys()
    pages = await database.read(lambda tx: _readable(tx, asked, machine)) if asked else set[IssuePage]()
    names = {name for found in references for name in pictures_of(found, machine.public_url)}
    kept = None if machine.media is None else await asyncio.to_thread(_kept, machine.media, names)
    return Known(machine.public_url, pages, own, kept)


def _readable(tx: Transaction, asked: Collection[IssuePage], machine: Machine) -> set[IssuePage]:
    kinds = _kinds(machine)
    found = set()
    for page in asked:
        period = _period(page.period_key)
        if period and Language(page.language) in archive.of_period(tx, page.newsletter, period, kinds=kinds):
            found.add(page)
    return found


def _period(key: str) -> Period | None:
    """Return the period a path names; a page has one address, so one spelling only."""
    try:
        period = parse_period(key)
    except ValueError:
        return None
    return period if period.key == key else None


def _kept(folder: Path, names: Collection[str]) -> set[str]:
    return {name for name in names if _is_picture(name) and (folder / name).is_file()}


def _is_picture(name: str) -> bool:
    """Tell whether *name* may be looked for on the disk at all."""
    try:
        parse_picture(name)
    except ValueError:
        return False
    return True


def _kinds(machine: Machine) -> tuple[IssueKind, ...]:
    """Return the kinds of issue that count as sent: a rehearsal only while nothing leaves this machine."""
    return (IssueKind.REGULAR,) if machine.has_relay else (IssueKind.REGULAR, IssueKind.REHEARSAL)
