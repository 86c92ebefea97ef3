"""Asking imported readers to confirm: on request only, and spread over hours and days.

Hundreds of thousands of mails that nobody expects, in one hour, cost a sender its name.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from mailer.audience.moving.sorting import Tell
from mailer.audience.post import Recipient, letter
from mailer.audience.signup import secret_hash
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.flood import HOUR, FloodLimits
from mailer.domain.subscription import INVITE_VALID, Standing, may_mail
from mailer.storage import Database, Transaction, intake, letters, readers
from mailer.storage.readers import Reader

SLICE = 500
_SECRET_BYTES = 32


@dataclass(slots=True)
class Pace:
    """How fast invitations leave: each goes after the one before it, and whoever is behind waits too.

    Attributes:
        per_hour: most that leave in an hour, at least 1.
        limits: what sign-ups may send to one receiving domain. Invitations keep to half of that: a provider
            that hears of us for the first time must not hear it a thousand times an hour.
        next_at: when the next one may go, aware UTC.
        free_at: when the next one may go to a receiving domain, of those that are used up.
    """

    per_hour: int
    limits: FloodLimits
    next_at: datetime
    free_at: dict[str, datetime] = field(default_factory=dict)

    def at(self, domain: str) -> datetime:
        """Return when one to *domain* goes."""
        return max(self.next_at, self.free_at.get(domain, self.next_at))

    def take(self, domain: str) -> None:
        """Note that one to *domain* is on its way."""
        at, cap = self.at(domain), self.limits.to_domain(domain)
        if cap is not None:
            self.free_at[domain] = at + HOUR / max(1, cap // 2)
        self.next_at = at + HOUR / self.per_hour

    def copy(self) -> Pace:
        """Return the same pace, of its own, without domains that are free again."""
        return replace(
            self, free_at={name: free_at for name, free_at in self.free_at.items() if free_at > self.next_at}
        )


class Invited(NamedTuple):
    """How many are asked, and by when they all are (aware UTC)."""

    asked: int
    until: datetime


async def invite(database: Database, vault: Vault, newsletter: str, *, pace: Pace, tell: Tell) -> Invited:
    """
    Have every imported reader who was never asked mailed a request to confirm.

    Args:
        database: of the installation.
        vault: opens the addresses.
        newsletter: slug.
        pace: how fast they leave, and from when.
        tell: hears how many are done.

    Once more asks nobody again. Who was asked in the last day by other means is left for later.
    """
    asked, after_id = 0, 0
    while True:
        some = await database.read(lambda tx, after=after_id: intake.invitable(tx, newsletter, after, SLICE))  # type: ignore[misc]
        if not some:
            return Invited(asked, pace.next_at)
        count, pace = await database.write(_slice(vault, newsletter, some, pace=pace))
        asked += count
        after_id = some[-1][0].id
        tell("inviting", asked, None)


@dataclass(frozen=True, slots=True)
class _Invitation:
    """A request to one reader, prepared so that sending it touches only the database."""

    reader: Reader
    channel: str
    address: str
    secret: str


def _prepared(vault: Vault, reader: Reader, channel: str) -> _Invitation:
    assert reader.sealed_address is not None
    address = vault.open(reader.sealed_address, reader.public_id).decode()
    secret = base64.urlsafe_b64encode(os.urandom(_SECRET_BYTES)).decode("ascii").rstrip("=")
    return _Invitation(reader, channel, address, secret)


def _slice(
    vault: Vault, newsletter: str, some: Sequence[tuple[Reader, str]], *, pace: Pace
) -> Callable[[Transaction], tuple[int, Pace]]:
    """Return what asks a slice of readers, in one transaction: it returns how many, and the pace after it."""
    prepared = [_prepared(vault, reader, channel) for reader, channel in some]

    def write(tx: Transaction) -> tuple[int, Pace]:
        # The work of a transaction may run twice.
        asked, here = 0, pace.copy()
        for invitation in prepared:
            domain = invitation.address.rpartition("@")[2]
            if _ask(tx, vault, newsletter, invitation, here.at(domain)):
                asked += 1
                here.take(domain)
        return asked, here

    return write


def _ask(tx: Transaction, vault: Vault, newsletter: str, invitation: _Invitation, at: datetime) -> bool:
    reader, kind = invitation.reader, LetterKind.INVITE
    # They may have signed up or left since we looked.
    if readers.standing(tx, reader.id, newsletter) is not Standing.PENDING:
        return False
    if not may_mail(kind, letters.sent_at(tx, reader.address_index, kind), at):
        return False
    letters.count(tx, reader.address_index, kind, at)
    readers.set_standing(
        tx,
        reader.id,
        newsletter,
        Standing.PENDING,
        confirm_hash=secret_hash(invitation.secret, newsletter),
        confirm_until=at + INVITE_VALID,
        forget_at=None,
    )
    recipient = Recipient(invitation.address, reader.public_id, reader.language, newsletter)
    # Its time is when it is due: so it waits among the letters until then.
    letters.add(tx, letter(vault, kind, recipient, now=at, secret=invitation.secret))
    return True
