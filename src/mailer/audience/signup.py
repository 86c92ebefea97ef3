"""Signing up: the page takes a sealed request, the sending process decides (design §5).

The page can't tell a known address from an unknown one, because it never looks: whatever was
typed, one sealed row is written and the same answer given. What becomes of it: deciding.py.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mailer.audience.address import parse_address
from mailer.audience.vault import Vault
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.token import PUBLIC_ID_BYTES
from mailer.storage import Database, signups
from mailer.storage.signups import SignupRequest

FORM = "sign-up form"
"""The consent record's word for a reader who typed the address."""


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


@dataclass(frozen=True, slots=True)
class Signs:
    """How a sign-up came (gatekeeper.py): nothing of whose it is.

    Attributes:
        not_before: it looks like a program's, or its sender's share is used up: it waits, unless proven.
        proof: of work, not checked yet; empty without one.
    """

    not_before: datetime | None = None
    proof: str = ""


NO_SIGNS = Signs()


async def receive(
    database: Database, vault: Vault, form: SignUpForm, *, now: datetime, signs: Signs = NO_SIGNS
) -> None:
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
        **sealed_signs(signs),
    }
    request = SignupRequest(public_id, vault.seal_values(values, public_id), now)
    # All who come at the same moment are one statement.
    await database.write_together(signups.add_all, request)


def sealed_signs(signs: Signs) -> dict[str, str]:
    """Return the signs as a request is sealed around them."""
    not_before = signs.not_before.isoformat() if signs.not_before else ""
    return {"not_before": not_before, "proof": signs.proof}


def read_signs(values: Mapping[str, str]) -> Signs:
    """Return the signs among what a request was sealed around; an older program stored none."""
    not_before = values.get("not_before", "")
    return Signs(datetime.fromisoformat(not_before) if not_before else None, values.get("proof", ""))


def secret_hash(secret: str, newsletter: str) -> bytes:
    """Return what is stored of a confirm link's secret: a SHA-256 for each newsletter it confirms."""
    return hashlib.sha256(f"{secret} {newsletter}".encode("utf-8", "replace")).digest()
