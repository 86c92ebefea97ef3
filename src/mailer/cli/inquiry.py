"""``mailer reader show`` and ``erase``: one reader, by the exact address; the desk's page does the same."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from mailer.audience.address import NotAnAddress, parse_address
from mailer.audience.erasure import erase_address
from mailer.audience.inquiry import look_up
from mailer.audience.inquiry_words import NOT_KNOWN, in_words
from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.errors import MailerError, UsageError

_Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The whole address.")]


def show(
    context: typer.Context,
    address: _Address,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say what is known of one address."""
    settings: Context = context.obj
    _check(address)

    async def work(here: Installation) -> None:
        now = here.clock()
        card = await look_up(here.database, here.vault, address, now=now)
        if json:
            print_json({"is_known": card.is_known, "can_be_asked": card.can_be_asked, **asdict(card)})
            return
        if not card.is_known:
            say(NOT_KNOWN)
        for section in in_words(card, now):
            say(f"{section.heading}:")
            for line in section.lines:
                say(f"  {line}")

    settings.run(work)


def erase(
    context: typer.Context,
    address: _Address,
    *,
    block: Annotated[
        bool, typer.Option("--block", help="Keep a fingerprint, so that it is never mailed again.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Erase everything that leads to one address."""
    settings: Context = context.obj
    _check(address)
    if not yes and not typer.confirm("Erase this reader for good?"):
        raise MailerError("nothing was changed: nobody was erased")

    async def work(here: Installation) -> bool:
        return await erase_address(here.database, here.vault, address, keeps_block=block, now=here.clock())

    found = settings.run(work)
    say("Erased: nothing that is stored here names this reader any more" if found else "Nothing to erase")


def _check(address: str) -> None:
    try:
        parse_address(address)
    except NotAnAddress as error:
        raise UsageError(f"{error}; write it as name@example.org") from error
