"""When a form was shown: a signed time that the form carries, so that nothing has to be remembered.

A person needs some seconds to type an address. What comes at once, or with a time that we never
wrote, was sent by a program; so was, mostly, what comes after a day.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

from mailer.domain.mac import Mac

YOUNGEST: Final = timedelta(seconds=2)
OLDEST: Final = timedelta(days=1)
_MAC_CHARS: Final = 20
_MOST_DIGITS: Final = 16


def sign(mac: Mac, shown_at: datetime) -> str:
    """Return what the form carries: ``1795424400000.5f1c…``."""
    time = f"{round(shown_at.timestamp() * 1000)}"
    return f"{time}.{_signature(mac, time)}"


def is_usual(mac: Mac, text: str, now: datetime) -> bool:
    """Whether *text* is ours, and as old as a form is when a person sends it."""
    time, _, signature = text.partition(".")
    if not (time.isascii() and time.isdigit() and len(time) <= _MOST_DIGITS):
        return False
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), _signature(mac, time).encode()):
        return False
    age = now - datetime.fromtimestamp(int(time) / 1000, UTC)
    return YOUNGEST <= age <= OLDEST


def _signature(mac: Mac, time: str) -> str:
    return mac.digest(f"sign-up form {time}".encode()).hex()[:_MAC_CHARS]
