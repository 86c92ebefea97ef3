"""``mailer db``: the tables themselves."""

from __future__ import annotations

import asyncio

import typer

from mailer.cli.context import Context
from mailer.cli.output import say
from mailer.config import Settings, load_settings
from mailer.storage import open_database, schema

app = typer.Typer(help="The database's tables.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``upgrade`` a verb of its own while it is the only one."""


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the tables up to date; again changes nothing."""
    settings: Context = context.obj
    asyncio.run(make_tables(load_settings(settings.settings)))
    say("The database is up to date")


async def make_tables(settings: Settings) -> None:
    """Make or update the tables of an installation.

    Raises:
        StorageError: the database or the disk said no.
    """
    database = open_database(settings.database_url)
    try:
        await schema.upgrade(database)
    finally:
        await database.close()
