"""Signing up: the page takes a sealed request, the sending process decides (design §5).

The page can't tell a known address from an unknown one, because it never looks: whatever was
typed, one sealed row is written and the same answer given.
"""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, replace
from datetime import datetime

from mailer.audience.address import Address, parse_address
from mailer.audience.post import Recipient, letter
from mailer.audience.vault import Vault
from mailer.domain.content import LetterKind
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule, parse_missing_rule
from mailer.domain.provider import provider_group
from mailer.domain.subscription import CONFIRM_VALID, INVITE_VALID, Event, Standing, may_mail, step
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.storage import Database, Transaction, letters, readers, signups
from mailer.storage.letters import Letter
from mailer.storage.readers import Reader
from mailer.storage.signups import SignupRequest

FORM = "sign-up form"
"""The consent record's word for a reader who typed the address."""
_BATCH = 100
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """What a visitor typed and chose.

    Attributes:
        address: as typed.
        language: "Mail me in".
        missing: "If a text isn't translated"; None did not choose.
        source: how an operator came by the address; empty when the reader typed it.
    """

    address: str
    newsletter: str
    language: Language
    missing: MissingRule | None = None
    source: str = ""


async def receive(database: Database, vault: Vault, form: SignUpForm, *, now: datetime) -> None:
    """Store a sign-up for the sending process to decide.

    Raises:
        NotAnAddress: what was typed is no address; nothing is stored.
    """
    address = parse_address(form.address)
    public_id = os.urandom(PUBLIC_ID_BYTES)
    values = {
        "address": address.spec,
        "newsletter": form.newsletter,
        "language": form.language.value,
        "missing": str(form.missing) if form.missing else "",
        "source": form.source,
    }
    request = SignupRequest(public_id, vault.seal_values(values, public_id), now)
    await database.write(lambda tx: signups.add(tx, request), urgent=True)


@dataclass(frozen=True, slots=True)
class _Application:
    """A request opened and prepared, so that deciding it touches only the database."""

    request: SignupRequest
    address: Address
    reader: Reader
    newsletter: str
    secret: str
    source: str

    def letter_for(self, kind: LetterKind) -> LetterKind:
        """Return how a confirmation is asked for: of whoever typed the address, or of one invited."""
        return LetterKind.INVITE if kind is LetterKind.CONFIRM and self.source else kind


async def decide_waiting(database: Database, vault: Vault, *, now: datetime) -> int:
    """Decide up to 100 waiting sign-ups in one commit; return how many."""
    waiting = await database.read(lambda tx: signups.oldest(tx, _BATCH))
    if not waiting:
        return 0
    applications = [_opened(vault, request) for request in waiting]

    def decide(tx: Transaction) -> None:
        for application in applications:
            # Another process may have decided it since we looked.
            if signups.remove(tx, [application.request.id]):
                _decide(tx, vault, application, now)

    await database.write(decide, urgent=True)
    return len(waiting)


def secret_hash(secret: str) -> bytes:
    """Return what is stored of a confirm link's secret: its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def _opened(vault: Vault, request: SignupRequest) -> _Application:
    values = vault.open_values(request.sealed, request.public_id)
    address = parse_address(values["address"])
    reader = Reader(
        id=0,
        public_id=request.public_id,
        sealed_address=vault.seal(address.spec.encode(), request.public_id),
        address_index=vault.index(address),
        provider_group=provider_group(address.domain),
        language=Language(values["language"]),
        missing_choice=parse_missing_rule(values["missing"]) if values["missing"] else None,
    )
    secret = base64.urlsafe_b64encode(os.urandom(_SECRET_BYTES)).decode("ascii").rstrip("=")
    return _Application(request, address, reader, values["newsletter"], secret, values["source"])


def _decide(tx: Transaction, vault: Vault, application: _Application, now: datetime) -> None:
    known = readers.by_index(tx, application.reader.address_index)
    standing = readers.standing(tx, known.id, application.newsletter) if known else Standing.NONE
    follows = step(standing, Event.SIGN_UP)
    assert follows.letter is not None
    kind = application.letter_for(follows.letter)
    index = application.reader.address_index
    if not may_mail(kind, letters.sent_at(tx, index, kind), now):
        return
    letters.count(tx, index, kind, now)
    # A stranger who types an active reader's address changes nothing but sends one quiet mail.
    reader = known or readers.add(tx, application.reader)
    if standing is not Standing.ACTIVE:
        if not readers.has_active_subscription(tx, reader.id):
            reader = _renewed(vault, application, reader)
            readers.change(tx, reader)
        readers.set_standing(
            tx,
            reader.id,
            application.newsletter,
            follows.standing,
            changed_month=f"{now:%Y-%m}",
            confirm_hash=secret_hash(application.secret),
            confirm_until=now + (INVITE_VALID if kind is LetterKind.INVITE else CONFIRM_VALID),
            consent_channel=application.source or FORM,
            forget_at=None,
        )
    letters.add(tx, _letter(vault, application, reader, kind=kind, now=now))


def _renewed(vault: Vault, application: _Application, reader: Reader) -> Reader:
    """Give a reader who comes back the address and choices of this sign-up."""
    return replace(
        application.reader,
        id=reader.id,
        public_id=reader.public_id,
        sealed_address=vault.seal(application.address.spec.encode(), reader.public_id),
    )


def _letter(
    vault: Vault, application: _Application, reader: Reader, *, kind: LetterKind, now: datetime
) -> Letter:
    recipient = Recipient(application.address.spec, reader.public_id, reader.language, application.newsletter)
    secret = application.secret if kind in (LetterKind.CONFIRM, LetterKind.INVITE) else ""
    return letter(vault, kind, recipient, now=now, secret=secret)
