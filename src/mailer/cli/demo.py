"""``mailer demo``: the whole cycle on sample data, in one command, with a report that must balance."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from uvloop import new_event_loop

from mailer.cli.demonstration import OPERATOR, Demonstration
from mailer.cli.init_files import lay_out, settings_text
from mailer.cli.output import print_json, say
from mailer.config import FILE_NAME, Settings, SiteSettings, settings_of_our_own
from mailer.config_returned import ReturnedSettings
from mailer.config_sending import SendingSettings
from mailer.config_signup import SignUpSettings
from mailer.editorial.operators import make_password
from mailer.errors import MailerError, UsageError
from mailer.web.server import PortInUse, listen

_PORT = 8080
_RETRY_S = 1.0
_RETURNS = "returns.example.org"


def demo(
    readers: Annotated[
        int, typer.Option(min=1, max=1_000_000, metavar="NUMBER", help="How many sign up.")
    ] = 300,
    keep: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Work in this new folder and keep it.")
    ] = None,
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where the pages listen.")] = "127.0.0.1",
    *,
    once: Annotated[bool, typer.Option("--once", help="End after the report.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Show the whole cycle on sample data.

    Readers sign up and confirm, the week is built, released and sent; some mails are put off and
    tried again, some refused; some come back later, one reader complains, one is on holiday; some
    leave. Then the pages stay up until Ctrl-C.
    """
    # Both signals end in the same way, wherever they meet us: the temporary folder goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    fault: str | None = None
    try:
        with _folder(keep) as folder, _socket(host, once=once) as on:
            settings = _settings(host, on)
            settings = lay_out(folder, settings, texts={FILE_NAME: _written(settings)})
            demonstration = Demonstration(settings, readers, desk_password=make_password())
            with asyncio.Runner(loop_factory=new_event_loop) as runner:
                fault = runner.run(_play(demonstration, on, json=json))
    except (KeyboardInterrupt, asyncio.CancelledError):
        # Ctrl-C is how the demo is meant to end; but --once owes a report.
        if once:
            raise KeyboardInterrupt from None
    if fault is not None:
        raise MailerError(fault)


async def _play(demonstration: Demonstration, on: socket.socket | None, *, json: bool) -> str | None:
    """Play, report and stay up; return what does not hold in the report, or None."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with demonstration.running(on):
        report = await demonstration.play()
        if json:
            print_json(report.as_json())
        else:
            say(report.in_words())
        if on is not None:
            _say_where(demonstration, on, beside=json)
            await asyncio.Event().wait()
    return report.fault


def _say_where(demonstration: Demonstration, on: socket.socket, *, beside: bool) -> None:
    """Say where to look; *beside* the output, on standard error, where that is for a program."""
    host, port = _shown(on.getsockname()[0]), on.getsockname()[1]
    for line in (
        "",
        f"The site:        http://{host}:{port}/",
        f"The desk:        http://{host}:{port}/desk/",
        f"                 name {OPERATOR}, password {demonstration.desk_password}",
        f"The kept mails:  http://{host}:{port}/desk/outbox",
        f"What came back:  http://{host}:{port}/desk/returned",
        f"From elsewhere:  ssh -L {port}:{host}:{port} {socket.gethostname()}",
        "                 then open the same addresses there",
        "Ctrl-C ends the demo.",
    ):
        typer.echo(line, err=beside)


def _shown(host: str) -> str:
    """Return how a browser on this machine calls *host*."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - nothing is bound here
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _settings(host: str, on: socket.socket | None) -> Settings:
    port = on.getsockname()[1] if on is not None else _PORT
    return settings_of_our_own(
        site=SiteSettings(public_url=f"http://{_shown(host)}:{port}", listen=f"{host}:{port}"),
        sending=SendingSettings(retry_minutes=(_RETRY_S / 60,), return_path_domain=_RETURNS),
        returned=ReturnedSettings(smtp="127.0.0.1:0"),
        signup=SignUpSettings.wide_open(),
    )


def _written(settings: Settings) -> str:
    """Return a mailer.toml by which other verbs find their way in a folder that is kept."""
    site = settings.site
    return settings_text(public_url=site.public_url, listen=site.listen, relay=settings.relay)


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Yield a folder to work in: a temporary one, or *keep*, which must be new or empty."""
    if keep is not None:
        if os.path.lexists(keep) and (not keep.is_dir() or any(keep.iterdir())):
            raise UsageError(f"--keep: {keep} is not an empty folder; name a new one")
        yield keep
        return
    folder = Path(tempfile.mkdtemp(prefix="mailer-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _socket(host: str, *, once: bool) -> Iterator[socket.socket | None]:
    """Yield the pages' socket: the usual port, or a free one where that is taken; none with --once."""
    if once:
        yield None
        return
    try:
        on = listen(host, _PORT)
    except PortInUse:
        on = listen(host, 0)
    with on:
        yield on
