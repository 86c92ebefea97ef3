"""An e-mail address as typed, as mailed and as looked up: three spellings, kept apart.

No DNS is asked here: a sign-up must take the same time whatever was typed.
"""

from __future__ import annotations

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

_MAX_CHARS = 254  # RFC 5321 §4.5.3.1.3, path without its angle brackets

_LOST = "\ufffd"
"""Stands where a letter was lost, as in a form that came in another encoding: whose it was, nobody knows."""


class NotAnAddress(ValueError):  # noqa: N818 - reads as what it is where it is caught
    """What was typed can't be mailed."""


@dataclass(frozen=True, slots=True)
class Address:
    """A mailable address.

    Attributes:
        local: as typed, NFC.
        domain: lower-case A-label (``xn--…`` where it is international).
    """

    local: str
    domain: str

    @property
    def spec(self) -> str:
        """As it stands in RCPT TO and To."""
        return f"{self.local}@{self.domain}"

    @property
    def index_form(self) -> str:
        """As it is looked up: local parts that differ only in case are one reader."""
        return f"{self.local.lower()}@{self.domain}"


def parse_address(text: str) -> Address:
    """Read one address, and nothing but an address.

    Raises:
        NotAnAddress: it is none; the message has no part of what was typed.
    """
    typed = text.strip()
    if len(typed) > _MAX_CHARS:
        raise NotAnAddress("the address is too long")
    if _LOST in typed:
        raise NotAnAddress("this is not an e-mail address")
    try:
        found = validate_email(
            typed,
            strict=True,  # local parts of at most 64 letters, RFC 5321 §4.5.3.1.1
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=False,
            allow_domain_literal=False,
            allow_display_name=False,
            # Reserved names (.test, .example) are how installations are tried out.
            test_environment=True,
        )
    except EmailNotValidError as error:
        raise NotAnAddress("this is not an e-mail address") from error
    return Address(found.local_part, (found.ascii_domain or found.domain).lower())
