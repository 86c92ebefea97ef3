"""``mailer issue``: from a week's commentaries to an issue that is sent, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping

import typer

from mailer.bootstrap import Installation
from mailer.cli import checking, preview
from mailer.cli.context import Context
from mailer.cli.draft_output import draft_json, say_draft, say_state
from mailer.cli.issue_choice import (
    IssueOption,
    IssueWeekOption,
    JsonOption,
    find_issue,
    issue_json,
    name_of,
    newsletter_and_period,
)
from mailer.cli.issue_words import Notes, Words, issue_words
from mailer.cli.output import books_json, books_table, in_every_language, print_json, say
from mailer.cli.returns_output import returns_json, returns_table
from mailer.cli.week import NewsletterOption, WeekOption
from mailer.delivery.allowance import lane_of
from mailer.delivery.release import release as release_issue
from mailer.delivery.standstill import Standstill, read_standstill
from mailer.domain.books import Books
from mailer.domain.issue import Issue, IssueMove, states_before
from mailer.domain.language import Language
from mailer.domain.returns import GroupReturns
from mailer.editorial import draft
from mailer.editorial.draft import Draft
from mailer.errors import InvalidMove
from mailer.storage import books, return_stats

_Lines = list[GroupReturns]

app = typer.Typer(help="Issues: build, check, release, follow.", no_args_is_help=True)
app.command("preview")(preview.preview)


@app.command()
def build(
    context: typer.Context,
    week: WeekOption = "last",
    newsletter: NewsletterOption = None,
    *,
    subject: Words = None,
    preheader: Words = None,
    opening_note: Notes = None,
    closing_notice: Notes = None,
    json: JsonOption = False,
) -> None:
    """Gather a week's commentaries into a draft.

    Again puts in what changed; words that are not named stay as they were.
    """
    settings: Context = context.obj
    words = issue_words(
        subject=subject, preheader=preheader, opening_note=opening_note, closing_notice=closing_notice
    )

    async def work(installation: Installation) -> Draft:
        found, period = await newsletter_and_period(installation, newsletter, week)
        return await draft.build(
            installation.database,
            found,
            period,
            words=words,
            now=installation.clock(),
            machine=installation.machine,
        )

    _print(settings.run(work), Standstill(), json=json)


app.command("check")(checking.check)


@app.command()
def show(
    context: typer.Context,
    week: IssueWeekOption = None,
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
    _print(found, standstill, json=json)


@app.command()
def release(
    context: typer.Context,
    week: IssueWeekOption = None,
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
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    json: JsonOption = False,
) -> None:
    """Account for every copy of an issue.

    Per language; and for what came back of them, per language and mail provider.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Draft, Standstill, Mapping[Language, Books], _Lines]:
        found = await find_issue(here, newsletter, week, issue)
        came_back = await here.database.read(lambda tx: return_stats.by_group(tx, found.issue.id))
        return found, await _standstill(here, found), await _books(here, found), came_back

    found, standstill, counted, came_back = settings.run(work)
    if json:
        told = books_json(counted) | returns_json(came_back)
        print_json(issue_json(found.issue) | standstill.as_json() | told)
        return
    say_state(found, standstill)
    say(books_table(counted))
    if table := returns_table(came_back):
        say(f"\n{table}")


async def _books(installation: Installation, found: Draft) -> Mapping[Language, Books]:
    counted = await installation.database.read(lambda tx: books.by_language(tx, found.issue.id))
    return in_every_language(counted, found.newsletter.languages)


async def _standstill(installation: Installation, found: Draft) -> Standstill:
    now, lane = installation.clock(), lane_of(installation.settings.relay)
    return await installation.database.read(lambda tx: read_standstill(tx, found.issue, lane, now))


def _print(found: Draft, standstill: Standstill, *, json: bool) -> None:
    if json:
        print_json(draft_json(found, standstill))
    else:
        say_draft(found, standstill)
