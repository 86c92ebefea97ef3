"""A house to measure in: keys, database, newsletter, readers and a draft, and nothing left after."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from mailer.audience.address import Address
from mailer.audience.keys import Keys, create_keys, load_keys
from mailer.audience.vault import Vault
from mailer.cli.bench_edition import LANGUAGE, LINKS, NEWSLETTER, fill_up, write_templates
from mailer.delivery.dkim_key import create_dkim_key
from mailer.delivery.fence import Fence, identify
from mailer.delivery.presence import Presence
from mailer.delivery.release import Terms
from mailer.delivery.signing import Signing
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.editorial import draft
from mailer.errors import UsageError
from mailer.rendering.theme_folder import FOLDER, Themes
from mailer.storage import Database, borrowed, commentaries, intake, newsletters, open_database, schema
from mailer.storage.readers import Reader

_AT_ONCE = 20_000
# A list as newsrooms of the region have it; one line in twenty each. The addresses lie below a domain
# that nobody's mail goes to, so the group can't be told from them and is named here.
_PROVIDERS = (
    *(("gmail", "gmail.example.com"),) * 7,
    *(("mail.ru", "mail.example.net"),) * 4,
    *(("yandex", "yandex.example.net"),) * 4,
    *(("other", "example.org"),) * 3,
    ("microsoft", "outlook.example.com"),
    ("proton", "proton.example.com"),
)


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class House:
    """A place to measure in.

    Attributes:
        folder: of its own, on a disk.
        database_url: of the database, which has our tables.
        signing: how every copy is signed; None leaves that to the relay.
    """

    folder: Path
    database_url: str
    keys: Keys
    signing: Signing | None = None

    @property
    def vault(self) -> Vault:
        """What opens the readers' addresses."""
        return Vault(self.keys)

    @property
    def _themes(self) -> Path:
        return self.folder / FOLDER

    @property
    def templates(self) -> Path:
        """Where the newsletter's templates lie."""
        return self._themes / NEWSLETTER.slug

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Database]:
        """Open the database until the block ends."""
        database = open_database(self.database_url)
        try:
            yield database
        finally:
            await database.close()

    def presence(self, database: Database) -> Presence:
        """Return this process's place among the nodes."""
        return Presence(database, self.folder / "run")

    def fence(self, database: Database) -> Fence:
        """Return what keeps a restored copy from sending."""
        return Fence(database, self.folder, clock=utc_now)

    def terms(self, database: Database, node_id: str) -> Terms:
        """Return how the release goes."""
        return Terms(
            links=LINKS,
            node_id=node_id,
            released_at=utc_now().replace(microsecond=0),
            themes=Themes(self._themes),
            html_holds_bytes=sys.maxsize,
            fence=self.fence(database),
        )

    async def furnish(self, readers: int, size: int, tell: Callable[[int], None]) -> int:
        """Put newsletter, readers and draft in; return the issue.

        Args:
            readers: how many.
            size: of a message, in bytes.
            tell: is told how many readers are in.

        Raises:
            UsageError: no message is that small or large.
        """
        now = utc_now()
        period = draft.last_period(NEWSLETTER, now)
        filler = fill_up(size, self.templates, period, now.replace(microsecond=0))
        async with self.opened() as database:
            await identify(database, self.folder, now=now)
            await database.write(lambda tx: newsletters.save(tx, NEWSLETTER))
            await database.write(lambda tx: commentaries.save(tx, NEWSLETTER.slug, filler.commentary(period)))
            everybody = _readers(self.vault, readers)
            done = 0
            while slice_ := list(islice(everybody, _AT_ONCE)):
                await database.write(
                    lambda tx, some=slice_: intake.take_in(  # type: ignore[misc]
                        tx, NEWSLETTER.slug, some, changed_month=f"{now:%Y-%m}"
                    )
                )
                done += len(slice_)
                tell(done)
            drafted = await draft.build(database, NEWSLETTER, period, words=filler.words, now=now)
            return drafted.issue.id


@asynccontextmanager
async def house(folder: Path, database_url: str | None, *, signed: bool) -> AsyncIterator[House]:
    """
    Yield a house in *folder*; a database that was lent is empty again afterwards.

    Args:
        folder: empty.
        database_url: of an empty database; None makes one in the folder.
        signed: whether every copy is signed, with a key made for it.

    Raises:
        UsageError: somebody's tables are in the database.
    """
    create_keys(folder / "keys")
    write_templates(folder / FOLDER / NEWSLETTER.slug)
    url = database_url or f"sqlite:///{folder / 'mailer.db'}"
    made = House(folder, url, load_keys(folder / "keys"), _signing(folder) if signed else None)
    async with made.opened() as database:
        if not await database.read(borrowed.is_empty):
            raise UsageError("--database: there are tables in it already; name an empty database")
        await schema.upgrade(database)
    try:
        yield made
    finally:
        if database_url is not None:
            async with made.opened() as database:
                await database.write(borrowed.empty)


def _signing(folder: Path) -> Signing:
    domain = NEWSLETTER.sender.rpartition("@")[2]
    return Signing(domain, "bench", create_dkim_key(folder / "keys" / "dkim.pem"))


def _readers(vault: Vault, count: int) -> Iterator[Reader]:
    for number in range(count):
        group, domain = _PROVIDERS[number % len(_PROVIDERS)]
        address = Address(f"reader{number}", domain)
        public_id = os.urandom(PUBLIC_ID_BYTES)
        yield Reader(
            id=0,
            public_id=public_id,
            sealed_address=vault.seal(address.spec.encode(), public_id),
            address_index=vault.index(address),
            provider_group=group,
            language=LANGUAGE,
            missing_choice=None,
        )
