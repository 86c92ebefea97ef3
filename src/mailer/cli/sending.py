"""``mailer sending``: what a person allows after a database was put back or copied."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.delivery.fence import Fence
from mailer.delivery.timekeeper import clock_problem
from mailer.errors import MailerError
from mailer.storage import restored
from mailer.storage.restored import Waiting

app = typer.Typer(help="Whether mail may leave.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``allow`` a verb of its own while it is the only one."""


@app.command()
def allow(
    context: typer.Context,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Let a restored or copied database send.

    A running “mailer serve” goes on by itself.
    """
    settings: Context = context.obj
    settings.run(lambda installation: _allow(installation, ask=not yes))


async def _allow(installation: Installation, *, ask: bool) -> None:
    fence = installation.fence()
    found = await _found(installation, fence)
    if found is None:
        say("Sending is allowed already; nothing was changed")
        return
    say(f"Found: {found}")
    for line in _said(await installation.database.read(restored.waiting)):
        say(line)
    if ask and not typer.confirm("Allow this database to send?"):
        raise MailerError("nothing was changed: nothing is sent")
    await fence.allow()
    say("Sending is allowed; a running “mailer serve” goes on within seconds")


async def _found(installation: Installation, fence: Fence) -> str | None:
    """Say what keeps mail from leaving, or None."""
    state = await fence.look()
    if not state.is_open:
        return state.found
    return await clock_problem(installation.database, installation.clock())


def _said(waiting: Sequence[Waiting]) -> list[str]:
    if not waiting:
        return ["No copy waits: only what is released from now on will be sent"]
    return [
        "These copies go out as soon as you allow it; if they were sent since, cancel the issue first:",
        *(
            f"  {each.newsletter} {each.period or ''} (issue {each.issue_id}): {each.copies}"
            for each in waiting
        ),
    ]
