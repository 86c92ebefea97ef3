"""Whether a signature speaks for a sender: DMARC's alignment (RFC 7489 §3.1.1), from names alone."""

from __future__ import annotations

import re

_MOST_CHARS = 253  # RFC 1035 §2.3.4, without the length octets
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.IGNORECASE)


def is_dns_name(text: str) -> bool:
    """Tell whether *text* is one or more DNS labels, as in a domain or a selector (RFC 6376 §3.1).

    ASCII only: an international name is written in its ``xn--`` form (RFC 5890).
    """
    return len(text) <= _MOST_CHARS and _NAME.fullmatch(text) is not None


def is_aligned(domain: str, sender: str) -> bool:
    """Tell whether a signature of *domain* counts for mail from *sender*.

    Args:
        domain: d= of the signature.
        sender: the From address.

    It does when the sender's domain is *domain* or lies below it. A name of one label is a registry
    of everybody's and speaks for nobody.
    """
    ours, theirs = domain.lower(), sender.rpartition("@")[2].lower()
    return "." in ours and f".{theirs}".endswith(f".{ours}")
