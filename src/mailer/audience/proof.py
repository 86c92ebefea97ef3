"""Proofs of work (ALTCHA): a browser computes for a moment, which costs whoever sends thousands dearly.

Nothing is asked of another host, and nothing about the visitor is learnt. A challenge is signed, so
that none has to be remembered before it is solved.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import altcha
import orjson

from mailer.domain.flood import MOST_WAIT

CHALLENGE_VALID: Final = timedelta(hours=2)
MOST_CHARS: Final = 2_000
"""The longest proof that is looked at; ours are half as long."""
_ALGORITHM: Final = "PBKDF2/SHA-256"
_UNTIL: Final = "until"


@dataclass(frozen=True, slots=True)
class Proof:
    """A challenge that was solved.

    Attributes:
        digest: 32 bytes that name it.
        until: when no sign-up that came with it can still be waiting; aware UTC.
    """

    digest: bytes
    until: datetime


class Proofs:
    """Sets challenges and checks what comes back."""

    def __init__(self, key: bytes, cost: int) -> None:
        """
        Args:
            key: signs the challenges.
            cost: rounds of PBKDF2 for each of the 256 tries that a solution takes on average.
        """
        self._key = key.hex()
        self._cost = cost

    def challenge(self, now: datetime) -> str:
        """Return a new challenge as JSON, as ALTCHA's programs read it."""
        # Not in ALTCHA's own field, which is compared with another clock than ours.
        until = round((now + CHALLENGE_VALID).timestamp() * 1000)
        made = altcha.create_challenge(_ALGORITHM, self._cost, data={_UNTIL: until}, hmac_secret=self._key)
        return orjson.dumps(made.to_dict()).decode()

    def check(self, payload: str, received_at: datetime) -> Proof | None:
        """Return the proof in *payload* (base64 of JSON), or None when it proves nothing.

        Takes some milliseconds if it was signed by us, for the work is done once more.
        """
        if not payload or len(payload) > MOST_CHARS:
            return None
        try:
            solved = altcha.Payload.from_base64(payload)
            until = (solved.challenge.parameters.data or {})[_UNTIL]
            is_right = altcha.verify_solution(solved, self._key).verified
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            # It is base64 of JSON with our names in it, or it was not made by our form.
            return None
        if not is_right:
            return None
        ends = datetime.fromtimestamp(until / 1000, UTC)
        if received_at > ends:
            return None
        digest = hashlib.sha256(str(solved.challenge.signature).encode()).digest()
        return Proof(digest, ends + MOST_WAIT)
