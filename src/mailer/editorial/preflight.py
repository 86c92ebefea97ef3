"""The checks of an issue's words before anything is rendered: read what they need, and judge.

They run whenever a draft is looked at, so what they read is little: the issue before, and the pages
that texts link to. What only a finished edition shows is judged in delivery/printing.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.domain.checks.lettering import wrong_language
from mailer.domain.checks.machine import Machine, unready_machine
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
from mailer.storage import Database, Transaction, archive, commentaries


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
    references = await asyncio.to_thread(_references, grid, issue)
    known = await _known(database, grid, references, machine)
    return [
        *unready_machine(machine, grid.newsletter.sender),
        *out_of_sequence(grid.period, before.released),
        *_wrong_languages(grid),
        *(
            finding
            for each in grid.commentaries
            for finding in repeated_texts(each, before.texts.get(each.topic))
        ),
        *(finding for where, found in references.items() for finding in bad_references(found, known, where)),
    ]


def _wrong_languages(grid: Grid) -> Iterator[Finding]:
    for commentary in grid.commentaries:
        for language in sorted(commentary.ready_languages()):
            yield from wrong_language(commentary.texts[language], f"{commentary.topic}.{language}")


def _references(grid: Grid, issue: Issue) -> dict[str, References]:
    """Return what each text of an issue points to, and the newsletter's own, by the text's name."""
    found = {
        f"{commentary.topic}.{language}": find_references(commentary.texts[language].body)
        for commentary in grid.commentaries
        for language in sorted(commentary.ready_languages())
    }
    for language, said in issue.words.items():
        found[f"the opening note in {language}"] = find_references(said.opening_note)
        found[f"the closing notice in {language}"] = find_references(said.closing_notices)
    for language, footer in grid.newsletter.footer.items():
        found[f"the footer in {language}"] = find_references(footer)
    if grid.newsletter.theme.logo:
        # Its words are the newsletter's title.
        logo = Shown(f"{SCHEME}{grid.newsletter.theme.logo}", grid.newsletter.slug)
        found["newsletter.toml"] = References(pictures=(logo,))
    return {where: references for where, references in found.items() if references != References()}


async def _known(
    database: Database, grid: Grid, references: Mapping[str, References], machine: Machine
) -> Known:
    slug, key = grid.newsletter.slug, grid.period.key
    own = {
        IssuePage(language, slug, key): [cell.topic for cell in plan_for(grid, language, None).cells]
        for language in grid.newsletter.languages
    }
    places = {place_of(url, machine.public_url) for found in references.values() for url in found.links}
    asked = {place for place in places if isinstance(place, IssuePage)} - own.keys()
    pages = await database.read(lambda tx: _readable(tx, asked, machine)) if asked else set[IssuePage]()
    names = {name for found in references.values() for name in pictures_of(found, machine.public_url)}
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
