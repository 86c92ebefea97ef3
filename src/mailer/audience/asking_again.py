"""Asking for a confirmation once more because an operator says so, in spite of the caps.

The caps protect people from strangers who type their address. Whoever asks an operator "where is my
mail?" is no such stranger; but only an address that was signed up is ever asked.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailer.audience import held
from mailer.audience.address import Address, parse_address
from mailer.audience.application import Application, answer, letter_asked, opened
from mailer.audience.held import HeldRequest
from mailer.audience.signup import FORM
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.subscription import Standing
from mailer.errors import InvalidMove
from mailer.storage import Database, Transaction, letters, preferences, readers, signups
from mailer.storage.signups import SignupRequest

_APART = timedelta(minutes=5)
"""A second press of the button, or a page that is reloaded, sends no second mail."""


async def send_now(database: Database, vault: Vault, text: str, *, now: datetime) -> None:
    """
    Mail the address *text* one request to confirm; links that were mailed before work no more.

    A sign-up that was held back is decided by it. The mail counts for the caps.

    Raises:
        NotAnAddress: *text* is none.
        InvalidMove: no sign-up waits to be confirmed, or such a mail was written minutes ago.
    """
    address = parse_address(text)
    waiting = await held.of_address(database, vault, address)
    sign_ups = [each for each in waiting if each.is_sign_up]
    await database.write(lambda tx: _send(tx, vault, address, sign_ups, now=now), urgent=True)


def _send(
    tx: Transaction, vault: Vault, address: Address, sign_ups: list[HeldRequest], *, now: datetime
) -> None:
    reader = readers.by_index(tx, vault.index(address))
    if reader is not None:
        preferences.hold(tx, reader.id)
    ours = signups.remove(tx, [each.request.id for each in sign_ups]) if sign_ups else 0
    if ours:
        newest = sign_ups[-1]
        slugs = dict.fromkeys(" ".join(each.values["newsletter"] for each in sign_ups).split())
        application = opened(vault, newest.request, {**newest.values, "newsletter": " ".join(slugs)})
    else:
        application = _pending(tx, vault, address, now)
    kind = letter_asked(tx, application)
    if kind is None:
        raise InvalidMove(
            "The owner of this address asked never to be mailed again. If they have changed their mind, "
            "add them with “mailer reader add --asked-back”, and they are invited."
        )
    if kind not in (LetterKind.CONFIRM, LetterKind.INVITE):
        raise InvalidMove("This address is subscribed already, so there is nothing to confirm.")
    if any(now - at < _APART for at in letters.sent_at(tx, application.reader.address_index, kind)):
        raise InvalidMove(
            "A mail to confirm was sent in the last five minutes. Have its reader look among the spam; "
            "after that time you can send another."
        )
    answer(tx, vault, application, kind, now=now)


def _pending(tx: Transaction, vault: Vault, address: Address, now: datetime) -> Application:
    """Return the sign-up that is to be confirmed, with the choices that are stored of it."""
    reader = readers.by_index(tx, vault.index(address))
    pending = [
        each
        for each in (preferences.memberships(tx, reader.id) if reader else ())
        if each.standing is Standing.PENDING
    ]
    if reader is None or reader.sealed_address is None or not pending:
        raise InvalidMove("No sign-up of this address waits to be confirmed; its owner can sign up again.")
    channel = pending[0].consent_channel or FORM
    values = {
        # As its owner once typed it, not as an operator has just done.
        "address": vault.open(reader.sealed_address, reader.public_id).decode(),
        "newsletter": " ".join(each.newsletter for each in pending),
        "language": reader.language.value,
        "missing": str(reader.missing_choice) if reader.missing_choice else "",
        "source": "" if channel == FORM else channel,
    }
    return opened(vault, SignupRequest(reader.public_id, b"", now), values)
