"""``mailer``: the verbs, and how every error reaches a person: one sentence, status 1 or 2."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from mailer.cli import commentary, demo, init, issue, newsletter, serve
from mailer.cli.context import Context
from mailer.errors import MailerError
from mailer.log import set_up_log

app = typer.Typer(
    name="mailer",
    help="One weekly issue in every reader's language, and proof of what happened to each copy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(newsletter.app, name="newsletter")
app.add_typer(commentary.app, name="commentary")
app.add_typer(issue.app, name="issue")
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)


@app.callback()
def _main(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(help="mailer.toml, or its folder; else MAILER_SETTINGS, else the working directory."),
    ] = None,
    log: Annotated[str, typer.Option(help="debug, info, warning or error, to standard error.")] = "warning",
) -> None:
    set_up_log(log if log in ("debug", "info", "error") else "warning")
    context.obj = Context(settings)


def run() -> None:
    """Run the command line; a refusal of ours is one sentence on standard error and its status."""
    try:
        app()
    except MailerError as error:
        sys.stderr.write(f"mailer: {error}\n")
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output left (| head): nobody is there to be told.
        sys.stderr.close()
        sys.exit(1)
