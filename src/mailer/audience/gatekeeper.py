"""The gatekeeper: looks at how a sign-up came, never at whose address it holds.

Of where it came from only a keyed hash is held, in memory, under a key that is thrown away each day:
nothing about a visitor is stored or logged.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from mailer.audience.proof import MOST_CHARS, Proofs
from mailer.audience.signup import Signs
from mailer.domain import form_time
from mailer.domain.client_share import ClientShare, network_of
from mailer.domain.mac import Mac
from mailer.domain.token import TokenKeys

SHOWN_AT: Final = "shown"
"""The field that says when the form was shown."""
BAIT: Final = "website"
"""The field that no person sees; programs that fill in everything fill it in."""
PROOF: Final = "proof"
"""The field of the proof of work."""
_MOST_CLIENTS: Final = 100_000


def key_of(keys: TokenKeys) -> bytes:
    """Return the key that signs forms and challenges: the same in every process of an installation."""
    # Of the oldest: keys of links never go, so a process that has not heard of a rotation has the same one.
    return hmac.digest(keys.keys[min(keys.keys)], b"what a sign-up form carries", "sha256")


@dataclass(frozen=True, slots=True)
class Guard:
    """What a form carries.

    Attributes:
        shown_at: its signed time.
        challenge: JSON to solve; empty while there is no attack.
    """

    shown_at: str
    challenge: str = ""


class Gatekeeper:
    """Writes what forms carry, and reads it when they come back."""

    def __init__(
        self,
        key: bytes,
        proofs: Proofs,
        *,
        share: ClientShare,
        suspects_wait: timedelta,
        is_attack: Callable[[], bool],
    ) -> None:
        """
        Know nobody yet.

        Args:
            key: signs forms; 32 bytes.
            proofs: sets the challenges.
            share: of one place on the network.
            suspects_wait: how long a sign-up waits that looks like a program's.
            is_attack: whether proofs are asked for now.
        """
        self._mac = Mac(key)
        self._proofs = proofs
        self._share = share
        self._suspects_wait = suspects_wait
        self._is_attack = is_attack
        self._day: date | None = None
        self._day_mac = Mac(os.urandom(32))
        self._empty_at: dict[bytes, datetime] = {}

    def guard(self, now: datetime) -> Guard:
        """Return what a form that is shown now carries."""
        challenge = self._proofs.challenge(now) if self._is_attack() else ""
        return Guard(form_time.sign(self._mac, now), challenge)

    def challenge(self, now: datetime) -> str:
        """Return a challenge for a program, as JSON; it need not be solved."""
        return self._proofs.challenge(now)

    def look(
        self, client: str | None, fields: Mapping[str, str], now: datetime, *, is_form: bool = True
    ) -> Signs:
        """Say how a sign-up came.

        Args:
            client: the visitor's IP address as far as it is known.
            fields: of the form.
            now: aware UTC.
            is_form: it was sent by a form of ours, which carries when it was shown.
        """
        proof = fields.get(PROOF, "")
        not_before = self._count(client, now)
        is_usual = not is_form or form_time.is_usual(self._mac, fields.get(SHOWN_AT, ""), now)
        if not_before is None and not (is_usual and not fields.get(BAIT)):
            not_before = now + self._suspects_wait
        return Signs(not_before, proof if len(proof) <= MOST_CHARS else "")

    def _count(self, client: str | None, now: datetime) -> datetime | None:
        network = network_of(client or "")
        if network is None:
            return None
        if self._day != now.date():
            # With its key goes the only way to say whose shares they were.
            self._day, self._day_mac, self._empty_at = now.date(), Mac(os.urandom(32)), {}
        name = self._day_mac.digest(network.encode())
        free_at, empty_at = self._share.use(self._empty_at.pop(name, None), now)
        if len(self._empty_at) >= _MOST_CLIENTS:
            # The one that was silent longest; a flood from so many places meets the other caps.
            del self._empty_at[next(iter(self._empty_at))]
        self._empty_at[name] = empty_at
        return free_at
