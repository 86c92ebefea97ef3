"""Leaving: one press, or one bare POST from the mail program (RFC 8058), at once and for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.audience.post import Recipient, letter
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.subscription import Event, Standing, step
from mailer.domain.token import Token, TokenKeys
from mailer.errors import NotFound
from mailer.storage import Database, Transaction, deliveries, issues, letters, newsletters, readers
from mailer.storage.letters import Letter
from mailer.storage.readers import Reader

_ROW_KEPT = timedelta(days=14)
"""How long the row stays after the address is gone: for late bounces and second thoughts."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """Whom an unsubscribe link names.

    Attributes:
        reader: None when the row has gone already.
        newsletter: slug.
    """

    reader: Reader | None
    newsletter: str

    @property
    def language(self) -> Language | None:
        """The reader's main language, where we still know it."""
        return self.reader.language if self.reader else None


async def look_up(database: Database, keys: TokenKeys, link: str) -> Leaver | None:
    """Return whom the link names, or None when it is not ours; changes nothing."""
    token = keys.read_link(link)
    if token is None:
        return None
    return await database.read(lambda tx: _leaver(tx, token))


async def unsubscribe(
    database: Database, vault: Vault, keys: TokenKeys, *, link: str, now: datetime
) -> Leaver | None:
    """End the subscription the link names; once more changes nothing.

    Returns whom it named, or None when the link is not ours. In the same transaction every copy
    that still waits is left out, so no body starts after this returns.
    """
    token = keys.read_link(link)
    if token is None:
        return None
    leaver = await database.read(lambda tx: _leaver(tx, token))
    if leaver is None or leaver.reader is None:
        return leaver
    goodbye = _goodbye(vault, leaver.reader, leaver.newsletter, now)
    reader, slug = leaver.reader, leaver.newsletter
    await database.write(lambda tx: _leave(tx, token, reader, slug, goodbye=goodbye, now=now), urgent=True)
    return leaver


def _leaver(tx: Transaction, token: Token) -> Leaver | None:
    try:
        if token.issue is not None:
            slug: str | None = issues.get(tx, token.issue).newsletter
        else:
            slug = newsletters.slug_of(tx, token.newsletter or 0)
    except NotFound:
        return None
    return Leaver(readers.by_public_id(tx, token.public_id), slug) if slug else None


def _goodbye(vault: Vault, reader: Reader, newsletter: str, now: datetime) -> Letter | None:
    if reader.sealed_address is None:
        return None
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    recipient = Recipient(address, reader.public_id, reader.language, newsletter)
    return letter(vault, LetterKind.GOODBYE, recipient, now=now)


def _leave(
    tx: Transaction, token: Token, reader: Reader, slug: str, *, goodbye: Letter | None, now: datetime
) -> None:
    readers.hold(tx, reader.id, slug)
    before = readers.standing(tx, reader.id, slug)
    follows = step(before, Event.UNSUBSCRIBE)
    if follows.standing is before:
        return
    if follows.standing is Standing.NONE:
        readers.end_subscription(tx, reader.id, slug)
        _forget_address(tx, reader.id)
        return
    readers.set_standing(
        tx,
        reader.id,
        slug,
        follows.standing,
        changed_month=f"{now:%Y-%m}",
        confirm_hash=None,
        forget_at=now + _ROW_KEPT,
    )
    deliveries.skip_reader(tx, reader.id, slug, now)
    if token.issue is not None:
        deliveries.note_unsubscribe(tx, token.issue, reader.id)
    _forget_address(tx, reader.id)
    if goodbye is not None and follows.letter is LetterKind.GOODBYE:
        letters.add(tx, goodbye)


def _forget_address(tx: Transaction, reader_id: int) -> None:
    if not readers.has_live_subscription(tx, reader_id):
        readers.forget_address(tx, reader_id)
