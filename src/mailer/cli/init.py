"""``mailer init``: a folder becomes an installation: settings, keys, database, example newsletter."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from mailer.audience.keys import TOKENS_FILE, VAULT_FILE, create_keys
from mailer.cli.output import say
from mailer.config import FILE_NAME, Settings
from mailer.editorial.sample import newsletter_text
from mailer.errors import MailerError
from mailer.storage import open_database, schema

_SETTINGS = """\
# Settings of this machine. Newsletters, topics and schedules live in the database:
# edit newsletter.toml, then run “mailer newsletter import newsletter.toml”.
# Every line can be overridden from the environment: MAILER_SITE__LISTEN=0.0.0.0:8080

[site]
# What links in mails begin with; readers must be able to open it.
public_url = "http://127.0.0.1:8080"
# Where the pages are served; put a web server with https in front of it.
listen = "127.0.0.1:8080"

[database]
# Empty: data/mailer.db beside this file. Or: postgresql+asyncpg://user@host/name
url = ""

[relay]
# Your outgoing mail server. Empty: every mail stays on this machine, in data/outbox.
host = ""
port = 587
# "starttls" (port 587), "tls" (port 465), or "none" for a server on this machine.
tls = "starttls"
username = ""
password = ""
# Most connections at once, and most messages over one of them.
connections = 10
messages_per_connection = 100

[sending]
# Minutes before the second, third … try of a copy that was put off; the last one repeats.
retry_minutes = [5, 15, 30, 60, 120]
# Domain that returned mail comes back to; empty: the sender's.
return_path_domain = ""
"""


def init(
    folder: Annotated[Path, typer.Argument(help="Made if it is not there.")] = Path(),
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Write settings, keys, database and an example newsletter into a folder."""
    if (folder / FILE_NAME).exists():
        raise MailerError(f"{folder / FILE_NAME} exists already; choose an empty folder")
    if not yes and not typer.confirm(
        f"Write mailer.toml, newsletter.toml and data/ into {folder.resolve()}?"
    ):
        raise MailerError("nothing was written")
    lay_out(folder)
    keys = folder / "data" / "keys"
    say(f"Written: {folder / FILE_NAME}, {folder / 'newsletter.toml'} and {folder / 'data'}")
    say("")
    say("Copy these two files to a safe place now; without them every reader is lost:")
    say(f"  {keys / VAULT_FILE}")
    say(f"  {keys / TOKENS_FILE}")
    say("")
    say("Next:")
    say(f"  cd {folder}")
    say("  mailer newsletter import newsletter.toml")
    say("  mailer serve")


def lay_out(folder: Path, settings: Settings | None = None) -> Settings:
    """Make *folder* an installation; return its settings.

    Raises:
        MailerError: the folder can't be written, or holds keys already.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        create_keys(folder / "data" / "keys")
        if settings is None:
            (folder / FILE_NAME).write_text(_SETTINGS, "utf-8")
            (folder / "newsletter.toml").write_text(newsletter_text(), "utf-8")
    except OSError as error:
        raise MailerError(f"{folder} can't be written ({error.strerror}); choose another folder") from error
    settings = (settings or Settings()).beside(folder)
    asyncio.run(_make_database(settings))
    return settings


async def _make_database(settings: Settings) -> None:
    database = open_database(settings.database_url)
    try:
        await schema.upgrade(database)
    finally:
        await database.close()
