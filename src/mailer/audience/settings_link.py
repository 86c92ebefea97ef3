"""The link to one's own settings: asked for on a page, mailed to the address, good for half an hour.

The page can't tell a known address from an unknown one, because it never looks: it writes one sealed
request, as a sign-up does, and the sending process decides.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from mailer.audience.address import Address, parse_address
from mailer.audience.link_secret import hash_of, new_secret
from mailer.audience.post import Recipient, letter
from mailer.audience.signup import NO_SIGNS, Signs, read_signs, sealed_signs
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.subscription import SETTINGS_VALID, Standing, may_mail
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.storage import (
    Database,
    Transaction,
    letters,
    newsletters,
    preferences,
    reader_links,
    readers,
    signups,
)
from mailer.storage.preferences import Membership, Preferences
from mailer.storage.reader_links import LinkPurpose, ReaderLink
from mailer.storage.readers import Reader
from mailer.storage.signups import SignupRequest

T = TypeVar("T")
_KIND = "settings"


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What the page behind the link shows.

    Attributes:
        memberships: every newsletter the reader ever asked for, by slug.
    """

    preferences: Preferences
    memberships: tuple[Membership, ...]

    @property
    def active(self) -> tuple[str, ...]:
        """Slugs of the newsletters that come."""
        return tuple(each.newsletter for each in self.memberships if each.standing is Standing.ACTIVE)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a link, opened and prepared, so that deciding it touches only the database.

    Attributes:
        signs: how it came.
    """

    request: SignupRequest
    address: Address
    secret: str
    signs: Signs = NO_SIGNS

    def waits_until(self, now: datetime) -> datetime | None:
        """Return until when it waits unless it is proven, as it looks like a program’s; None: no more."""
        not_before = self.signs.not_before
        return not_before if not_before is not None and not_before > now else None


async def ask(
    database: Database, vault: Vault, address: str, *, now: datetime, signs: Signs = NO_SIGNS
) -> None:
    """Store a request for a link, for the sending process to decide.

    Raises:
        NotAnAddress: what was typed is no address; nothing is stored.
    """
    values = {"kind": _KIND, "address": parse_address(address).spec, **sealed_signs(signs)}
    public_id = os.urandom(PUBLIC_ID_BYTES)
    request = SignupRequest(public_id, vault.seal_values(values, public_id), now)
    await database.write_together(signups.add_all, request)


def opened(values: dict[str, str], request: SignupRequest) -> Asked | None:
    """Return the request for a link that *request* holds, or None when it is for something else."""
    if values.get("kind") != _KIND:
        return None
    return Asked(request, parse_address(values["address"]), new_secret(), read_signs(values))


def answer(tx: Transaction, vault: Vault, asked: Asked, now: datetime) -> None:
    """Mail the link if the address gets any newsletter, at most three times a day; else do nothing."""
    reader = readers.by_index(tx, vault.index(asked.address))
    newsletter = None if reader is None else speaks_for_us(tx, reader)
    if reader is None or reader.sealed_address is None or newsletter is None:
        return
    if not may_mail(LetterKind.MANAGE, letters.sent_at(tx, reader.address_index, LetterKind.MANAGE), now):
        return
    letters.count(tx, reader.address_index, LetterKind.MANAGE, now)
    link = ReaderLink(hash_of(asked.secret), reader.id, LinkPurpose.SETTINGS, now + SETTINGS_VALID)
    reader_links.add(tx, link)
    # To the address as its owner once confirmed it, not as somebody has just typed it.
    to = vault.open(reader.sealed_address, reader.public_id).decode()
    recipient = Recipient(to, reader.public_id, letter_language(reader, newsletter), newsletter.slug)
    letters.add(tx, letter(vault, LetterKind.MANAGE, recipient, now=now, secret=asked.secret))


def speaks_for_us(tx: Transaction, reader: Reader) -> Newsletter | None:
    """Return the newsletter in whose name a reader is written to: the first that they get, or None."""
    for membership in preferences.memberships(tx, reader.id):
        if membership.standing is Standing.ACTIVE:
            return newsletters.find(tx, membership.newsletter)
    return None


def letter_language(reader: Reader, newsletter: Newsletter) -> Language:
    """Return the language of a Letter to *reader*; who chose theirs for another newsletter gets the first."""
    return reader.language if reader.language in newsletter.languages else newsletter.languages[0]


async def look_up(database: Database, secret: str, *, now: datetime) -> OwnSettings | None:
    """Return what the page behind a link shows, changing nothing; None when the link no longer works."""

    def work(tx: Transaction) -> OwnSettings | None:
        reader = _owner(tx, secret, now)
        if reader is None:
            return None
        return OwnSettings(preferences.get(tx, reader.id), tuple(preferences.memberships(tx, reader.id)))

    return await database.read(work)


async def acting(
    database: Database, secret: str, work: Callable[[Transaction, Reader], T], *, now: datetime
) -> T | None:
    """Do *work* for the reader whose settings *secret* opens, one press at a time.

    Returns what *work* returned, or None when the link no longer works.
    """

    def write(tx: Transaction) -> T | None:
        reader = _owner(tx, secret, now)
        if reader is None:
            return None
        preferences.hold(tx, reader.id)
        # Who held it before us may have moved or erased the reader.
        again = _owner(tx, secret, now)
        return None if again is None else work(tx, again)

    return await database.write(write, urgent=True)


async def owner(database: Database, secret: str, *, now: datetime) -> Reader | None:
    """Return the reader whose settings *secret* opens, or None when the link no longer works."""
    return await database.read(lambda tx: _owner(tx, secret, now))


async def close(database: Database, secret: str) -> None:
    """Let a link work no more: the reader is done."""
    await database.write(lambda tx: reader_links.remove(tx, hash_of(secret)), urgent=True)


def _owner(tx: Transaction, secret: str, now: datetime) -> Reader | None:
    link = reader_links.find(tx, hash_of(secret), [LinkPurpose.SETTINGS], now)
    reader = None if link is None else readers.by_id(tx, link.reader_id)
    # Without an address there is nobody left to prove anything.
    return None if reader is None or reader.sealed_address is None else reader
