"""``mailer books``: proof that every copy of every issue stands somewhere, and only once.

Progress is read from counters, which cost nothing; here each copy's own row is counted and held
against them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import typer

from mailer.audience.returned_words import few
from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.issue_choice import IssueOption, find_issue, issue_json, name_of
from mailer.cli.output import books_json, books_table, print_json, say
from mailer.cli.week import NewsletterOption
from mailer.domain.books import Books
from mailer.domain.issue import Issue
from mailer.domain.language import Language
from mailer.domain.returns import in_all
from mailer.storage import Transaction, issues, return_stats
from mailer.storage import books as ledger

_Lines = dict[Language, Books]
_Week = Annotated[
    str | None,
    typer.Option(metavar="WEEK", help="Of one week: “last”, 2026-W47, or a day of it; else of every issue."),
]


@dataclass(frozen=True, slots=True)
class _Page:
    """What is known of an issue's copies.

    Attributes:
        counted: from the chunks' counters.
        proven: from the copies themselves.
        strays: copies that no counter knows.
        came_back: copies that a provider took, and returned later; they stay taken.
    """

    issue: Issue
    counted: _Lines
    proven: _Lines
    strays: int
    came_back: int

    @property
    def balances(self) -> bool:
        lines = [*self.counted.values(), *self.proven.values()]
        return all(line.balance for line in lines) and self.counted == self.proven and not self.strays


def books(
    context: typer.Context,
    week: _Week = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Prove that every copy is accounted for.

    Status 1 where one is not.
    """
    settings: Context = context.obj

    async def work(here: Installation) -> list[_Page]:
        if issue is None and week is None and newsletter is None:
            return await here.database.read(lambda tx: [_page(tx, each) for each in ledger.with_copies(tx)])
        chosen = (await find_issue(here, newsletter, week, issue)).issue.id
        return [await here.database.read(lambda tx: _page(tx, chosen))]

    pages = settings.run(work)
    balance = all(page.balances for page in pages)
    if json:
        print_json({"books_balance": balance, "issues": [_as_json(page) for page in pages]})
    else:
        _print(pages)
    if not balance:
        raise typer.Exit(1)


def _page(tx: Transaction, issue_id: int) -> _Page:
    counted = ledger.by_language(tx, issue_id)
    # Tries are counted as they happen and stand in no copy's row: they are shown, and prove nothing.
    proven = {
        language: replace(line, deferred_attempts=counted.get(language, Books()).deferred_attempts)
        for language, line in ledger.proven(tx, issue_id).items()
    }
    came_back = in_all(return_stats.by_group(tx, issue_id)).came_back_later
    return _Page(issues.get(tx, issue_id), counted, proven, ledger.strays(tx, issue_id), came_back)


def _as_json(page: _Page) -> dict[str, Any]:
    found = issue_json(page.issue) | books_json(page.proven)
    found |= {"books_balance": page.balances, "came_back_later": page.came_back}
    if not page.balances:
        found |= {"counters": books_json(page.counted)["languages"], "uncounted": page.strays}
    return found


def _print(pages: list[_Page]) -> None:
    if not pages:
        say("no issue has copies yet; “mailer issue release” makes them")
    for page in pages:
        words = "every copy accounted for" if page.balances else "NOT EVERY COPY IS ACCOUNTED FOR"
        say(f"{name_of(page.issue)}: {page.issue.state}, {words}")
        say(books_table(page.proven))
        if page.came_back:
            say(f"of those taken, came back later: {few(page.came_back)}")
        if page.balances:
            continue
        say("the counters say otherwise:")
        say(books_table(page.counted))
        if page.strays:
            say(f"copies that no counter knows: {page.strays}")
        say("send nothing further: “mailer issue pause”, copy the data folder away, and report this")
