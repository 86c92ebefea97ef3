"""Readers whom an operator subscribes to try things out; all others are asked to confirm (signup.py)."""

from __future__ import annotations

import os
from datetime import datetime

from mailer.audience.address import parse_address
from mailer.audience.signup import SignUpForm
from mailer.audience.vault import Vault
from mailer.domain.provider import provider_group
from mailer.domain.subscription import Standing
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.errors import MailerError
from mailer.storage import Database, Transaction, installation, readers
from mailer.storage.readers import Reader

_BY_OPERATOR = "confirmed by an operator of a sample installation"


async def add_confirmed(database: Database, vault: Vault, form: SignUpForm, *, now: datetime) -> None:
    """Subscribe an address without asking it: on sample installations only, to try things out.

    Raises:
        MailerError: this is no sample installation; nothing is stored.
        NotAnAddress: what was typed is no address.
    """
    address = parse_address(form.address)
    public_id = os.urandom(PUBLIC_ID_BYTES)
    newcomer = Reader(
        id=0,
        public_id=public_id,
        sealed_address=vault.seal(address.spec.encode(), public_id),
        address_index=vault.index(address),
        provider_group=provider_group(address.domain),
        language=form.language,
        missing_choice=form.missing,
    )

    def write(tx: Transaction) -> None:
        here = installation.find(tx)
        if here is None or not here.is_sample:
            raise MailerError(
                "--confirmed-by-operator works only where “mailer init --sample” was used; "
                "leave it out, and the reader is mailed a request to confirm"
            )
        known = readers.by_index(tx, newcomer.address_index)
        reader = known or readers.add(tx, newcomer)
        for newsletter in form.newsletters:
            _subscribe(tx, reader, newsletter, now)

    await database.write(write)


def _subscribe(tx: Transaction, reader: Reader, newsletter: str, now: datetime) -> None:
    if readers.standing(tx, reader.id, newsletter) is Standing.ACTIVE:
        return
    if reader.sealed_address is None:
        raise MailerError("this reader left; they come back by signing up themselves")
    readers.set_standing(
        tx,
        reader.id,
        newsletter,
        Standing.ACTIVE,
        changed_month=f"{now:%Y-%m}",
        # No words of ours were agreed to, so no version of them is named.
        consent_language=reader.language,
        consent_channel=_BY_OPERATOR,
        consent_at=now.replace(minute=0, second=0, microsecond=0),
        forget_at=None,
    )
