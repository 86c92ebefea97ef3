"""``mailer reader``: readers one at a time; nobody can list them."""

from __future__ import annotations

from typing import Annotated

import typer

from mailer.audience.adding import add_confirmed
from mailer.audience.address import NotAnAddress
from mailer.audience.inquiry import look_up
from mailer.audience.signup import SignUpForm, receive
from mailer.bootstrap import Installation
from mailer.cli import inquiry, moving
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.cli.week import NewsletterOption
from mailer.domain.language import parse_language
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.subscription import Standing
from mailer.errors import MailerError, UsageError
from mailer.storage import newsletters

app = typer.Typer(help="Readers.", no_args_is_help=True)
app.command("show")(inquiry.show)
app.command("erase")(inquiry.erase)
app.command("import")(moving.import_readers)
app.command("invite")(moving.invite_readers)
app.command("export")(moving.export_readers)


@app.command()
def add(
    context: typer.Context,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Who is asked to confirm.")],
    language: Annotated[str, typer.Option(metavar="LANG", help="be, ru or en: what to mail them in.")],
    newsletter: NewsletterOption = None,
    missing: Annotated[str, typer.Option(metavar="RULE", help="leave-out, be, ru, en.")] = "",
    source: Annotated[
        str, typer.Option(metavar="TEXT", help="How you came by the address, for the record.")
    ] = "",
    *,
    asked_back: Annotated[
        bool, typer.Option("--asked-back", help="Its owner wants it again, who had asked for no more mail.")
    ] = False,
    confirmed_by_operator: Annotated[
        bool, typer.Option("--confirmed-by-operator", help="Ask nobody; only after init --sample.")
    ] = False,
) -> None:
    """Mail somebody a request to confirm, valid for 14 days."""
    settings: Context = context.obj
    form = _form(address, language, missing, source=source or "added by an operator")

    async def work(here: Installation) -> str:
        found = await here.database.read(lambda tx: newsletters.pick(tx, newsletter))
        whole = SignUpForm(form.address, (found.slug,), form.language, form.missing, form.source)
        if whole.language not in found.languages:
            raise UsageError(f"--language: {found.slug} is not published in {whole.language}")
        if not asked_back:
            await _refuse_blocked(here, address)
        step = add_confirmed if confirmed_by_operator else receive
        await step(here.database, here.vault, whole, now=here.clock())
        return found.slug

    try:
        slug = settings.run(work)
    except NotAnAddress as error:
        raise UsageError(f"{error}; write it as name@example.org") from error
    if confirmed_by_operator:
        say(f"subscribed to {slug}")
    else:
        say(f"“mailer serve” mails a request to confirm {slug}, unless that was done in the last day")


async def _refuse_blocked(here: Installation, address: str) -> None:
    """Keep the promise “never again” against whoever types up an old list."""
    card = await look_up(here.database, here.vault, address, now=here.clock())
    if card.block and card.block.reason is Standing.BLOCKED:
        raise MailerError(
            "this address asked never to be mailed again; if its owner has asked you to have the newsletter "
            "back, add --asked-back"
        )


def _form(address: str, language: str, missing: str, *, source: str) -> SignUpForm:
    try:
        chosen = parse_language(language)
        rule: MissingRule | None = parse_missing_rule(missing, chosen) if missing else None
    except ValueError as error:
        raise UsageError(str(error)) from error
    return SignUpForm(address, (), chosen, rule, source)
