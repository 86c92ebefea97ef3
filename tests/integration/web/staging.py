"""A site as it stands after two issues: real database, real keys, the packaged sample, no network."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx

from mailer.audience.deciding import Judging, decide_waiting
from mailer.audience.flood import Flood
from mailer.audience.keys import create_keys, load_keys
from mailer.audience.vault import Vault
from mailer.delivery.release import Terms, release
from mailer.domain.flood import FloodLimits
from mailer.domain.links import Links
from mailer.domain.period import week
from mailer.domain.token import Token
from mailer.editorial import draft
from mailer.editorial.importing import import_newsletter, import_texts
from mailer.editorial.sample import sample_newsletter, sample_texts
from mailer.rendering.theme_folder import Themes
from mailer.storage import Transaction, open_database, operators, schema
from mailer.storage.media import Media
from mailer.storage.operators import Session
from mailer.web.app import create_app
from mailer.web.site import KeptMails, Site

T = TypeVar("T")

BASE = "https://weekly.example.org"
SLUG = "belarus-weekly"
READER = "reader@example.org"
OPERATOR = "anna"
LATEST, EARLIER = week(2026, 47), week(2026, 46)
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
FORM = "application/x-www-form-urlencoded"


@dataclass
class Clock:
    """A clock that stands until it is moved, and breaks when it is told to."""

    now: datetime = MONDAY
    fault: Exception | None = None

    def __call__(self) -> datetime:
        """Return its time."""
        if self.fault is not None:
            raise self.fault
        return self.now


@dataclass
class Stage:
    """A site, and a visitor in front of it."""

    site: Site
    client: httpx.AsyncClient
    folder: Path
    clock: Clock = field(default_factory=Clock)
    woken: list[datetime] = field(default_factory=list)
    rung: list[datetime] = field(default_factory=list)

    async def sign_up(self, address: str, language: str = "en", **fields: str) -> httpx.Response:
        """Send the subscribe box."""
        data = {"newsletter": SLUG, "address": address, "language": language, "missing": "", **fields}
        return await self.client.post(f"/{language}/subscribe", data=data)

    async def decide(self) -> int:
        """Do what the sending process does with sign-ups."""
        judging = Judging(self.site.vault, Flood(FloodLimits(None, None, None)))
        return await decide_waiting(self.site.database, judging, now=self.clock())

    async def secret(self, kind: str = "confirm") -> str:
        """Return the secret that the newest letter of *kind* carries."""
        letters = self.rows("SELECT kind, sealed, seal_id FROM letter ORDER BY id")
        sealed, seal_id = [row[1:] for row in letters if row[0] == kind][-1]
        return self.site.vault.open_values(bytes(sealed), bytes(seal_id))["secret"]

    async def subscribe(self, address: str, language: str = "en") -> None:
        """Sign up and confirm."""
        await self.sign_up(address, language)
        await self.decide()
        await self.client.post(f"/{language}/confirm/{await self.secret()}")

    async def log_in(self, lasts: timedelta = timedelta(hours=12)) -> None:
        """Become an operator without the time a password takes; the client keeps the cookie."""
        cookie, now = secrets.token_urlsafe(32), self.clock()
        token_hash = hashlib.sha256(cookie.encode()).digest()

        def work(tx: Transaction) -> None:
            if operators.by_name(tx, OPERATOR) is None:
                operators.save(tx, OPERATOR, "no hash")
            operators.begin_session(tx, Session(token_hash, 1, "form token", now, now + lasts))

        await self.site.database.write(work)
        secure = self.site.links.base.startswith("https")
        self.client.cookies.set("__Host-mailer_session" if secure else "mailer_session", cookie)

    async def press(self, path: str, **fields: str) -> httpx.Response:
        """Send a form of the desk."""
        return await self.client.post(path, data={"form_token": "form token", **fields})

    def token(self, *, letter: bool = False) -> str:
        """Return the unsubscribe token of the newest reader, in an issue or in a Letter."""
        (public_id,) = self.rows("SELECT public_id FROM reader ORDER BY id")[-1]
        named = Token(bytes(public_id), newsletter=1) if letter else Token(bytes(public_id), issue=1)
        return self.site.link_keys.link(named)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return what a statement finds."""
        with closing(sqlite3.connect(self.folder / "mailer.db")) as connection:
            return connection.execute(statement).fetchall()

    def contents(self) -> Mapping[str, list[tuple[Any, ...]]]:
        """Return every row of every table."""
        names = [str(name) for (name,) in self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: self.rows(f"SELECT * FROM {name}") for name in names}


def build(folder: Path) -> None:
    """Make keys and a database with one reader and two released issues in *folder*."""
    create_keys(folder / "keys")

    async def work() -> None:
        async with standing(folder) as stage:
            database = stage.site.database
            await schema.upgrade(database)
            newsletter = sample_newsletter()
            await import_newsletter(database, newsletter)
            await import_texts(database, stage.site.media, sample_texts(LATEST))
            await stage.subscribe(READER)
            for period in (EARLIER, LATEST):
                built = await draft.build(database, newsletter, period, words={}, now=stage.clock())
                released_at = MONDAY - timedelta(days=(LATEST.first_day - period.first_day).days)
                await release(database, built.issue.id, Terms(stage.site.links, "node", released_at))

    asyncio.run(work())


def copied(built: Path, folder: Path) -> Path:
    """Return *folder* filled with a copy of what build() made."""
    shutil.copytree(built, folder, dirs_exist_ok=True)
    return folder


@asynccontextmanager
async def standing(
    folder: Path,
    *,
    base: str = BASE,
    mailbox: KeptMails | None = None,
    relay: str = "",
    raise_errors: bool = True,
) -> AsyncIterator[Stage]:
    """Open the site in *folder* with a visitor before it."""
    keys = load_keys(folder / "keys")
    database = open_database(f"sqlite:///{folder / 'mailer.db'}")
    clock, woken, rung = Clock(), list[datetime](), list[datetime]()
    links = Links(base)
    site = Site(
        database, Vault(keys), keys.link, links, clock, wake=lambda: woken.append(clock()),
        terms=partial(Terms, links, "node", rehearsal=not relay), mailbox=mailbox, relay=relay,
        media=Media(folder), ring=lambda: rung.append(clock()), themes=Themes(folder / "themes"),
    )  # fmt: skip
    transport = httpx.ASGITransport(create_app(site), raise_app_exceptions=raise_errors)
    try:
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            yield Stage(site, client, folder, clock, woken, rung)
    finally:
        await database.close()


def run(scene: Awaitable[T]) -> T:
    """Play a scene."""

    async def whole() -> T:
        async with asyncio.timeout(30):
            return await scene

    return asyncio.run(whole())
