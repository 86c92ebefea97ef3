"""Asking imported readers to confirm: on request only, and spread over hours and days.

Hundreds of thousands of mails that nobody expects, in one hour, cost a sender its name.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.audience.moving.sorting import Tell
from mailer.audience.post import Recipient, letter
from mailer.audience.signup import secret_hash
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import INVITE_VALID, Standing, may_mail
from mailer.storage import Database, Transaction, intake, letters, readers
from mailer.storage.readers import Reader

SLICE = 500
_SECRET_BYTES = 32


async def invite(
    database: Database, vault: Vault, newsletter: str, *, per_hour: int, now: datetime, tell: Tell
) -> int:
    """
    Have every imported reader who was never asked mailed a request to confirm; return how many are.

    Args:
        database: of the installation.
        vault: opens the addresses.
        newsletter: slug.
        per_hour: most requests that leave in an hour, at least 1.
        now: aware UTC; the first hour begins here.
        tell: hears how many are done.

    Once more asks nobody again. Who was asked in the last day by other means is left for later.
    """
    asked, after_id = 0, 0
    while True:
        some = await database.read(lambda tx, after=after_id: intake.invitable(tx, newsletter, after, SLICE))  # type: ignore[misc]
        if not some:
            return asked
        begin_at = now + timedelta(hours=asked / per_hour)
        asked += await database.write(_slice(vault, newsletter, some, begin_at=begin_at, per_hour=per_hour))
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
    vault: Vault, newsletter: str, some: Sequence[tuple[Reader, str]], *, begin_at: datetime, per_hour: int
) -> Callable[[Transaction], int]:
    """Return what asks a slice of readers, in one transaction; it returns how many it asked."""
    prepared = [_prepared(vault, reader, channel) for reader, channel in some]

    def write(tx: Transaction) -> int:
        asked = 0
        for invitation in prepared:
            at = begin_at + timedelta(hours=asked / per_hour)
            asked += _ask(tx, vault, newsletter, invitation, at)
        return asked

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
