"""How long whoever typed a wrong password waits: by the place on the network that the try came from.

By the name alone, anybody who knows an operator's name could keep them out of the desk by wrong tries. Of the
place only a keyed hash is held, in memory, under a key that is thrown away each day.
"""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from typing import Final

from mailer.domain.client_share import network_of
from mailer.domain.mac import Mac

_LONGEST_WAIT: Final = timedelta(minutes=15)
_MOST_PLACES: Final = 10_000


def wait_after(failures: int) -> timedelta:
    """Return how long after the wrong try number *failures* (from 1) no other counts: 1, 2, 4 … s."""
    return min(timedelta(seconds=2 ** min(failures - 1, 20)), _LONGEST_WAIT)


class LoginWaits:
    """Wrong tries in a row, by operator and place, in this process."""

    def __init__(self) -> None:
        """Know of none."""
        self._day: date | None = None
        self._mac = Mac(os.urandom(32))
        self._tries: dict[bytes, tuple[int, datetime]] = {}

    def place(self, client: str | None, password_hash: str, now: datetime) -> bytes | None:
        """
        Return under what the tries of a client at one operator's password count.

        None where nothing tells clients apart, as behind Tor's daemon. A new password begins anew.
        """
        network = network_of(client or "")
        if network is None:
            return None
        if self._day != now.date():
            self._day, self._mac, self._tries = now.date(), Mac(os.urandom(32)), {}
        return self._mac.digest(f"{network} {password_hash}".encode())

    def until(self, place: bytes) -> datetime | None:
        """Return before when no try from there counts; None where none was wrong."""
        return self._tries[place][1] if place in self._tries else None

    def wrong(self, place: bytes, now: datetime) -> datetime:
        """Count a wrong try; return until when no other counts."""
        failures = self._tries.pop(place, (0, now))[0] + 1
        if len(self._tries) >= _MOST_PLACES:
            # The one that was silent longest.
            del self._tries[next(iter(self._tries))]
        self._tries[place] = failures, now + wait_after(failures)
        return self._tries[place][1]

    def right(self, place: bytes) -> None:
        """Forget the wrong tries from there."""
        self._tries.pop(place, None)
