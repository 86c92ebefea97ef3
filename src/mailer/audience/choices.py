"""What readers change on their settings page: how mail comes, what comes, and when.

Each press is the whole of what it asks for, so pressing again changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from mailer.audience import departure
from mailer.audience.confirmation import CONSENT_VERSION
from mailer.audience.post import Recipient, letter
from mailer.audience.settings_link import acting, letter_language, owner
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.newsletter import Newsletter
from mailer.domain.subscription import Event, step
from mailer.domain.token import Token, TokenKeys
from mailer.storage import Database, Transaction, letters, newsletters, preferences, readers
from mailer.storage.letters import Letter
from mailer.storage.preferences import Preferences
from mailer.storage.readers import Reader

_CHANNEL = "settings page"
"""The consent record's word for a newsletter that a reader added."""


async def choose_languages(
    database: Database, secret: str, language: Language, missing: MissingRule | None, *, now: datetime
) -> bool:
    """Set the main language and what happens to texts that it lacks; False when the link is dead."""

    def change(chosen: Preferences) -> Preferences:
        return replace(chosen, language=language, missing=missing)

    return await _change(database, secret, change, now=now)


async def take_break(database: Database, secret: str, until: datetime | None, *, now: datetime) -> bool:
    """Send no issue before *until* (aware UTC), or end the break (None); False when the link is dead."""
    return await _change(database, secret, lambda chosen: replace(chosen, paused_until=until), now=now)


async def be_discreet(database: Database, secret: str, *, is_discreet: bool, now: datetime) -> bool:
    """Send issues under a neutral name and as text alone, or as usual; False when the link is dead."""
    return await _change(database, secret, lambda chosen: replace(chosen, is_discreet=is_discreet), now=now)


async def add(database: Database, vault: Vault, secret: str, newsletter: str, *, now: datetime) -> bool:
    """
    Subscribe the reader to one more newsletter; False when the link is dead.

    Their address is proven: the link came by mail. So there is nothing to confirm, but a welcome tells
    the owner what happened.

    Raises:
        NotFound: there is no such newsletter.
    """

    def work(tx: Transaction, reader: Reader) -> bool:
        subscribe(tx, vault, reader, newsletter, now=now)
        return True

    return bool(await acting(database, secret, work, now=now))


def subscribe(tx: Transaction, vault: Vault, reader: Reader, slug: str, *, now: datetime) -> None:
    """Subscribe a reader whose address is proven, with the consent record; once more changes nothing."""
    newsletter = newsletters.pick(tx, slug)
    before = readers.standing(tx, reader.id, slug)
    follows = step(before, Event.ADD)
    if follows.standing is before:
        return
    letters.withdraw_invitations(tx, [reader.id], slug)
    readers.set_standing(
        tx,
        reader.id,
        slug,
        follows.standing,
        changed_month=f"{now:%Y-%m}",
        confirm_hash=None,
        confirm_until=None,
        forget_at=None,
        consent_version=CONSENT_VERSION,
        consent_language=reader.language,
        consent_channel=_CHANNEL,
        consent_at=now.replace(minute=0, second=0, microsecond=0),
    )
    readers.lift(tx, reader.address_index)
    letters.add(tx, _welcome(vault, reader, newsletter, now=now))


async def leave(
    database: Database, vault: Vault, keys: TokenKeys, secret: str, newsletter: str, *, now: datetime
) -> bool:
    """
    Unsubscribe the reader from one newsletter, as the link in its mails does; False when the link is dead.

    Raises:
        NotFound: there is no such newsletter.
    """
    reader = await owner(database, secret, now=now)
    if reader is None:
        return False
    number = await database.read(lambda tx: newsletters.identifier(tx, newsletter))
    link = keys.link(Token(reader.public_id, newsletter=number))
    await departure.unsubscribe(database, vault, keys, link=link, now=now)
    return True


async def _change(
    database: Database, secret: str, change: Callable[[Preferences], Preferences], *, now: datetime
) -> bool:
    def work(tx: Transaction, reader: Reader) -> bool:
        preferences.save(tx, reader.id, change(preferences.get(tx, reader.id)))
        return True

    return bool(await acting(database, secret, work, now=now))


def _welcome(vault: Vault, reader: Reader, newsletter: Newsletter, *, now: datetime) -> Letter:
    assert reader.sealed_address is not None
    to = vault.open(reader.sealed_address, reader.public_id).decode()
    language = letter_language(reader, newsletter)
    recipient = Recipient(to, reader.public_id, language, newsletter.slug)
    return letter(vault, LetterKind.WELCOME, recipient, now=now)
