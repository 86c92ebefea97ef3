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

from mailer.audience import settings_link
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
        newsletters: slugs, at least one; all are published in *language*.
        language: "Mail me in".
        missing: "If a text isn't translated"; None did not choose.
        source: how an operator came by the address; empty when the reader typed it.
    """

    address: str
    newsletters: tuple[str, ...]
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
        "newsletter": " ".join(form.newsletters),
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
    newsletters: tuple[str, ...]
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
    wishes = [_opened(vault, request) for request in waiting]

    def decide(tx: Transaction) -> None:
        for wish in wishes:
            # Another process may have decided it since we looked.
            if not signups.remove(tx, [wish.request.id]):
                continue
            if isinstance(wish, settings_link.Asked):
                settings_link.answer(tx, vault, wish, now)
            else:
                _decide(tx, vault, wish, now)

    await database.write(decide, urgent=True)
    return len(waiting)


def secret_hash(secret: str, newsletter: str) -> bytes:
    """Return what is stored of a confirm link's secret: a SHA-256 for each newsletter it confirms."""
    return hashlib.sha256(f"{secret} {newsletter}".encode("utf-8", "replace")).digest()


def _opened(vault: Vault, request: SignupRequest) -> _Application | settings_link.Asked:
    values = vault.open_values(request.sealed, request.public_id)
    if asked_settings := settings_link.opened(values, request):
        return asked_settings
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
    asked = tuple(values["newsletter"].split())
    return _Application(request, address, reader, asked, secret, values["source"])


def _decide(tx: Transaction, vault: Vault, application: _Application, now: datetime) -> None:
    known = readers.by_index(tx, application.reader.address_index)
    asked = _asked(tx, application, known)
    kind = application.letter_for(LetterKind.CONFIRM if asked else LetterKind.ALREADY)
    index = application.reader.address_index
    if not may_mail(kind, letters.sent_at(tx, index, kind), now):
        return
    letters.count(tx, index, kind, now)
    # A stranger who types an active reader's address changes nothing but sends one quiet mail.
    reader = known or readers.add(tx, application.reader)
    if asked and not readers.has_active_subscription(tx, reader.id):
        reader = _renewed(vault, application, reader)
        readers.change(tx, reader)
    for newsletter in asked:
        _ask(tx, application, reader, newsletter, kind=kind, now=now)
    named = asked[0] if asked else application.newsletters[0]
    letters.add(tx, _letter(vault, application, reader, newsletter=named, kind=kind, now=now))


def _asked(tx: Transaction, application: _Application, known: Reader | None) -> list[str]:
    """Return the newsletters whose sign-up has to be confirmed: the others are subscribed to already.

    One press sends one mail, whatever it asks for: so where anything is to be confirmed, only that is
    mailed about.
    """
    standings = {
        newsletter: readers.standing(tx, known.id, newsletter) if known else Standing.NONE
        for newsletter in application.newsletters
    }
    return [
        newsletter
        for newsletter, standing in standings.items()
        if step(standing, Event.SIGN_UP).letter is LetterKind.CONFIRM
    ]


def _ask(
    tx: Transaction,
    application: _Application,
    reader: Reader,
    newsletter: str,
    *,
    kind: LetterKind,
    now: datetime,
) -> None:
    before = readers.standing(tx, reader.id, newsletter)
    readers.set_standing(
        tx,
        reader.id,
        newsletter,
        step(before, Event.SIGN_UP).standing,
        changed_month=f"{now:%Y-%m}",
        confirm_hash=secret_hash(application.secret, newsletter),
        confirm_until=now + (INVITE_VALID if kind is LetterKind.INVITE else CONFIRM_VALID),
        consent_channel=application.source or FORM,
        forget_at=None,
    )


def _renewed(vault: Vault, application: _Application, reader: Reader) -> Reader:
    """Give a reader who comes back the address and choices of this sign-up."""
    return replace(
        application.reader,
        id=reader.id,
        public_id=reader.public_id,
        sealed_address=vault.seal(application.address.spec.encode(), reader.public_id),
    )


def _letter(
    vault: Vault,
    application: _Application,
    reader: Reader,
    *,
    newsletter: str,
    kind: LetterKind,
    now: datetime,
) -> Letter:
    recipient = Recipient(application.address.spec, reader.public_id, reader.language, newsletter)
    secret = application.secret if kind in (LetterKind.CONFIRM, LetterKind.INVITE) else ""
    return letter(vault, kind, recipient, now=now, secret=secret)
