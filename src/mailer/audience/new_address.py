"""A change of address: it happens when the owners of the old and of the new one have both agreed.

The old one must agree so that nobody carries a reader's subscriptions away, the new one because nobody is
mailed who has not asked for it. Nothing shows whether the new address was known to us before.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum, auto

from mailer.audience import undo
from mailer.audience.address import Address, parse_address
from mailer.audience.choices import subscribe
from mailer.audience.link_secret import hash_of, new_secret
from mailer.audience.post import Recipient, letter
from mailer.audience.settings_link import acting, letter_language, speaks_for_us
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.provider import provider_group
from mailer.domain.subscription import MOVE_VALID, UNDO_VALID, Event, Standing, may_mail, step
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.errors import KeysError
from mailer.storage import (
    Database,
    Transaction,
    deliveries,
    letters,
    newsletters,
    preferences,
    reader_links,
    readers,
)
from mailer.storage.erasure import forget_letters
from mailer.storage.reader_links import MOVES, LinkPurpose, ReaderLink
from mailer.storage.readers import Reader


class SameAddress(ValueError):  # noqa: N818 - reads as what it is where it is caught
    """The reader's own address was typed as the new one."""


class MoveState(Enum):
    """What a link about a change of address is worth."""

    OPEN = auto()
    """Its owner has not decided."""
    WAITING = auto()
    """Its owner has agreed; the other has not decided."""
    DONE = auto()
    """Both have agreed; the address has changed."""
    REFUSED = auto()
    DEAD = auto()
    """Expired, replaced by a later one, or never ours."""


_STATES = {
    LinkPurpose.MOVE_IN: MoveState.OPEN,
    LinkPurpose.MOVE_OUT: MoveState.OPEN,
    LinkPurpose.MOVE_IN_AGREED: MoveState.WAITING,
    LinkPurpose.MOVE_OUT_AGREED: MoveState.WAITING,
    LinkPurpose.MOVED: MoveState.DONE,
    LinkPurpose.MOVE_REFUSED: MoveState.REFUSED,
}
_AGREED = {
    LinkPurpose.MOVE_IN: LinkPurpose.MOVE_IN_AGREED,
    LinkPurpose.MOVE_OUT: LinkPurpose.MOVE_OUT_AGREED,
}


@dataclass(frozen=True, slots=True)
class _Plan:
    """A change that was asked for, prepared so that writing it down touches only the database."""

    address: Address
    secret_in: str
    secret_out: str
    seal_id: bytes


async def ask_both(database: Database, vault: Vault, secret: str, address: str, *, now: datetime) -> bool:
    """
    Ask the old and the new address to agree; return False when the link to the settings is dead.

    A later change takes the place of an earlier one. An address that was asked often enough is not asked
    again, and nothing shows it.

    Raises:
        NotAnAddress: what was typed is no address; nothing is stored.
        SameAddress: it is the reader's own; nothing is stored.
    """
    plan = _Plan(parse_address(address), new_secret(), new_secret(), os.urandom(PUBLIC_ID_BYTES))

    def work(tx: Transaction, reader: Reader) -> bool:
        if vault.index(plan.address) == reader.address_index:
            raise SameAddress
        _ask(tx, vault, reader, plan, now=now)
        return True

    return bool(await acting(database, secret, work, now=now))


async def look_up(database: Database, secret: str, *, now: datetime) -> MoveState:
    """Say what a link about a change of address is worth, changing nothing."""
    link = await database.read(lambda tx: reader_links.find(tx, hash_of(secret), MOVES, now))
    return _worth(link)


async def decide(database: Database, vault: Vault, secret: str, *, agrees: bool, now: datetime) -> MoveState:
    """Agree to a change of address or refuse it, for the address that *secret* was mailed to.

    Who has agreed may still refuse while the other has not decided; a change that happened stays.
    """

    def work(tx: Transaction) -> MoveState:
        link = _held(tx, secret, now)
        if link is None or _worth(link) not in (MoveState.OPEN, MoveState.WAITING):
            return _worth(link)
        if not agrees:
            _call_off(tx, link.reader_id, LinkPurpose.MOVE_REFUSED)
            return MoveState.REFUSED
        purpose = LinkPurpose(link.purpose)
        reader_links.change_purpose(tx, link.link_hash, _AGREED.get(purpose, purpose))
        return _move_if_agreed(tx, vault, link.reader_id, now)

    return await database.write(work, urgent=True)


def call_off_to(tx: Transaction, vault: Vault, index: bytes) -> bool:
    """Call off what would move anybody to the address with that index; tell whether there was any."""
    found = [link.reader_id for link in reader_links.asked_addresses(tx) if _index_of(vault, link) == index]
    for reader_id in found:
        _call_off(tx, reader_id, LinkPurpose.MOVE_REFUSED)
    return bool(found)


def _index_of(vault: Vault, link: ReaderLink) -> bytes | None:
    assert link.sealed is not None
    assert link.seal_id is not None
    with suppress(KeysError):
        return vault.index(parse_address(vault.open(link.sealed, link.seal_id).decode()))
    return None


def _worth(link: ReaderLink | None) -> MoveState:
    return MoveState.DEAD if link is None else _STATES[LinkPurpose(link.purpose)]


def _held(tx: Transaction, secret: str, now: datetime) -> ReaderLink | None:
    """Return the link as it is once nobody else changes its reader: both owners may press together."""
    link = reader_links.find(tx, hash_of(secret), MOVES, now)
    if link is None:
        return None
    preferences.hold(tx, link.reader_id)
    return reader_links.find(tx, hash_of(secret), MOVES, now)


def _ask(tx: Transaction, vault: Vault, reader: Reader, plan: _Plan, *, now: datetime) -> None:
    newsletter = speaks_for_us(tx, reader)
    assert reader.sealed_address is not None
    asked = {
        LetterKind.MOVE_IN: vault.index(plan.address),
        LetterKind.MOVE_OUT: reader.address_index,
    }
    may_ask = all(may_mail(kind, letters.sent_at(tx, index, kind), now) for kind, index in asked.items())
    if newsletter is None or not may_ask:
        return
    _call_off(tx, reader.id, LinkPurpose.MOVE_REFUSED)
    reader_links.remove_all(tx, reader.id, MOVES)
    until = now + MOVE_VALID
    # The new address's Letter is sealed and named apart from the reader: should it come back, the reader
    # has done nothing.
    sealed = vault.seal(plan.address.spec.encode(), plan.seal_id)
    link_in = ReaderLink(hash_of(plan.secret_in), reader.id, LinkPurpose.MOVE_IN, until, plan.seal_id, sealed)
    reader_links.add(tx, link_in)
    reader_links.add(tx, ReaderLink(hash_of(plan.secret_out), reader.id, LinkPurpose.MOVE_OUT, until))
    old = vault.open(reader.sealed_address, reader.public_id).decode()
    language, slug = letter_language(reader, newsletter), newsletter.slug
    for kind, recipient, secret in (
        (LetterKind.MOVE_IN, Recipient(plan.address.spec, plan.seal_id, language, slug), plan.secret_in),
        (LetterKind.MOVE_OUT, Recipient(old, reader.public_id, language, slug), plan.secret_out),
    ):
        letters.count(tx, asked[kind], kind, now)
        # Who asked never to be mailed is not. All else goes its way: were the reader's own mail missing, it
        # would tell them so, and that the other once read us.
        if readers.mark(tx, asked[kind]) is not Standing.BLOCKED:
            letters.add(tx, letter(vault, kind, recipient, now=now, secret=secret))


def _call_off(tx: Transaction, reader_id: int, end: LinkPurpose) -> None:
    """End an open change; a question to the new address that has not gone out stays here."""
    sealed_to = [link.seal_id for link in reader_links.of_reader(tx, reader_id) if link.seal_id]
    forget_letters(tx, sealed_to)
    reader_links.close_moves(tx, reader_id, end)


def _move_if_agreed(tx: Transaction, vault: Vault, reader_id: int, now: datetime) -> MoveState:
    links = {link.purpose: link for link in reader_links.of_reader(tx, reader_id)}
    reader = readers.by_id(tx, reader_id)
    if not {LinkPurpose.MOVE_IN_AGREED, LinkPurpose.MOVE_OUT_AGREED} <= links.keys():
        return MoveState.WAITING
    link = links[LinkPurpose.MOVE_IN_AGREED]
    if reader is None or reader.sealed_address is None or link.sealed is None or link.seal_id is None:
        # The reader left meanwhile: there is nothing to move.
        reader_links.close_moves(tx, reader_id, LinkPurpose.MOVE_REFUSED)
        return MoveState.REFUSED
    address = parse_address(vault.open(link.sealed, link.seal_id).decode())
    if readers.mark(tx, vault.index(address)) is Standing.BLOCKED:
        # They agreed, and have asked never to be mailed since.
        reader_links.close_moves(tx, reader_id, LinkPurpose.MOVE_REFUSED)
        return MoveState.REFUSED
    reader_links.close_moves(tx, reader_id, LinkPurpose.MOVED)
    # Who holds a link to the settings from before may not look into the new address's.
    reader_links.remove_all(tx, reader_id, [LinkPurpose.SETTINGS])
    _move(tx, vault, reader, address, now=now)
    return MoveState.DONE


def _move(tx: Transaction, vault: Vault, reader: Reader, address: Address, *, now: datetime) -> None:
    index = vault.index(address)
    resident = readers.by_index(tx, index)
    readers.lift(tx, index)
    if resident is None or resident.id == reader.id:
        # Who holds the old mailbox holds links of before, and may be who the reader moved away from; and what
        # still comes back of it says nothing about the new one. So neither names the reader any more.
        forget_letters(tx, [reader.public_id])
        reader_links.remove_all(tx, reader.id, [undo.purpose(slug) for slug in newsletters.slugs(tx)])
        _give(tx, vault, replace(reader, public_id=os.urandom(PUBLIC_ID_BYTES)), address)
    else:
        _join(tx, vault, reader, resident, address, now=now)


def _give(tx: Transaction, vault: Vault, reader: Reader, address: Address) -> None:
    """Give a row an address, and the public_id that *reader* has."""
    preferences.move(
        tx,
        replace(
            reader,
            sealed_address=vault.seal(address.spec.encode(), reader.public_id),
            address_index=vault.index(address),
            provider_group=provider_group(address.domain),
        ),
    )


def _join(
    tx: Transaction, vault: Vault, leaver: Reader, resident: Reader, address: Address, *, now: datetime
) -> None:
    """Let the reader whom the new address has already get what the other got; the other one leaves.

    What that reader chose stays; if either was discreet, mail stays discreet.
    """
    preferences.hold(tx, resident.id)
    theirs, brought = preferences.get(tx, resident.id), preferences.get(tx, leaver.id)
    if not readers.has_active_subscription(tx, resident.id):
        theirs = brought
    elif brought.is_discreet:
        theirs = replace(theirs, is_discreet=True)
    _give(tx, vault, resident, address)
    preferences.save(tx, resident.id, theirs)
    there = readers.by_id(tx, resident.id)
    assert there is not None
    for membership in preferences.memberships(tx, leaver.id):
        if membership.standing is Standing.ACTIVE:
            subscribe(tx, vault, there, membership.newsletter, now=now)
            _end(tx, leaver, membership.newsletter, now=now)
        elif membership.standing is Standing.PENDING:
            readers.end_subscription(tx, leaver.id, membership.newsletter)
    readers.forget_address(tx, leaver.id)


def _end(tx: Transaction, leaver: Reader, newsletter: str, *, now: datetime) -> None:
    readers.set_standing(
        tx,
        leaver.id,
        newsletter,
        step(Standing.ACTIVE, Event.UNSUBSCRIBE).standing,
        changed_month=f"{now:%Y-%m}",
        forget_at=now + UNDO_VALID,
    )
    deliveries.skip_reader(tx, leaver.id, newsletter, now)
