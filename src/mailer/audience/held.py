"""Sign-ups of one address that are not decided yet: each is stored sealed, so each has to be opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from mailer.audience.address import Address
from mailer.audience.vault import Vault
from mailer.errors import KeysError
from mailer.storage import Database, signups
from mailer.storage.signups import SignupRequest

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """One sign-up, or request for a link, that waits to be decided.

    Attributes:
        values: what it is sealed around.
    """

    request: SignupRequest
    values: dict[str, str] = field(repr=False)

    @property
    def is_sign_up(self) -> bool:
        """Whether it asks for a newsletter."""
        return "newsletter" in self.values


async def of_address(database: Database, vault: Vault, address: Address) -> list[HeldRequest]:
    """Return what waits for *address*, oldest first."""
    found: list[HeldRequest] = []
    behind = 0
    while True:
        start = behind
        page = await database.read(lambda tx, start=start: signups.after(tx, start, _AT_ONCE))  # type: ignore[misc]
        # In a flood there are many: the pages share this process.
        found += await asyncio.to_thread(_among, vault, page, address)
        if len(page) < _AT_ONCE:
            return found
        behind = page[-1].id


def _among(vault: Vault, page: Sequence[SignupRequest], address: Address) -> list[HeldRequest]:
    opened = (_opened(vault, request) for request in page)
    return [each for each in opened if each and _index_form(each.values["address"]) == address.index_form]


def _opened(vault: Vault, request: SignupRequest) -> HeldRequest | None:
    """Return a request, or None where it can't be read: whose it is, nobody can tell then."""
    try:
        values = vault.open_values(request.sealed, request.public_id)
    except (KeysError, ValueError):
        return None
    return HeldRequest(request, values) if "address" in values else None


def _index_form(spec: str) -> str:
    # It was parsed before it was sealed; parsing each anew would take the most time here.
    local, _, domain = spec.rpartition("@")
    return Address(local, domain).index_form
