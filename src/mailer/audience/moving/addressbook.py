"""Many addresses: each domain is judged once, for a million addresses share a few thousand of them."""

from __future__ import annotations

import re

from mailer.audience.address import Address, parse_address

_MOST_CHARS = 254
_MOST_LOCAL_CHARS = 64
# RFC 5322 §3.2.3 dot-atom: what nearly everybody has. All else is read the long way.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MOST_DOMAINS = 100_000
_FRAME = "<>\"' \t"


class AddressBook:
    """Reads addresses as parse_address does, and remembers the domains."""

    def __init__(self) -> None:
        self._domains: dict[str, str] = {}

    def read(self, written: str) -> Address:
        """Read one address, without what spreadsheets and address books put around it.

        Raises:
            NotAnAddress: it is none; the message has no part of it.
        """
        typed = written.strip().removeprefix("mailto:").strip(_FRAME)
        local, _, domain = typed.rpartition("@")
        known = self._domains.get(domain)
        is_plain = len(local) <= _MOST_LOCAL_CHARS and _PLAIN_LOCAL.fullmatch(local) is not None
        if known is not None and is_plain and len(local) + 1 + len(known) <= _MOST_CHARS >= len(typed):
            return Address(local, known)
        address = parse_address(typed)
        if len(self._domains) < _MOST_DOMAINS:
            self._domains[domain] = address.domain
        return address
