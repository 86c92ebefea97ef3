"""``mailer init``: a folder becomes an installation: settings, keys, database, example newsletter."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from mailer.audience.keys import TOKENS_FILE, VAULT_FILE, create_keys
from mailer.bootstrap import utc_now
from mailer.cli.database import make_tables
from mailer.cli.output import say
from mailer.config import FILE_NAME, Settings, settings_without_file
from mailer.delivery.fence import identify
from mailer.editorial.sample import newsletter_text
from mailer.errors import MailerError
from mailer.storage import open_database

_DATA = "data"
_NEWSLETTER = "newsletter.toml"

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
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Made if it is not there.")] = Path(),
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Make a folder an installation.

    Settings, keys, an empty database and an example newsletter are written into it.
    """
    _refuse_taken(folder, (FILE_NAME, _NEWSLETTER, _DATA))
    if not yes and not typer.confirm(
        f"Write {FILE_NAME}, {_NEWSLETTER} and {_DATA}/ into {folder.resolve()}?"
    ):
        raise MailerError("nothing was written")
    lay_out(folder)
    keys = folder / _DATA / "keys"
    say(f"Written: {folder / FILE_NAME}, {folder / _NEWSLETTER} and {folder / _DATA}")
    say("")
    say("Copy these two files to a safe place now; without them every reader is lost:")
    say(f"  {keys / VAULT_FILE}")
    say(f"  {keys / TOKENS_FILE}")
    say("")
    say("Next:")
    if folder.resolve() != Path.cwd():
        say(f"  cd {shlex.quote(str(folder))}")
    say(f"  mailer newsletter import {_NEWSLETTER}")
    say("  mailer serve")


def lay_out(folder: Path, settings: Settings | None = None, *, is_sample: bool = False) -> Settings:
    """Make *folder* an installation, whole or not at all; return its settings.

    Args:
        folder: made with those above it if need be.
        settings: what holds there without a file; None writes mailer.toml and newsletter.toml.
        is_sample: whether sample texts will be put in, which must not leave the machine.

    Raises:
        MailerError: the folder can't be written, or holds an installation already.
    """
    # The settings come last: where they lie, everything else does.
    names = (_DATA,) if settings else (_NEWSLETTER, _DATA, FILE_NAME)
    _refuse_taken(folder, names)
    with _staging(folder, names) as staging:
        (staging / _DATA).mkdir(mode=0o700)
        create_keys(staging / _DATA / "keys")
        if settings is None:
            _write(staging / _NEWSLETTER, newsletter_text(), mode=0o644)
            # Closed to others: the password of the outgoing server will stand in it.
            _write(staging / FILE_NAME, _SETTINGS, mode=0o600)
        settings = settings or settings_without_file()
        asyncio.run(_make_database(settings.beside(staging), is_sample=is_sample))
    return settings.beside(folder)


async def _make_database(settings: Settings, *, is_sample: bool) -> None:
    await make_tables(settings)
    database = open_database(settings.database_url)
    try:
        await identify(database, settings.data, now=utc_now(), is_sample=is_sample)
    finally:
        await database.close()


def _refuse_taken(folder: Path, names: Sequence[str]) -> None:
    for name in names:
        if os.path.lexists(folder / name):
            raise MailerError(f"{folder / name} exists already and stays as it is; choose an empty folder")


@contextlib.contextmanager
def _staging(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    """
    Yield a folder to write in; its entries *names* are moved to *folder* when all went well.

    A full disk or a crash half-way leaves nothing that looks like keys or settings.
    """
    above = [each for each in (folder, *folder.parents) if not each.exists()]
    moved: list[Path] = []
    staging: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".mailer-init-", dir=folder))
        yield staging
        for name in names:
            (staging / name).rename(folder / name)
            moved.append(folder / name)
        staging.rmdir()
    except BaseException as error:
        for path in [*moved, *([staging] if staging else [])]:
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)
        for path in above:
            with contextlib.suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            raise MailerError(
                f"{folder} can't be written ({error.strerror}), so nothing was; "
                "make room there or choose another folder"
            ) from error
        raise


def _write(path: Path, text: str, *, mode: int) -> None:
    path.touch(mode=mode, exist_ok=False)
    path.write_text(text, "utf-8")
