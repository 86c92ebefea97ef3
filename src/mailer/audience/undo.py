"""Second thoughts: the goodbye carries the way back, and within 14 days one press undoes the leaving.

The address of who has left is gone from us at once, and yet nobody has to type it again: what is kept
beside the reader's row is sealed twice, by a key that only the link in the goodbye holds and by ours.
So we can't open it without the link, and the link opens nothing without us.
"""

from __future__ import annotations

import hmac
import os
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mailer.audience.address import parse_address
from mailer.audience.link_secret import hash_of, new_secret
from mailer.audience.post import Recipient, letter
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.missing import parse_missing_rule
from mailer.domain.subscription import UNDO_VALID, Event, Standing, step
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.errors import KeysError
from mailer.storage import Database, Transaction, letters, newsletters, reader_links, readers
from mailer.storage.letters import Letter
from mailer.storage.reader_links import ReaderLink
from mailer.storage.readers import Reader

_PURPOSE = "undo "
_KEY_OF = b"mailer: the way back of a reader who left"
_NONCE_BYTES = 12


class WayBackState(Enum):
    """What a link of a goodbye is worth."""

    OPEN = auto()
    DONE = auto()
    """It was pressed before, or the reader has come back otherwise."""
    DEAD = auto()
    """Older than 14 days, of an earlier leaving, or never ours."""


@dataclass(frozen=True, slots=True)
class WayBack:
    """What the page shows: the state, and the newsletter's slug where the link is known."""

    state: WayBackState
    newsletter: str | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A link that is out, with its reader and where they stand."""

    link: ReaderLink
    reader: Reader
    newsletter: str
    standing: Standing

    @property
    def way_back(self) -> WayBack:
        if self.standing is Standing.ACTIVE:
            return WayBack(WayBackState.DONE, self.newsletter)
        is_open = step(self.standing, Event.UNDO).standing is Standing.ACTIVE
        return WayBack(WayBackState.OPEN if is_open else WayBackState.DEAD, self.newsletter)


def purpose(newsletter: str) -> str:
    """Return what links are kept for that undo leaving *newsletter*."""
    return _PURPOSE + newsletter


def way_back(
    vault: Vault, reader: Reader, address: str, newsletter: str, *, now: datetime
) -> tuple[str, ReaderLink]:
    """
    Make the link that undoes a leaving, for who has confirmed before.

    Args:
        vault: of the installation.
        reader: who leaves.
        address: theirs, in plain.
        newsletter: slug.
        now: aware UTC.

    Returns:
        The link's secret, 43 letters, to be mailed and never stored, and what is stored.
    """
    secret, seal_id = new_secret(), os.urandom(PUBLIC_ID_BYTES)
    kept = {
        "address": address,
        "newsletter": newsletter,
        "language": reader.language,
        "missing": str(reader.missing_choice) if reader.missing_choice else "",
    }
    nonce = os.urandom(_NONCE_BYTES)
    locked = nonce + _cipher(secret).encrypt(nonce, orjson.dumps(kept), reader.public_id)
    return secret, ReaderLink(
        link_hash=hash_of(secret),
        reader_id=reader.id,
        purpose=purpose(newsletter),
        valid_until=now + UNDO_VALID,
        seal_id=seal_id,
        sealed=vault.seal(locked, seal_id),
    )


async def look_up(database: Database, secret: str, *, now: datetime) -> WayBack:
    """Say what a link of a goodbye is worth, changing nothing."""
    found = await database.read(lambda tx: _find(tx, secret, now))
    return found.way_back if found else WayBack(WayBackState.DEAD)


async def come_back(database: Database, vault: Vault, secret: str, *, now: datetime) -> WayBack:
    """
    Subscribe a reader again who left, without a new confirmation; again changes nothing.

    They are welcomed by mail, so that the owner of the address knows also when it was somebody else.
    """
    found = await database.read(lambda tx: _find(tx, secret, now))
    if found is None or found.way_back.state is not WayBackState.OPEN:
        return found.way_back if found else WayBack(WayBackState.DEAD)
    before = _restored(vault, found, secret)
    if before is None:
        return WayBack(WayBackState.DEAD, found.newsletter)
    address, returned = before
    recipient = Recipient(address, returned.public_id, returned.language, found.newsletter)
    welcome = letter(vault, LetterKind.WELCOME, recipient, now=now)

    def write(tx: Transaction) -> WayBack:
        readers.hold(tx, found.reader.id, found.newsletter)
        again = _find(tx, secret, now)
        if again is None:
            return WayBack(WayBackState.DEAD)
        if again.way_back.state is WayBackState.OPEN:
            _subscribe(tx, again, returned, welcome, now=now)
            return WayBack(WayBackState.DONE, again.newsletter)
        return again.way_back

    return await database.write(write, urgent=True)


def _cipher(secret: str) -> AESGCM:
    # The secret has 256 random bits, and its SHA-256 is stored: the key must not follow from that.
    return AESGCM(hmac.digest(secret.encode(), _KEY_OF, "sha256"))


def _find(tx: Transaction, secret: str, now: datetime) -> _Found | None:
    """Return a link that works; it goes with its reader's row."""
    purposes = [purpose(slug) for slug in newsletters.slugs(tx)]
    link = reader_links.find(tx, hash_of(secret), purposes, now)
    reader = readers.by_id(tx, link.reader_id) if link else None
    if link is None or reader is None:
        return None
    newsletter = link.purpose.removeprefix(_PURPOSE)
    return _Found(link, reader, newsletter, readers.standing(tx, reader.id, newsletter))


def _restored(vault: Vault, found: _Found, secret: str) -> tuple[str, Reader] | None:
    """Return the address, and the reader as they were; None when the row is another address's now."""
    link, reader = found.link, found.reader
    assert link.sealed is not None
    assert link.seal_id is not None
    locked = vault.open(link.sealed, link.seal_id)
    try:
        plain = _cipher(secret).decrypt(locked[:_NONCE_BYTES], locked[_NONCE_BYTES:], reader.public_id)
    except InvalidTag as error:
        raise KeysError(
            "what is kept for a reader's way back was changed; restore the database from a backup"
        ) from error
    kept = orjson.loads(plain)
    if vault.index(parse_address(kept["address"])) != reader.address_index:
        return None
    return kept["address"], replace(
        reader,
        sealed_address=vault.seal(kept["address"].encode(), reader.public_id),
        language=Language(kept["language"]),
        missing_choice=parse_missing_rule(kept["missing"]) if kept["missing"] else None,
    )


def _subscribe(tx: Transaction, found: _Found, returned: Reader, welcome: Letter, *, now: datetime) -> None:
    if not readers.has_active_subscription(tx, found.reader.id):
        readers.change(tx, returned)
    readers.set_standing(
        tx,
        found.reader.id,
        found.newsletter,
        step(found.standing, Event.UNDO).standing,
        changed_month=f"{now:%Y-%m}",
        forget_at=None,
    )
    letters.add(tx, welcome)
