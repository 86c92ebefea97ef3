"""What is known of one address, for the operator whom its owner asked.

Nobody can list readers. Who writes in gives their address, and with it an operator finds what became of
their sign-up and of their last mails, and why nothing comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.audience import held
from mailer.audience.address import parse_address
from mailer.audience.held import HeldRequest
from mailer.audience.vault import Vault
from mailer.domain.consequence import Effect
from mailer.domain.content import LetterKind
from mailer.domain.returned_mail import MailKind
from mailer.domain.subscription import Standing, next_mail_at
from mailer.storage import (
    Database,
    Transaction,
    consequences,
    fates,
    letters,
    newsletters,
    preferences,
    readers,
    traces,
)
from mailer.storage.consequences import Consequence
from mailer.storage.fates import Fate
from mailer.storage.preferences import Membership, Preferences

_MOST_COPIES = 5
_MOST_RETURNS = 20
_ASKING = (LetterKind.CONFIRM, LetterKind.INVITE)


@dataclass(frozen=True, slots=True)
class Block:
    """Why an address must not be mailed.

    Attributes:
        since_month: ``2026-11``.
    """

    reason: Standing
    since_month: str


@dataclass(frozen=True, slots=True)
class WaitingLetter:
    """A mail that is no issue and has not gone out yet.

    Attributes:
        reply: of the last try, masked; None before one.
    """

    kind: LetterKind
    created_at: datetime
    attempts: int
    reply: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of an address, which is not on it; every time is aware UTC.

    Attributes:
        preferences: languages and choices; None where there is no such reader.
        memberships: where they stand with each newsletter, by slug, with the consent record.
        has_address: whether the sealed address is still kept.
        block: None where the address may be mailed.
        copies: what became of the last issues, newest first, at most 5.
        came_back: what came back of their mails and what followed, newest first, at most 20.
        letters: that have not gone out yet, oldest first.
        asked_at: when the address was last asked to confirm; None in the last 30 days never.
        next_ask_at: when the caps let it be asked again; now where they do not hold it.
        waits_until: when a sign-up that was held back is decided; None where none waits.
        zone: IANA name, of what they get; in it their days begin, and times are shown.
    """

    preferences: Preferences | None
    memberships: tuple[Membership, ...]
    has_address: bool
    block: Block | None
    copies: tuple[Fate, ...]
    came_back: tuple[Consequence, ...]
    letters: tuple[WaitingLetter, ...]
    asked_at: datetime | None
    next_ask_at: datetime
    waits_until: datetime | None
    zone: str = "UTC"

    @property
    def is_known(self) -> bool:
        """Whether anything is stored that the address leads to."""
        return any((self.preferences, self.block, self.asked_at, self.waits_until))

    @property
    def undoable(self) -> Consequence | None:
        """The bounce that ended their subscriptions, while an operator can still undo it."""
        is_out = any(each.standing is Standing.BOUNCED for each in self.memberships)
        if not (is_out and self.has_address):
            return None
        ended = (each for each in self.came_back if each.effect is Effect.SUPPRESSED)
        newest = next((each for each in ended if each.kind is MailKind.BOUNCE), None)
        return newest if newest is not None and newest.undone_at is None else None

    @property
    def can_be_asked(self) -> bool:
        """Whether there is a sign-up to confirm: nobody else is ever asked."""
        is_pending = any(each.standing is Standing.PENDING for each in self.memberships)
        return self.waits_until is not None or (is_pending and self.has_address)


async def look_up(database: Database, vault: Vault, text: str, *, now: datetime) -> Card:
    """
    Return what is known of the address *text*; of one that nobody knows, a card on which nothing stands.

    Raises:
        NotAnAddress: *text* is none.
    """
    address = parse_address(text)
    index = vault.index(address)
    waiting = await held.of_address(database, vault, address)
    return await database.read(lambda tx: _card(tx, index, waiting, now))


def _card(tx: Transaction, index: bytes, waiting: list[HeldRequest], now: datetime) -> Card:
    reader = readers.by_index(tx, index)
    sent = {kind: letters.sent_at(tx, index, kind) for kind in _ASKING}
    memberships = tuple(preferences.memberships(tx, reader.id)) if reader else ()
    return Card(
        preferences=preferences.get(tx, reader.id) if reader else None,
        memberships=memberships,
        has_address=reader is not None and reader.sealed_address is not None,
        block=next((Block(**row) for row in traces.block(tx, index)), None),
        copies=tuple(fates.of_reader(tx, reader.id, _MOST_COPIES)) if reader else (),
        came_back=tuple(consequences.of_reader(tx, reader.id, _MOST_RETURNS)) if reader else (),
        letters=tuple(_letter(row) for row in traces.letters(tx, reader.public_id)) if reader else (),
        asked_at=max((at for each in sent.values() for at in each), default=None),
        next_ask_at=max(next_mail_at(kind, sent[kind], now) for kind in _ASKING),
        waits_until=max((each.request.due_at or now for each in waiting if each.is_sign_up), default=None),
        zone=_zone(tx, memberships),
    )


def _zone(tx: Transaction, memberships: tuple[Membership, ...]) -> str:
    """Return the zone of the first newsletter that a reader gets, or else of the first they asked for."""
    by_use = sorted(memberships, key=lambda each: each.standing is not Standing.ACTIVE)
    found = newsletters.find(tx, by_use[0].newsletter) if by_use else None
    return found.zone if found else "UTC"


def _letter(row: dict[str, Any]) -> WaitingLetter:
    return WaitingLetter(row["kind"], row["created_at"], row["attempts"], row["reply"])
