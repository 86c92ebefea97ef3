"""``mailer issue pause | resume | cancel | test``: what a person does to an issue on its way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Annotated

import typer

from mailer.audience.address import NotAnAddress, parse_address
from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.draft_output import say_findings
from mailer.cli.issue_choice import IssueOption, IssueWeekOption, find_issue, name_of
from mailer.cli.output import say
from mailer.cli.relay import PATIENCE
from mailer.cli.week import NewsletterOption
from mailer.config import RelaySettings
from mailer.delivery import control
from mailer.delivery.dialler import Dialler
from mailer.delivery.proof import Proof, send_proofs
from mailer.delivery.release import refuse_sample
from mailer.domain.issue import Issue, IssueMove, states_before
from mailer.editorial.draft import Draft
from mailer.errors import MailerError, UsageError
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from mailer.storage import Database, editions

_Move = Callable[[Database, int], Awaitable[Issue]]


def pause(
    context: typer.Context,
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
) -> None:
    """Stop sending before the next copy."""
    moved = _moved(
        context.obj, lambda here: find_issue(here, newsletter, week, issue), lambda _: control.pause
    )
    say(f"{name_of(moved)} is paused; “mailer issue resume” goes on")


def resume(
    context: typer.Context,
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
) -> None:
    """Go on sending."""
    moved = _moved(
        context.obj, lambda here: find_issue(here, newsletter, week, issue), lambda _: control.resume
    )
    say(f"{name_of(moved)} goes on")


def cancel(
    context: typer.Context,
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """End an issue for good: copies that wait are left out."""
    if not yes and not typer.confirm("End this issue for good? What is not sent yet stays unsent."):
        raise MailerError("nothing was cancelled")
    find = partial(find_issue, slug=newsletter, week=week, number=issue)
    moved = _moved(context.obj, find, lambda here: partial(control.cancel, now=here.clock()))
    say(f"{name_of(moved)} is cancelled; “mailer issue stats” says what went out before")


def mail_proofs(
    context: typer.Context,
    addresses: Annotated[list[str], typer.Argument(metavar="ADDRESS", help="Who looks at it.")],
    week: IssueWeekOption = None,
    newsletter: NewsletterOption = None,
    issue: IssueOption = None,
) -> None:
    """Mail every language to somebody who looks."""
    settings: Context = context.obj
    try:
        to = [parse_address(address).spec for address in addresses]
    except NotAnAddress as error:
        raise UsageError(f"{error}; write it as name@example.org") from error

    async def work(here: Installation) -> tuple[Draft, list[Proof], str]:
        found = await find_issue(here, newsletter, week, issue)
        await here.fence().check()
        await refuse_sample(here.database, leaves_machine=here.leaves_machine)
        async with _relay(here) as relay, here.composing() as composer:
            dialler = Dialler(relay, here.hello, PATIENCE)
            terms = here.terms(here.presence().id, here.clock())
            stored = await here.database.read(lambda tx: editions.of_issue(tx, found.issue.id))
            proofs = await send_proofs(
                found, to, dialler=dialler, composer=composer, terms=terms, frozen=stored.values()
            )
        taken = "kept in the outbox" if here.is_outbox_only else "taken by the mail provider"
        return found, proofs, taken

    found, proofs, taken = settings.run(work)
    for proof in proofs:
        to_whom = f"{proof.language}, address {proof.address}" if len(to) > 1 else proof.language
        say(f"{to_whom}: {taken if proof.taken else 'refused'} ({proof.reply})")
    if found.issue.state in states_before(IssueMove.RELEASE):
        say_findings(found.findings)
    else:
        say("these are the copies that readers get: the issue is released already")
    if not proofs:
        raise MailerError("there is no ready text to mail; import texts with “state: ready”")
    if refused := [proof for proof in proofs if not proof.taken]:
        raise MailerError(
            f"{len(refused)} of {len(proofs)} copies were refused, with the words above; ask whoever runs "
            "the outgoing mail server whether it takes mail from the newsletter’s sender"
        )


def _moved(
    context: Context,
    find: Callable[[Installation], Awaitable[Draft]],
    choose: Callable[[Installation], _Move],
) -> Issue:
    async def work(here: Installation) -> Issue:
        found = await find(here)
        return await choose(here)(here.database, found.issue.id)

    return context.run(work)


@asynccontextmanager
async def _relay(here: Installation) -> AsyncIterator[RelaySettings]:
    """Yield the outgoing server, or an outbox for the moment where none is set."""
    if not here.is_outbox_only:
        yield here.settings.relay
        return
    outbox = Relay(Mailbox(here.settings.data / "outbox"))
    await outbox.start()
    try:
        yield here.settings.relay.model_copy(update={"host": "127.0.0.1", "port": outbox.port, "tls": "none"})
    finally:
        await outbox.stop()
