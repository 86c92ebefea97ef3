"""``mailer issue``: from a week's commentaries to an issue that is sent, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli import preview
from mailer.cli.context import Context
from mailer.cli.issue_choice import (
    IssueOption,
    JsonOption,
    find_issue,
    issue_json,
    name_of,
    newsletter_and_period,
)
from mailer.cli.output import books_json, books_table, in_every_language, print_json, say
from mailer.cli.week import NewsletterOption, WeekOption
from mailer.delivery.allowance import lane_of
from mailer.delivery.release import release as release_issue
from mailer.delivery.standstill import Standstill, read_standstill
from mailer.domain.books import Books
from mailer.domain.issue import Issue, IssueMove, IssueWords, states_before
from mailer.domain.language import Language, parse_language
from mailer.editorial import draft
from mailer.editorial.draft import Draft
from mailer.editorial.encoding import find_unprintable
from mailer.editorial.schedule_times import zone_of
from mailer.errors import InvalidMove, UsageError
from mailer.storage import books

app = typer.Typer(help="Issues: build, check, release, follow.", no_args_is_help=True)
app.command("preview")(preview.preview)

Words = Annotated[list[str] | None, typer.Option(metavar="LANG=TEXT", help="Once per language.")]


@app.command()
def build(
    context: typer.Context,
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    subject: Words = None,
    preheader: Words = None,
    opening_note: Words = None,
    *,
    json: JsonOption = False,
) -> None:
    """Gather a week's commentaries into a draft.

    Again puts in what changed.
    """
    settings: Context = context.obj
    words = _words(subject or [], preheader or [], opening_note or [])

    async def work(installation: Installation) -> Draft:
        found, period = await newsletter_and_period(installation, newsletter, week)
        return await draft.build(installation.database, found, period, words=words, now=installation.clock())

    _print_draft(settings.run(work), Standstill(), json=json)


@app.command()
def check(
    context: typer.Context,
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Say what holds a draft; status 1 when something does."""
    settings: Context = context.obj
    found = settings.run(lambda installation: find_issue(installation, newsletter, week, issue))
    _print_draft(found, Standstill(), json=json)
    if found.blocking:
        raise typer.Exit(1)


@app.command()
def show(
    context: typer.Context,
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show an issue: its state, topics and texts.

    And why it stands still, if it does.
    """
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[Draft, Standstill]:
        found = await find_issue(installation, newsletter, week, issue)
        return found, await _standstill(installation, found)

    found, standstill = settings.run(work)
    _print_draft(found, standstill, json=json)


@app.command()
def release(
    context: typer.Context,
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Approve and send.

    The draft is frozen for its confirmed readers and handed to the sender.
    """
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[Issue, Mapping[Language, Books]]:
        found = await find_issue(installation, newsletter, week, issue)
        if found.issue.state not in states_before(IssueMove.RELEASE):
            raise InvalidMove(
                f"{name_of(found.issue)} is {found.issue.state} already, so nothing was done; "
                "“mailer issue stats” tells how it went"
            )
        presence = installation.presence()
        await presence.enter()
        try:
            terms = installation.terms(presence.id, installation.clock())
            released = await release_issue(installation.database, found.issue.id, terms)
        finally:
            await presence.leave()
        return released, await _books(installation, found)

    released, counted = settings.run(work)
    if json:
        print_json(issue_json(released) | books_json(counted))
        return
    audience = sum(each.audience for each in counted.values())
    readers = "1 reader" if audience == 1 else f"{audience} readers"
    say(f"{name_of(released)} is released to {readers}; “mailer serve” sends it")
    say(books_table(counted))


@app.command()
def stats(
    context: typer.Context,
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Account for every copy of an issue, per language."""
    settings: Context = context.obj

    async def work(installation: Installation) -> tuple[Draft, Standstill, Mapping[Language, Books]]:
        found = await find_issue(installation, newsletter, week, issue)
        return found, await _standstill(installation, found), await _books(installation, found)

    found, standstill, counted = settings.run(work)
    if json:
        print_json(issue_json(found.issue) | standstill.as_json() | books_json(counted))
        return
    _say_state(found, standstill)
    say(books_table(counted))


async def _books(installation: Installation, found: Draft) -> Mapping[Language, Books]:
    counted = await installation.database.read(lambda tx: books.by_language(tx, found.issue.id))
    return in_every_language(counted, found.newsletter.languages)


async def _standstill(installation: Installation, found: Draft) -> Standstill:
    now, lane = installation.clock(), lane_of(installation.settings.relay)
    return await installation.database.read(lambda tx: read_standstill(tx, found.issue, lane, now))


def _say_state(found: Draft, standstill: Standstill) -> None:
    say(f"{name_of(found.issue)}: {found.issue.state}")
    for sentence in standstill.sentences(zone_of(found.newsletter)):
        say(f"STANDS STILL: {sentence}")


def _words(subjects: list[str], preheaders: list[str], notes: list[str]) -> dict[Language, IssueWords]:
    by_option = {"--subject": subjects, "--preheader": preheaders, "--opening-note": notes}
    subjects_by, preheaders_by, notes_by = (
        _by_language(option, values) for option, values in by_option.items()
    )
    return {
        language: IssueWords(
            subjects_by.get(language, ""), preheaders_by.get(language, ""), notes_by.get(language, "")
        )
        for language in subjects_by.keys() | preheaders_by.keys() | notes_by.keys()
    }


def _by_language(option: str, values: list[str]) -> dict[Language, str]:
    found: dict[Language, str] = {}
    for value in values:
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


def _print_draft(found: Draft, standstill: Standstill, *, json: bool) -> None:
    findings = [
        {"severity": each.severity, "message": each.message, "remedy": each.remedy} for each in found.findings
    ]
    if json:
        topics = [
            {"topic": each.topic, "trend": each.trend, "ready": sorted(each.ready_languages())}
            for each in found.grid.commentaries
        ]
        audience = {str(language): count for language, count in found.audience.items()}
        known = {"topics": topics, "audience": audience, "findings": findings}
        print_json(issue_json(found.issue) | known | standstill.as_json())
        return
    _say_state(found, standstill)
    for each in found.grid.commentaries:
        say(f"  {each.topic:<16} {each.trend or 'no trend':<10} {', '.join(sorted(each.ready_languages()))}")
    for finding in found.findings:
        say(f"{'HELD' if finding in found.blocking else 'note'}: {finding}")
