"""The verbs of ``mailer``, and the options that stand before each of them."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer

from mailer.cli import (
    bench,
    books,
    bounces,
    bounces_desk,
    commentary,
    database,
    demo,
    dkim,
    init,
    issue,
    keys,
    newsletter,
    operator,
    reader,
    relay,
    retry,
    schedule,
    sending,
    serve,
    steering,
)
from mailer.cli.context import Context
from mailer.log import set_up_log

app = typer.Typer(
    name="mailer",
    help="One weekly issue in every reader's language, and proof of what happened to each copy.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for name, verb in (
    ("pause", steering.pause),
    ("resume", steering.resume),
    ("cancel", steering.cancel),
    ("retry", retry.retry),
    ("test", steering.mail_proofs),
):
    issue.app.command(name)(verb)
for decide in (bounces_desk.waiting, bounces_desk.apply, bounces_desk.dismiss, bounces_desk.undo):
    bounces.app.command(decide.__name__)(decide)
app.command("demo")(demo.demo)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("schedule")(schedule.schedule)
app.command("books")(books.books)
app.add_typer(newsletter.app, name="newsletter")
app.add_typer(commentary.app, name="commentary")
app.add_typer(issue.app, name="issue")
app.add_typer(reader.app, name="reader")
app.add_typer(relay.app, name="relay")
app.add_typer(dkim.app, name="dkim")
app.add_typer(keys.app, name="keys")
app.add_typer(operator.app, name="operator")
app.add_typer(sending.app, name="sending")
app.add_typer(database.app, name="db")
app.add_typer(bounces.app, name="bounces")
app.add_typer(bench.app, name="bench")


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - Typer's signature
    if wanted:
        typer.echo(f"mailer {metadata.version('mailer')}")
        raise typer.Exit


@app.callback()
def _main(
    context: typer.Context,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="mailer.toml, or its folder; else MAILER_SETTINGS, else the working directory.",
        ),
    ] = None,
    log: Annotated[
        Literal["debug", "info", "warning", "error"] | None,
        typer.Option(metavar="LEVEL", help="debug, info, warning or error, to standard error."),
    ] = None,
    *,
    version: Annotated[  # noqa: ARG001 - its callback does it
        bool,
        typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    set_up_log(log or "warning")
    context.obj = Context(settings, log)
