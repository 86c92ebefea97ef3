"""Confirming a sign-up: looking at the link changes nothing, pressing the button does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from mailer.audience.post import Recipient, letter
from mailer.audience.signup import secret_hash
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Event, Standing, step
from mailer.storage import Database, Transaction, letters, readers
from mailer.storage.letters import Letter
from mailer.storage.readers import Subscription

CONSENT_VERSION = "1"
"""Names the words beside the subscribe button; raised when they change."""


class LinkState(Enum):
    """What a confirm link is worth."""

    OPEN = auto()
    DONE = auto()
    """It was pressed before; the reader is subscribed."""
    DEAD = auto()
    """Expired, used up, or never ours."""


@dataclass(frozen=True, slots=True)
class ConfirmLink:
    """What the page shows: the state, and the newsletter's slug where the link is known."""

    state: LinkState
    newsletter: str | None = None


async def look_up(database: Database, secret: str, *, now: datetime) -> ConfirmLink:
    """Say what a confirm link is worth, changing nothing."""
    return _worth(await database.read(lambda tx: readers.by_confirm_hash(tx, secret_hash(secret))), now)


async def confirm(database: Database, vault: Vault, secret: str, *, now: datetime) -> ConfirmLink:
    """Subscribe the reader to whom *secret* was mailed, and welcome them; again changes nothing."""
    found = await database.read(lambda tx: readers.by_confirm_hash(tx, secret_hash(secret)))
    link = _worth(found, now)
    if link.state is not LinkState.OPEN or found is None:
        return link
    welcome = _welcome(vault, found, now)

    def write(tx: Transaction) -> ConfirmLink:
        readers.hold(tx, found.reader.id, found.newsletter)
        again = readers.by_confirm_hash(tx, secret_hash(secret))
        now_worth = _worth(again, now)
        if now_worth.state is LinkState.OPEN and again is not None:
            _subscribe(tx, again, welcome, now)
        return now_worth

    done = await database.write(write, urgent=True)
    return ConfirmLink(LinkState.DONE, done.newsletter) if done.state is LinkState.OPEN else done


def _worth(found: Subscription | None, now: datetime) -> ConfirmLink:
    if found is None:
        return ConfirmLink(LinkState.DEAD)
    if found.standing is Standing.ACTIVE:
        return ConfirmLink(LinkState.DONE, found.newsletter)
    in_time = found.confirm_until is not None and now <= found.confirm_until
    if in_time and step(found.standing, Event.CONFIRM).standing is Standing.ACTIVE:
        return ConfirmLink(LinkState.OPEN, found.newsletter)
    return ConfirmLink(LinkState.DEAD, found.newsletter)


def _welcome(vault: Vault, found: Subscription, now: datetime) -> Letter:
    reader = found.reader
    assert reader.sealed_address is not None
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    recipient = Recipient(address, reader.public_id, reader.language, found.newsletter)
    return letter(vault, LetterKind.WELCOME, recipient, now=now)


def _subscribe(tx: Transaction, found: Subscription, welcome: Letter, now: datetime) -> None:
    readers.set_standing(
        tx,
        found.reader.id,
        found.newsletter,
        step(found.standing, Event.CONFIRM).standing,
        changed_month=f"{now:%Y-%m}",
        consent_version=CONSENT_VERSION,
        consent_language=found.reader.language,
        consent_at=now.replace(minute=0, second=0, microsecond=0),
    )
    readers.lift(tx, found.reader.address_index)
    # Who leaves and comes back on the same day is asked again: the cap is against strangers.
    letters.forget_asked(tx, found.reader.address_index)
    letters.add(tx, welcome)
