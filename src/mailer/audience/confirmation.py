"""Confirming a sign-up: looking at the link changes nothing, pressing the button does.

One link confirms every newsletter that was asked for in one form. After its time it can still be
exchanged for a new one, by one press, for as long as the sign-up itself is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from mailer.audience.post import Recipient, letter
from mailer.audience.signup import FORM, SignUpForm, receive, secret_hash
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Event, Standing, step
from mailer.storage import Database, Transaction, letters, newsletters, readers
from mailer.storage.letters import Letter
from mailer.storage.readers import Reader, Subscription

CONSENT_VERSION = "2"
"""Names the words beside the subscribe button; raised when they change."""


class LinkState(Enum):
    """What a confirm link is worth."""

    OPEN = auto()
    DONE = auto()
    """It was pressed before; the reader is subscribed."""
    LATE = auto()
    """Its time is over, but the sign-up is still here: it can be exchanged for a new one."""
    DEAD = auto()
    """Used up, forgotten, or never ours."""


@dataclass(frozen=True, slots=True)
class ConfirmLink:
    """What the page shows.

    Attributes:
        newsletters: slugs of those that are in this state; none where the link is dead.
    """

    state: LinkState
    newsletters: tuple[str, ...] = ()


async def look_up(database: Database, secret: str, *, now: datetime) -> ConfirmLink:
    """Say what a confirm link is worth, changing nothing."""
    return _worth(await database.read(lambda tx: _behind(tx, secret)), now)


async def confirm(database: Database, vault: Vault, secret: str, *, now: datetime) -> ConfirmLink:
    """Subscribe the reader to whom *secret* was mailed, and welcome them; again changes nothing."""
    found = await database.read(lambda tx: _behind(tx, secret))
    link = _worth(found, now)
    if link.state is not LinkState.OPEN:
        return link
    reader = found[0].reader
    welcomes = {slug: _welcome(vault, reader, slug, now) for slug in link.newsletters}

    def write(tx: Transaction) -> ConfirmLink:
        for slug in link.newsletters:
            readers.hold(tx, reader.id, slug)
        again = _behind(tx, secret)
        worth = _worth(again, now)
        if worth.state is not LinkState.OPEN:
            return worth
        for each in again:
            if each.newsletter in worth.newsletters and each.newsletter in welcomes:
                _subscribe(tx, each, welcomes[each.newsletter], now)
        return _worth(_behind(tx, secret), now)

    return await database.write(write, urgent=True)


async def renew(database: Database, vault: Vault, secret: str, *, now: datetime) -> None:
    """Ask for a new mail in place of one whose link is too old.

    It is a sign-up like any other, for the same newsletters with the same choices: the sending process
    decides, and its caps hold. A link that is not too old asks for nothing, and nobody is told.
    """
    found = await database.read(lambda tx: _behind(tx, secret))
    link = _worth(found, now)
    reader = found[0].reader if found else None
    if link.state is not LinkState.LATE or reader is None or reader.sealed_address is None:
        return
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    channel = found[0].channel or FORM
    source = "" if channel == FORM else channel
    form = SignUpForm(address, link.newsletters, reader.language, reader.missing_choice, source)
    await receive(database, vault, form, now=now)


def _behind(tx: Transaction, secret: str) -> list[Subscription]:
    """Return what was asked for together, as far as it is still behind this link."""
    return readers.by_confirm_hashes(tx, [secret_hash(secret, slug) for slug in newsletters.slugs(tx)])


def _worth(found: Sequence[Subscription], now: datetime) -> ConfirmLink:
    states = {each.newsletter: _state(each, now) for each in found}
    for state in (LinkState.OPEN, LinkState.DONE, LinkState.LATE):
        if state in states.values():
            return ConfirmLink(state, _in_state(states.items(), state))
    return ConfirmLink(LinkState.DEAD)


def _in_state(states: Iterable[tuple[str, LinkState]], state: LinkState) -> tuple[str, ...]:
    return tuple(slug for slug, each in states if each is state)


def _state(found: Subscription, now: datetime) -> LinkState:
    if found.standing is Standing.ACTIVE:
        return LinkState.DONE
    in_time = found.confirm_until is not None and now <= found.confirm_until
    if in_time and step(found.standing, Event.CONFIRM).standing is Standing.ACTIVE:
        return LinkState.OPEN
    return LinkState.LATE if found.standing is Standing.PENDING else LinkState.DEAD


def _welcome(vault: Vault, reader: Reader, newsletter: str, now: datetime) -> Letter:
    assert reader.sealed_address is not None
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    recipient = Recipient(address, reader.public_id, reader.language, newsletter)
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
