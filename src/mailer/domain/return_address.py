"""Addresses that mail comes back to: how they are written, and how they are read again.

A domain of our own takes any local part: ``TOKEN@bounces.example.org``. A mailbox at a provider's has one
name and takes what stands behind a plus: ``bounces+TOKEN@example.org`` (RFC 5233 calls it a detail). Both
are read here, whatever is set today: copies in the old form come back for days.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_PREFIX_CHARS = 20
"""A local part has 64 letters at most (RFC 5321 §4.5.3.1.1), a token 44."""
_MAX_LOCAL_CHARS = 64
_TO_LEAVE = "unsubscribe+"
_TOKEN = re.compile(r"(?:^|[^a-z2-7])([a-z2-7]{44})$")
_LEAVING = re.compile(r"(?:^|[^a-z0-9])unsubscribe\+[a-z2-7]{44}$")
# Ends with a sign that no token has: else nobody could say where the token begins.
_PREFIX = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?[+=_-]")


@dataclass(frozen=True, slots=True)
class ReturnAddresses:
    """Where the mails of an installation come back to.

    Attributes:
        domain: as it travels; empty: nothing can be mailed there.
        prefix: what stands before the token, such as ``bounces+``; empty for a domain of our own.
    """

    domain: str
    prefix: str = ""

    def return_path(self, token: str) -> str:
        """Return the return path of a copy, for a return path's token."""
        return f"{self.prefix}{token}@{self.domain}"

    def to_leave(self, token: str) -> str:
        """Return where a mail program writes to leave; empty where there is no such address."""
        local = f"{self.prefix}{_TO_LEAVE}{token}"
        return f"{local}@{self.domain}" if self.domain and len(local) <= _MAX_LOCAL_CHARS else ""


def token_text(recipient: str) -> str | None:
    """
    Return the 44 letters of the token in an address of ours; None where it has none.

    ``bounces+TOKEN@example.org``, ``unsubscribe+TOKEN@…``, ``TOKEN@…`` and a local part alone give
    ``token``, in lower case: relays change it. Whether it is ours, only its signature says.
    """
    found = _TOKEN.search(_local_part(recipient))
    return found[1] if found else None


def is_to_leave(recipient: str) -> bool:
    """Tell whether an address is one that List-Unsubscribe names."""
    return bool(_LEAVING.search(_local_part(recipient)))


def return_path_prefix(written: str) -> str:
    """
    Return what may stand before a token, in lower case; empty for nothing.

    Raises:
        ValueError: it can't stand there; the message says how to write it.
    """
    prefix = written.lower()
    if prefix and (not _PREFIX.fullmatch(prefix) or len(prefix) > MAX_PREFIX_CHARS):
        raise ValueError(
            "is not the beginning of an address; write the mailbox's name with a plus, such as bounces+, "
            f"at most {MAX_PREFIX_CHARS} letters"
        )
    return prefix


def _local_part(recipient: str) -> str:
    local, at, _ = recipient.strip().strip("<>").rpartition("@")
    # Much longer is no address of anybody's, and not searched.
    return (local if at else recipient.strip())[-_MAX_LOCAL_CHARS * 2 :].lower()
