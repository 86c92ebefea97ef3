"""``mailer serve``: pages and sender in one process, until it is told to stop."""

from __future__ import annotations

import asyncio

import typer
import uvloop

from mailer.bootstrap import Installation, Service, open_installation
from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.cli.stopping import told_to_stop
from mailer.config import Settings, load_settings
from mailer.config_returned import WebhooksSettings
from mailer.delivery.premises import links_in_the_clear
from mailer.domain.nearest import did_you_mean
from mailer.log import set_up_log
from mailer.rendering.theme_folder import FOLDER
from mailer.storage import newsletters
from mailer.web.server import listen

_NOTHING_TAKEN = (
    "nothing takes returned mail, so nobody hears of complaints and of mailboxes that are gone; "
    "set [returned], [mailbox] or [webhooks]"
)


def serve(context: typer.Context) -> None:
    """Serve the pages and send what is released.

    SIGTERM or Ctrl-C finishes what is in flight.
    """
    settings: Context = context.obj
    if settings.log is None:
        set_up_log("info")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(context: Context) -> None:
    stopped = told_to_stop()
    settings = load_settings(context.settings)
    with listen(settings.site.host, settings.site.port) as on:
        async with (
            open_installation(settings) as installation,
            (service := Service(installation)).running(on),
        ):
            host, port = on.getsockname()[:2]
            say(f"The site is at http://{host}:{port}/")
            if installation.is_outbox_only:
                say("No outgoing mail server is set: every mail stays on this machine, in data/outbox")
            for way in service.mail_room.ways_in:
                say(f"Returned mail comes in by {way}")
            if not installation.is_outbox_only and not _takes_returned_mail(settings, service):
                say(f"Warning: {_NOTHING_TAKEN}")
            if warning := links_in_the_clear(settings.site.public_url):
                say(f"Warning: {warning}")
            for warning in await _strays(installation):
                say(f"Warning: {warning}")
            if sentence := service.fence.state.sentence:
                say(f"{sentence[0].upper()}{sentence[1:]}")
            await stopped.wait()


def _takes_returned_mail(settings: Settings, service: Service) -> bool:
    return bool(service.mail_room.ways_in) or settings.webhooks != WebhooksSettings()


async def _strays(installation: Installation) -> list[str]:
    """Say which folders of templates no mail will ever use: a name misspelt, mostly."""
    slugs = await installation.database.read(newsletters.slugs)
    return [
        f"{FOLDER}/{name} belongs to no newsletter{did_you_mean(name, slugs)}, so its templates are not used"
        for name in installation.themes.strays(slugs)
    ]
