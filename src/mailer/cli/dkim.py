"""``mailer dkim``: the key that signs our mail, and the DNS record that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import print_json, say
from mailer.delivery.dkim_key import create_dkim_key
from mailer.delivery.signing import Signing, check_aligned, signing_of
from mailer.domain.alignment import is_dns_name
from mailer.domain.newsletter import Newsletter
from mailer.errors import UsageError
from mailer.storage import newsletters

_SELECTOR = "mailer"

app = typer.Typer(help="The key that signs our mail.", no_args_is_help=True)


@app.command()
def new(
    context: typer.Context,
    selector: Annotated[
        str | None, typer.Option(metavar="NAME", help="Published as NAME._domainkey.DOMAIN.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="The sender's domain, or one above it.")
    ] = None,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Make the key and print the DNS record to publish."""
    for option, given in (("--selector", selector), ("--domain", domain)):
        if given is not None and not is_dns_name(given):
            raise UsageError(f"{option}: “{given}” is not a name in DNS; write it as mailer or example.org")
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Signing, Path]:
        known = await here.database.read(newsletters.everything)
        dkim = here.settings.dkim
        ours = (domain or dkim.domain or _domain(known)).lower()
        for newsletter in known:
            check_aligned(ours, newsletter.sender)
        named = (selector or dkim.selector or _SELECTOR).lower()
        return Signing(ours, named, create_dkim_key(here.settings.dkim_key_file)), here.settings.dkim_key_file

    signing, file = settings.run(work)
    if json:
        _print_json(signing, file)
        return
    say(f"Written: {file}, the key; only this service may read it")
    _say_record(signing)
    say("Once DNS shows it, set this in mailer.toml and start “mailer serve” anew:")
    for line in (
        *("[relay]", 'signing = "us"'),
        *("[dkim]", f'domain = "{signing.domain}"', f'selector = "{signing.selector}"'),
    ):
        say(f"  {line}")


@app.command()
def show(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the DNS record of the key that [dkim] names."""
    settings: Context = context.obj

    async def work(here: Installation) -> tuple[Signing, Path]:
        return signing_of(here.settings), here.settings.dkim_key_file

    signing, file = settings.run(work)
    if json:
        _print_json(signing, file)
    else:
        _say_record(signing)


def _domain(known: Sequence[Newsletter]) -> str:
    if not known:
        raise UsageError("no newsletter says yet which domain mail comes from; add --domain example.org")
    return known[0].sender.rpartition("@")[2]


def _print_json(signing: Signing, file: Path) -> None:
    record = signing.record
    print_json(
        {
            "domain": signing.domain,
            "selector": signing.selector,
            "key": str(file),
            "name": record.name,
            "type": "TXT",
            "value": record.value,
            "strings": record.strings,
        }
    )


def _say_record(signing: Signing) -> None:
    record = signing.record
    say(f"Publish this TXT record in the DNS of {signing.domain}; its strings make one value:")
    say(f"  name   {record.name}")
    for i, string in enumerate(record.strings):
        say(f'  {"" if i else "value":<6} "{string}"')
