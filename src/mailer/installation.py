"""An installation, open: settings, keys and database of one place, and what each program makes of them.

Every program starts from it: the service, and each verb of the command line that needs one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from mailer.audience.key_file import key_folder
from mailer.audience.keycheck import check_keys
from mailer.audience.keyring import Keyring
from mailer.audience.keys import Keys
from mailer.audience.vault import Vault
from mailer.bounces.mail_room import MailRoom
from mailer.config import Settings
from mailer.delivery import premises
from mailer.delivery.copy import Composer
from mailer.delivery.dkim import Signer
from mailer.delivery.fence import Fence, identify
from mailer.delivery.presence import Presence
from mailer.delivery.release import Terms
from mailer.delivery.signing import load_signing
from mailer.domain.checks.machine import Machine
from mailer.domain.links import Links
from mailer.rendering.theme_folder import FOLDER, Themes
from mailer.storage import Database, open_database, schema


def utc_now() -> datetime:
    """Return the time; the one clock that is passed to every room."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings, keys and database of one place; nothing runs yet."""

    settings: Settings
    database: Database
    keys: Keys
    vault: Vault
    links: Links
    machine: Machine
    keyring: Keyring
    clock: Callable[[], datetime] = utc_now

    @property
    def is_outbox_only(self) -> bool:
        """Whether no outgoing server is set, so that every mail is kept here."""
        return not self.settings.relay.host

    @property
    def leaves_machine(self) -> bool:
        """Whether the outgoing server is another machine's."""
        return self.machine.leaves_machine

    @property
    def hello(self) -> str:
        """The name said in EHLO."""
        return self.settings.relay.hello or urlsplit(self.settings.site.public_url).hostname or "localhost"

    def composer(self, signer: Signer | None) -> Composer:
        """Return what makes copies; *signer* signs them, where we are to."""
        sending, profile = self.settings.sending, self.settings.relay.profile
        return Composer(
            self.keys, self.vault, sending.return_path_domain, signer, sending.return_path_prefix, profile
        )

    @asynccontextmanager
    async def composing(self) -> AsyncIterator[Composer]:
        """
        Yield what makes copies, signed where we are to, for as long as the context lasts.

        Raises:
            SettingsError: we are to sign, but [dkim] does not say as whom.
            KeysError: the key can't be used.
        """
        signing = load_signing(self.settings)
        if signing is None:
            yield self.composer(None)
            return
        signer = Signer(signing, clock=self.clock)
        try:
            yield self.composer(signer)
        finally:
            signer.close()

    @property
    def themes(self) -> Themes:
        """Each newsletter's own mail templates."""
        return Themes(self.settings.folder / FOLDER)

    def terms(self, node_id: str, now: datetime) -> Terms:
        """Return how a release by the process *node_id* goes at *now*."""
        return Terms(
            links=self.links,
            node_id=node_id,
            released_at=now.replace(microsecond=0),
            rehearsal=self.is_outbox_only,
            leaves_machine=self.leaves_machine,
            machine=self.machine,
            themes=self.themes,
            fence=self.fence(),
        )

    def fence(self) -> Fence:
        """Return what keeps a restored copy from sending; it has not looked yet."""
        return Fence(self.database, self.settings.data, clock=self.clock)

    def mail_room(self) -> MailRoom:
        """Return what takes and reads returned mail; nothing listens yet.

        Raises:
            SettingsError: a door has no domain to take mail for, or its certificate can't be used.
        """
        return MailRoom(self.settings, self.database, keys=self.keys, vault=self.vault, clock=self.clock)

    def presence(self) -> Presence:
        """Return this process's place among the nodes."""
        return Presence(self.database, self.settings.data / "run")


@asynccontextmanager
async def open_installation(settings: Settings) -> AsyncIterator[Installation]:
    """Open an installation and close it afterwards.

    Raises:
        MailerError: the data folder is another user's.
        KeysError: keys are missing, damaged or of another installation.
        StorageError: the database is of another version, can't be read or is not there.
    """
    premises.check_data_is_ours(settings.data, os.geteuid())
    ring, machine = Keyring(key_folder(settings.data, os.environ)), premises.machine_of(settings)
    premises.check_database_is_there(settings.database_file)
    database = open_database(settings.database_url)
    try:
        await database.read(schema.check_version)
        await identify(database, settings.data, now=utc_now())
        await check_keys(database, ring.keys, ring.vault)
        links = Links(settings.site.public_url, *settings.unsubscribe_at)
        yield Installation(settings, database, ring.keys, ring.vault, links, machine, ring)
    finally:
        await database.close()
