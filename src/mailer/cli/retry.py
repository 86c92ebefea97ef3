"""``mailer issue retry``: copies that were refused because of us go out once more, when it is mended."""

from __future__ import annotations

from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.issue_choice import IssueOption, IssueWeekOption, JsonOption, find_issue, issue_json, name_of
from mailer.cli.output import print_json, say
from mailer.cli.week import NewsletterOption
from mailer.delivery import second_try
from mailer.domain.issue import Issue, IssueState
from mailer.errors import MailerError
from mailer.storage import issues
from mailer.storage.requeue import Requeued


def retry(
    context: typer.Context,
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    uncertain: Annotated[
        bool, typer.Option("--uncertain", help="Those held as not certain, too: they may arrive twice.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Send copies again that were refused because of us."""
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Issue, Requeued]:
        found = (await find_issue(here, newsletter, week, issue)).issue
        waiting = await second_try.waiting(here.database, found.id, uncertain=uncertain, now=here.clock())
        if waiting == Requeued():
            return found, waiting
        if not (yes or json) and not typer.confirm(
            f"Send {_count(waiting)} again? Each reader’s copy goes once."
        ):
            raise MailerError("nothing was changed")
        done = await second_try.retry(here.database, found.id, uncertain=uncertain, now=here.clock())
        return await here.database.read(lambda tx: issues.get(tx, found.id)), done

    found, done = settings.run(work)
    if json:
        print_json(issue_json(found) | {"queued": done.refused, "uncertain": done.uncertain})
    elif done == Requeued():
        say(f"{name_of(found)} has no copy to send again; nothing was changed")
    else:
        say(f"{name_of(found)}: {_count(done)} will be sent again{_when(found)}")


def _count(copies: Requeued) -> str:
    parts = [
        f"{count} {'copy' if count == 1 else 'copies'} {words}"
        for count, words in (
            (copies.refused, "that were refused because of us"),
            (copies.uncertain, "that may have arrived"),
        )
        if count
    ]
    return " and ".join(parts)


def _when(issue: Issue) -> str:
    if issue.state is IssueState.PAUSED:
        return ", once “mailer issue resume” goes on"
    return "; what stands still goes on by “mailer issue resume”"
