"""How much strangers may bring: the door counts, and says "later" before memory or disk is full.

The figures are far above what a relay does that returns a whole issue, and far below what would hurt.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from dataclasses import dataclass

_WINDOW_S = 60.0
_SHARED_BITS = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What the door bears.

    Attributes:
        max_bytes: of one message.
        bytes_at_once: of all bodies that are being read.
        connections: at once.
        connections_of_one: of these, of one client.
        messages_of_connection: before the client is asked to open another.
        recipients: of one message; RFC 5321 §4.5.3.1.8 asks for 100.
        messages_a_minute: of one client.
        messages_to_one: to one address a minute: a copy comes back once or twice, never a hundred times.
        idle_s: how long a client may be silent (RFC 5321 §4.5.3.2.7), and a body may take.
    """

    max_bytes: int = 5_000_000
    bytes_at_once: int = 50_000_000
    connections: int = 200
    connections_of_one: int = 50
    messages_of_connection: int = 20_000
    recipients: int = 100
    messages_a_minute: int = 150_000
    messages_to_one: int = 60
    idle_s: float = 300.0


class Tally:
    """Counts what comes within a minute, by name."""

    def __init__(self, most: int) -> None:
        """Args: most: of one name, within a minute."""
        self._most = most
        self._ends_at = 0.0
        self._seen: Counter[str] = Counter()

    def is_over(self, name: str, now: float) -> bool:
        """Count one more of *name*, and say whether it is one too many.

        Args:
            now: seconds of a clock that only goes forward.
        """
        if now >= self._ends_at:
            self._seen.clear()
            self._ends_at = now + _WINDOW_S
        self._seen[name] += 1
        return self._seen[name] > self._most


def client_of(peer: object) -> str:
    """Return what counts as one client: an IPv4 address, the /64 of an IPv6 one; empty for a socket file."""
    if not isinstance(peer, tuple) or not peer:
        return ""
    try:
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, _SHARED_BITS), strict=False).network_address)
    return str(address)
