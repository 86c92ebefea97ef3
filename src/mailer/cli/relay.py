"""``mailer relay``: whether the outgoing mail server takes us."""

from __future__ import annotations

import typer

from mailer.bootstrap import Installation
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.config import RelaySettings
from mailer.delivery.dialler import Dialler
from mailer.delivery.proof import check_relay
from mailer.delivery.timeouts import Timeouts
from mailer.domain.relay_profile import profile_mismatch
from mailer.errors import MailerError

PATIENCE = Timeouts(connect_s=10, mail_s=60, rcpt_s=60)
"""For a person who waits at a terminal: a server that is well answers within a second."""

app = typer.Typer(help="The outgoing mail server.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``test`` a verb of its own while it is the only one."""


@app.command()
def test(context: typer.Context) -> None:
    """Connect, negotiate TLS and log in; nothing is sent."""
    settings: Context = context.obj

    async def work(here: Installation) -> str:
        relay = here.settings.relay
        if here.is_outbox_only:
            raise MailerError(
                "no outgoing mail server is set, so every mail stays on this machine; write its name as host "
                "in [relay] of mailer.toml"
            )
        await check_relay(Dialler(relay, here.hello, PATIENCE))
        login = "it knows our login" if relay.username else "without a login"
        tls = "in the clear" if relay.tls == "none" else "by TLS"
        taken = f"{here.settings.relay.name} takes us, {tls}, {login}"
        return "\n".join(filter(None, (taken, profile_warning(relay))))

    say(settings.run(work))


def profile_warning(relay: RelaySettings) -> str:
    """Return what to mend where the server's name asks for another profile, else nothing."""
    return profile_mismatch(relay.profile, relay.host)
