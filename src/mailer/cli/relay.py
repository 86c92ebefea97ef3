"""``mailer relay``: whether the outgoing mail server takes us."""

from __future__ import annotations

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.delivery.proof import check_relay

app = typer.Typer(help="The outgoing mail server.", no_args_is_help=True)


@app.command()
def test(context: typer.Context) -> None:
    """Connect, negotiate TLS and log in; nothing is sent."""
    settings: Context = context.obj

    async def work(here: Installation) -> str:
        relay = here.settings.relay
        if here.is_outbox_only:
            return "no outgoing mail server is set: every mail stays on this machine; write host in [relay]"
        await check_relay(relay, here.hello)
        login = f"logged in as {relay.username}" if relay.username else "no login"
        return f"{relay.host}, port {relay.port} takes us ({relay.tls}, {login})"

    say(settings.run(work))
