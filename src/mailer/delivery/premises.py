"""What must hold before anything is opened or served here: said in one sentence, before it does harm."""

from __future__ import annotations

import ipaddress
import pwd
from pathlib import Path
from urllib.parse import urlsplit

from mailer.config import Settings
from mailer.delivery.signing import load_signing
from mailer.domain.checks.machine import Machine
from mailer.errors import KeysError, MailerError, SettingsError, StorageError
from mailer.storage.media import FOLDER_NAME


def machine_of(settings: Settings) -> Machine:
    """Return what checks of an issue know of this machine; its signing key is read once, here."""
    relay = settings.relay
    problem = ""
    try:
        signing = load_signing(settings)
    except (SettingsError, KeysError) as error:
        signing, problem = None, str(error)
    return Machine(
        public_url=settings.site.public_url,
        media=settings.data / FOLDER_NAME,
        has_relay=bool(relay.host),
        leaves_machine=is_elsewhere(relay.host),
        signs_as=signing.domain if signing else "",
        signing_problem=problem,
    )


def is_elsewhere(relay_host: str) -> bool:
    """Tell whether the outgoing server is another machine's; an empty name is the outbox."""
    try:
        return not ipaddress.ip_address(relay_host.strip("[]")).is_loopback
    except ValueError:
        return relay_host not in ("", "localhost")


def check_data_is_ours(data: Path, user_id: int) -> None:
    """
    Refuse a data folder of another user.

    Root could read it, and would leave files in it that the service can't open afterwards.

    Args:
        data: the data folder.
        user_id: of this process.

    Raises:
        MailerError: the folder is not there, or belongs to somebody else.
    """
    try:
        owner_id = data.stat().st_uid
    except FileNotFoundError as error:
        raise MailerError(
            f"{data} is not there; put it back from your backup, or make an installation by “mailer init”"
        ) from error
    except OSError as error:
        raise MailerError(
            f"{data} can't be looked at ({error.strerror}); run this as the user it belongs to"
        ) from error
    if owner_id != user_id:
        owner = _name(owner_id)
        raise MailerError(
            f"{data} belongs to {owner}, and this runs as {_name(user_id)}; run it as that user: "
            f"“sudo -u {owner} mailer …”"
        )


def check_database_is_there(file: Path | None) -> None:
    """
    Refuse to go on without the database's file: SQLite would make an empty one in its place.

    Args:
        file: None where the database is a server's.

    Raises:
        StorageError: it is not there.
    """
    if file is not None and not file.exists():
        raise StorageError(
            f"{file} is not there; put it back from your backup, or start with an empty one by "
            "“mailer db upgrade”"
        )


def check_links_are_private(public_url: str, *, leaves_machine: bool) -> None:
    """
    Refuse to serve readers over http: their addresses and links would cross the network in the clear.

    Args:
        public_url: [site] public_url.
        leaves_machine: whether the outgoing server is another machine's. Without one, or with one here,
            no reader gets a link: that is how one tries it out.

    Raises:
        SettingsError: the address is not https although mail leaves this machine.
    """
    if leaves_machine and urlsplit(public_url).scheme != "https":
        raise SettingsError(
            f"[site] public_url is {public_url}, so readers’ addresses and links would cross the network "
            "in the clear; put a web server with https in front (docs/deploy.md) and write its address, as "
            "https://news.example.org"
        )


def links_in_the_clear(public_url: str) -> str:
    """Return a sentence when readers elsewhere would be sent http links, else nothing."""
    parts = urlsplit(public_url)
    if parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return ""
    return (
        f"[site] public_url is {public_url}: whoever watches the network sees what readers open; "
        "put a web server with https in front before anybody subscribes (docs/deploy.md)"
    )


def _name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"user {user_id}"
