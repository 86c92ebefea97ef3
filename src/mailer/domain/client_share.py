"""How many sign-ups one place on the network may send before they wait: a bucket that is one time.

Many readers can share an address (a school, a mobile network, the way out of Tor), so what is above
the share is not refused, it only waits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

_HOUR = timedelta(hours=1)
_MOST_WAIT = timedelta(hours=24)
_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class ClientShare:
    """What the settings allow.

    Attributes:
        per_hour: sign-ups, at least 1; so many may come at once after a silence.
    """

    per_hour: int = 20

    def use(self, empty_at: datetime | None, now: datetime) -> tuple[datetime | None, datetime]:
        """Count one sign-up.

        Args:
            empty_at: when everything that this client sent is worked off; None for one not seen before.
            now: aware UTC.

        Returns:
            When the sign-up is within the share, None for now and a day away at most; and the new
            *empty_at*.
        """
        begins = now if empty_at is None else max(now, empty_at)
        filled = min(begins + _HOUR / self.per_hour, now + _MOST_WAIT)
        free = filled - _HOUR
        return (free if free > now else None), filled


def network_of(client: str) -> str | None:
    """Return what stands for a client: its IPv4 address, or the /64 of its IPv6 address.

    None where that says nothing of a visitor: this machine, where a proxy or Tor's daemon hands requests
    over without a word about whose they are, or no address at all.
    """
    try:
        address = ip_address(client)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return None if address.is_loopback else f"{int(address) >> _NETWORK_BITS:016x}"
        address = address.ipv4_mapped
    return None if address.is_loopback else str(address)
