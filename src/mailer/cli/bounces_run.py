"""``mailer bounces`` without a verb: returned mail alone, on a machine without pages and sender."""

from __future__ import annotations

import asyncio

import uvloop

from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.cli.stopping import told_to_stop
from mailer.config import load_settings
from mailer.errors import UsageError
from mailer.installation import Installation, open_installation
from mailer.log import set_up_log
from mailer.storage.soundness import check_sound


def run_alone(context: Context) -> None:
    """Take and read returned mail until SIGTERM or Ctrl-C."""
    if context.log is None:
        set_up_log("info")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(context))


async def _run(context: Context) -> None:
    stopped = told_to_stop()
    async with open_installation(load_settings(context.settings)) as installation:
        await check_sound(installation.database)
        room = installation.mail_room()
        if not room.ways_in:
            raise UsageError(
                "no way in is set; write into mailer.toml, under [returned], where mail is taken, such as "
                'smtp = "127.0.0.1:2525", or under [mailbox] which one is read'
            )
        async with room.running():
            for way in room.ways_in:
                say(f"Returned mail comes in by {way}")
            await _until(stopped, installation)


async def _until(stopped: asyncio.Event, installation: Installation) -> None:
    """Wait for the end; a disk that failed is one, and is raised."""
    broken = asyncio.create_task(installation.database.until_broken())
    told = asyncio.create_task(stopped.wait())
    done, others = await asyncio.wait((broken, told), return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    if broken in done:
        raise broken.result()
