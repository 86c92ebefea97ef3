"""Confirming a sign-up: looking at the link changes nothing, pressing the button does.

One link confirms every newsletter that was asked for in one form. After its time it can still be
exchanged for a new one, by one press, for as long as the sign-up itself is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from mailer.audience.post import Recipient, letter, titles_of
from mailer.audience.signup import FORM, SignUpForm, receive, secret_hash
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Event, Standing, step
from mailer.storage import Database, Transaction, letters, newsletters, readers
from mailer.storage.letters import Letter
from mailer.storage.readers import Subscription

CONSENT_VERSION = "2"
"""Names the words beside the subscribe button; raised when they change."""


class LinkState(Enum):
    """What a confirm link is worth."""

    OPEN = auto()
    DONE = auto()
    """It was pressed this moment; the reader is subscribed."""
    USED = auto()
    """It was pressed before, in its time. Whether the reader is subscribed still, it does not tell."""
    LATE = auto()
    """Its time is over, but the sign-up is still here: it can be exchanged for a new one."""
    DEAD = auto()
    """Used up, forgotten, or never ours."""


@dataclass(frozen=True, slots=True)
class ConfirmLink:
    """What the page shows.

    Attributes:
        newsletters: slugs of those that are in this state; none where the link is used or dead.
    """

    state: LinkState
    newsletters: tuple[str, ...] = ()


async def look_up(database: Database, secret: str, *, now: datetime) -> ConfirmLink:
    """Say what a confirm link is worth, changing nothing."""
    link, _ = await database.read(lambda tx: _opened(tx, secret, now))
    return link


async def confirm(database: Database, vault: Vault, secret: str, *, now: datetime) -> ConfirmLink:
    """
    Subscribe the reader to whom *secret* was mailed, and welcome them; again changes nothing.

    A used link says the same until its time is over, whether the reader left since: else whoever sees an old
    mail could watch its owner.
    """
    link, found = await database.read(lambda tx: _opened(tx, secret, now))
    if link.state is not LinkState.OPEN:
        return link
    reader = found[0].reader

    def write(tx: Transaction) -> ConfirmLink:
        for slug in link.newsletters:
            readers.hold(tx, reader.id, slug)
        worth, again = _opened(tx, secret, now)
        if worth.state is not LinkState.OPEN:
            return worth
        confirmed = [each for each in again if each.newsletter in worth.newsletters]
        for each in confirmed:
            _subscribe(tx, each, _used(secret, each.newsletter), now)
        letters.add(tx, _welcome(tx, vault, confirmed, now))
        return ConfirmLink(LinkState.DONE, tuple(each.newsletter for each in confirmed))

    return await database.write(write, urgent=True)


async def renew(database: Database, vault: Vault, secret: str, *, now: datetime) -> None:
    """Ask for a new mail in place of one whose link is too old.

    It is a sign-up like any other, for the same newsletters with the same choices: the sending process
    decides, and its caps hold. A link that is not too old asks for nothing, and nobody is told.
    """
    link, found = await database.read(lambda tx: _opened(tx, secret, now))
    reader = found[0].reader if found else None
    if link.state is not LinkState.LATE or reader is None or reader.sealed_address is None:
        return
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    channel = found[0].channel or FORM
    source = "" if channel == FORM else channel
    form = SignUpForm(address, link.newsletters, reader.language, reader.missing_choice, source)
    await receive(database, vault, form, now=now)


def _opened(tx: Transaction, secret: str, now: datetime) -> tuple[ConfirmLink, list[Subscription]]:
    """Return what a link is worth, and what was asked for together, as far as it is still behind it."""
    slugs = newsletters.slugs(tx)
    found = readers.by_confirm_hashes(tx, [secret_hash(secret, slug) for slug in slugs])
    states = {each.newsletter: _state(each, now) for each in found}
    for state in (LinkState.OPEN, LinkState.LATE):
        if state in states.values():
            return ConfirmLink(state, _in_state(states.items(), state)), found
    used = readers.by_confirm_hashes(tx, [_used(secret, slug) for slug in slugs])
    if any(_is_in_time(each, now) for each in used):
        return ConfirmLink(LinkState.USED), found
    return ConfirmLink(LinkState.DEAD), found


def _used(secret: str, newsletter: str) -> bytes:
    """Return what takes the hash's place once the link was pressed: no standing brings it to life again."""
    return secret_hash(f"{secret} used", newsletter)


def _in_state(states: Iterable[tuple[str, LinkState]], state: LinkState) -> tuple[str, ...]:
    return tuple(slug for slug, each in states if each is state)


def _state(found: Subscription, now: datetime) -> LinkState:
    if found.standing is Standing.ACTIVE:
        # Subscribed meanwhile by another way.
        return LinkState.DEAD
    if _is_in_time(found, now) and step(found.standing, Event.CONFIRM).standing is Standing.ACTIVE:
        return LinkState.OPEN
    return LinkState.LATE if found.standing is Standing.PENDING else LinkState.DEAD


def _is_in_time(found: Subscription, now: datetime) -> bool:
    return found.confirm_until is not None and now <= found.confirm_until


def _welcome(tx: Transaction, vault: Vault, confirmed: Sequence[Subscription], now: datetime) -> Letter:
    """Return the one mail that welcomes a reader to all that a press confirmed."""
    reader, slugs = confirmed[0].reader, [each.newsletter for each in confirmed]
    assert reader.sealed_address is not None
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    recipient = Recipient(address, reader.public_id, reader.language, slugs[0])
    titles = titles_of(tx, slugs, reader.language)
    return letter(vault, LetterKind.WELCOME, recipient, now=now, titles=titles)


def _subscribe(tx: Transaction, found: Subscription, used: bytes, now: datetime) -> None:
    readers.set_standing(
        tx,
        found.reader.id,
        found.newsletter,
        step(found.standing, Event.CONFIRM).standing,
        changed_month=f"{now:%Y-%m}",
        confirm_hash=used,
        consent_version=CONSENT_VERSION,
        consent_language=found.reader.language,
        consent_at=now.replace(minute=0, second=0, microsecond=0),
    )
    readers.lift(tx, found.reader.address_index)
    # Who leaves and comes back on the same day is asked again: the cap is against strangers.
    letters.forget_asked(tx, found.reader.address_index)
