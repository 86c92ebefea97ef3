"""A folder becomes an installation: its files, keys and database, all of them or nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mailer.audience.keys import create_keys
from mailer.bootstrap import utc_now
from mailer.cli.database import make_tables
from mailer.config import FILE_NAME, RelaySettings, Settings, settings_without_file
from mailer.delivery.fence import identify
from mailer.errors import MailerError
from mailer.storage import Database, installation, open_database
from mailer.storage.media import Media

DATA = "data"
NEWSLETTER_FILE = "newsletter.toml"

Filling = Callable[[Database, Media], Awaitable[None]]
"""Puts into a new database, and beside it, what it begins with."""

_SETTINGS = """\
# Settings of this machine. Newsletters, topics and schedules live in the database:
# edit newsletter.toml, then run “mailer newsletter import newsletter.toml”.
# Every line can be overridden from the environment: MAILER_SITE__LISTEN=0.0.0.0:8080

[site]
# What links in mails begin with; readers must be able to open it.
public_url = {public_url}
# Where the pages are served; put a web server with https in front of it.
listen = {listen}

[database]
# Empty: data/mailer.db beside this file. Or: postgresql+asyncpg://user@host/name
url = ""

[relay]
# Your outgoing mail server. Empty: every mail stays on this machine, in data/outbox.
host = {host}
port = {port}
# "starttls" (port 587), "tls" (port 465), or "none" for a server on this machine.
tls = {tls}
# How to log in to it; empty: no login.
username = ""
password = ""
# Who puts DKIM signatures on the mail: "relay" (that server), "us", or "both"; see [dkim].
signing = "relay"
# Most connections at once, and most messages over one of them.
connections = 10
messages_per_connection = 100
# Most messages per second, and in any 24 hours, where that server sets a limit; take the # away to set yours.
# messages_per_second = 10
# messages_per_day = 2000
# Which provider that server is, so that it tells us which copy bounced (docs/relays.md): "ses", "brevo",
# "mailgun", "postmark", "sendgrid", "postfix" or "mailbox".
# profile = "postfix"

[dkim]
# Only where we sign. “mailer dkim new” makes the key and says what to write here and in DNS.
domain = ""
selector = ""
key = "keys/dkim.pem"

[sending]
# Minutes before the second, third … try of a copy that was put off; the last one repeats.
retry_minutes = [5, 15, 30, 60, 120]
# Domain that returned mail comes back to; empty: the sender's.
return_path_domain = ""
# Where that is a mailbox at a provider's, with what stands behind a plus: "bounces+"
return_path_prefix = ""
# Whether somebody reads what comes to unsubscribe+…@ that domain: only then do mails name it. Unset: where
# [returned] or [mailbox] takes it.
# unsubscribe_by_mail = false

[returned]
# Where returned mail is taken by SMTP (HOST:PORT) or LMTP (the same, or the path of a socket); empty: not
# at all.
smtp = ""
lmtp = ""
# Where people's own mail goes on to that reaches us by mistake; empty keeps it on the desk.
newsroom = ""

[mailbox]
# A mailbox at a provider's that returned mail arrives in, read by IMAP; empty: none. Its password goes into
# data/keys/mailbox.password.
host = ""
username = ""

[export]
# Whether “mailer reader export” may write every reader's address into one encrypted file.
allowed = false
"""


def settings_text(*, public_url: str, listen: str, relay: RelaySettings) -> str:
    """Return a mailer.toml, each line commented, with these answers put in."""
    values = {
        "public_url": public_url,
        "listen": listen,
        "host": relay.host,
        "port": relay.port,
        "tls": relay.tls,
    }
    # TOML and JSON write text and numbers alike.
    return _SETTINGS.format(**{name: json.dumps(value, ensure_ascii=False) for name, value in values.items()})


def refuse_taken(folder: Path, names: Sequence[str] = (FILE_NAME, NEWSLETTER_FILE, DATA)) -> None:
    """Refuse a folder that has any of *names* already.

    Raises:
        MailerError: naming the first that is there.
    """
    for name in names:
        if os.path.lexists(folder / name):
            raise MailerError(f"{folder / name} exists already and stays as it is; choose an empty folder")


def lay_out(
    folder: Path,
    settings: Settings | None = None,
    *,
    texts: Mapping[str, str] | None = None,
    fill: Filling | None = None,
    is_sample: bool = False,
) -> Settings:
    """Make *folder* an installation, whole or not at all; return its settings.

    Args:
        folder: made with those above it if need be.
        settings: what holds there; None takes what the environment says, else what is usual.
        texts: files to write beside the data, name to content; mailer.toml is closed to others.
        fill: what the database begins with; None leaves it empty.
        is_sample: whether sample texts are put in, which must not leave the machine.

    Raises:
        MailerError: the folder can't be written or holds an installation already, or *fill* refused.
    """
    texts = texts or {}
    # The settings come last: where they lie, everything else does.
    names = sorted((DATA, *texts), key=lambda name: name == FILE_NAME)
    refuse_taken(folder, names)
    settings = settings or settings_without_file()
    with _staging(folder, names) as staging:
        (staging / DATA).mkdir(mode=0o700)
        create_keys(staging / DATA / "keys", made_at=utc_now())
        for name, text in texts.items():
            # The password of the outgoing server will stand in the settings.
            _write(staging / name, text, mode=0o600 if name == FILE_NAME else 0o644)
        asyncio.run(_make_database(settings.beside(staging), fill, is_sample=is_sample))
    return settings.beside(folder)


async def _make_database(settings: Settings, fill: Filling | None, *, is_sample: bool) -> None:
    await make_tables(settings)
    database = open_database(settings.database_url)
    try:
        if await database.read(installation.find) is not None:
            raise MailerError(
                "the database that MAILER_DATABASE__URL names belongs to another installation; name an empty "
                "one, or none to have one in data/"
            )
        await identify(database, settings.data, now=utc_now(), is_sample=is_sample)
        if fill is not None:
            await fill(database, Media(settings.data))
    finally:
        await database.close()


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
