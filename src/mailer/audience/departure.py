"""Leaving: one press, or one bare POST from the mail program (RFC 8058), at once.

Whoever has a forwarded issue can press it too. So the goodbye, which only the owner of the address
gets, always carries the way back (audience/undo.py); the page carries it for the one whose press it
was, once a day, so that nobody can have a reader mailed by leaving and coming back in turns.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailer.audience import undo
from mailer.audience.post import Recipient, letter
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import UNDO_VALID, Event, Standing, step
from mailer.domain.token import Token, TokenKeys
from mailer.errors import NotFound
from mailer.storage import (
    Database,
    Transaction,
    deliveries,
    issues,
    leavers,
    letters,
    newsletters,
    reader_links,
    readers,
)
from mailer.storage.letters import Letter
from mailer.storage.reader_links import ReaderLink
from mailer.storage.readers import Reader

_ON_PAGE_AGAIN = timedelta(hours=24)
"""How long after one goodbye the page of another leaves the way back to the mail."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """Whom an unsubscribe link names.

    Attributes:
        reader: None when the row has gone already.
        newsletter: slug.
        way_back: the secret of the link that undoes this very press; empty where only the mail has it.
    """

    reader: Reader | None
    newsletter: str
    way_back: str = field(default="", repr=False)


async def look_up(database: Database, keys: TokenKeys, link: str) -> str | None:
    """
    Return the slug of the newsletter the link is about, or None when it is not ours; changes nothing.

    Nothing of the reader is looked at: whoever has a forwarded issue could watch them otherwise.
    """
    token = keys.read_link(link)
    if token is None:
        return None
    return await database.read(lambda tx: _newsletter(tx, token))


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
    farewell = _farewell(vault, leaver.reader, leaver.newsletter, now)
    reader, slug = leaver.reader, leaver.newsletter
    on_page = await database.write(
        lambda tx: _leave(tx, token, reader, slug, farewell=farewell, now=now), urgent=True
    )
    return replace(leaver, way_back=farewell.secret) if farewell and on_page else leaver


def leave(tx: Transaction, vault: Vault, token: Token, now: datetime) -> None:
    """
    End the subscription that *token* names, in a transaction of the caller's; once more changes nothing.

    For whoever leaves by other ways than the link: the goodbye carries the way back all the same.
    """
    leaver = _leaver(tx, token)
    if leaver is not None and leaver.reader is not None:
        farewell = _farewell(vault, leaver.reader, leaver.newsletter, now)
        _leave(tx, token, leaver.reader, leaver.newsletter, farewell=farewell, now=now)


@dataclass(frozen=True, slots=True)
class _Farewell:
    """What follows a leaving: the goodbye, and the way back whose secret it carries."""

    goodbye: Letter
    link: ReaderLink
    secret: str = field(repr=False)


def _leaver(tx: Transaction, token: Token) -> Leaver | None:
    slug = _newsletter(tx, token)
    return Leaver(readers.by_public_id(tx, token.public_id), slug) if slug else None


def _newsletter(tx: Transaction, token: Token) -> str | None:
    if token.issue is None:
        return newsletters.slug_of(tx, token.newsletter or 0)
    try:
        return issues.get(tx, token.issue).newsletter
    except NotFound:
        return None


def _farewell(vault: Vault, reader: Reader, newsletter: str, now: datetime) -> _Farewell | None:
    if reader.sealed_address is None:
        return None
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    secret, link = undo.way_back(vault, reader, address, newsletter, now=now)
    recipient = Recipient(address, reader.public_id, reader.language, newsletter)
    return _Farewell(letter(vault, LetterKind.GOODBYE, recipient, now=now, secret=secret), link, secret)


def _leave(
    tx: Transaction, token: Token, reader: Reader, slug: str, *, farewell: _Farewell | None, now: datetime
) -> bool:
    """Write down that a reader left; tell whether the page may offer the way back."""
    readers.hold(tx, reader.id, slug)
    before = readers.standing(tx, reader.id, slug)
    follows = step(before, Event.UNSUBSCRIBE)
    if follows.standing is before:
        return False
    if follows.standing is Standing.NONE:
        leavers.mark_refusal(tx, reader.id, slug)
        letters.withdraw_invitations(tx, [reader.id], slug)
        readers.end_subscription(tx, reader.id, slug)
        _forget_address(tx, reader.id)
        return False
    readers.set_standing(
        tx,
        reader.id,
        slug,
        follows.standing,
        changed_month=f"{now:%Y-%m}",
        forget_at=now + UNDO_VALID,
    )
    deliveries.skip_reader(tx, reader.id, slug, now)
    if token.issue is not None:
        deliveries.note_unsubscribe(tx, token.issue, reader.id)
    _forget_address(tx, reader.id)
    # A link undoes its own leaving and no later one.
    reader_links.remove_all(tx, reader.id, [undo.purpose(slug)])
    if farewell is None or follows.letter is not LetterKind.GOODBYE:
        return False
    return _say_goodbye(tx, reader, farewell, now)


def _say_goodbye(tx: Transaction, reader: Reader, farewell: _Farewell, now: datetime) -> bool:
    """Queue the goodbye with its way back; tell whether it is the first in a day."""
    earlier = letters.sent_at(tx, reader.address_index, LetterKind.GOODBYE)
    letters.count(tx, reader.address_index, LetterKind.GOODBYE, now)
    letters.add(tx, farewell.goodbye)
    reader_links.add(tx, farewell.link)
    return all(now - moment >= _ON_PAGE_AGAIN for moment in earlier)


def _forget_address(tx: Transaction, reader_id: int) -> None:
    if not readers.has_live_subscription(tx, reader_id):
        readers.forget_address(tx, reader_id)
