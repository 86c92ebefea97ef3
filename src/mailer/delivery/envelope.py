"""The envelope: what MAIL and RCPT say of a copy to one relay.

A relay that offers delivery status notifications (RFC 3461) is asked to name, in each one about a
copy, the copy and the address we wrote to: these hold even where the mail was forwarded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mailer.delivery.copy import Copy

OTHER_SCRIPT = "this outgoing mail server can't take addresses in that script"
"""Why a copy does not fit, for operators."""
_WHEN = "NOTIFY=FAILURE,DELAY"
"""Of what we are told: not that a copy was delivered, which is nobody's business."""
# RFC 6533 §3, utf-8-addr-xtext: what can't stand for itself, with the sign that begins a letter's number.
_NUMBERED = frozenset("+=\\")


class Envelope(NamedTuple):
    """The commands before DATA, each with its CRLF.

    Attributes:
        mail: who it is from, and what it needs.
        rcpt: whom it is for.
    """

    mail: str
    rcpt: str


class Envelopes:
    """Writes the envelopes of one connection: what its relay offers does not change."""

    def __init__(self, extensions: Mapping[str, str]) -> None:
        """Args: extensions: what the relay offers, lower case (RFC 5321 §4.1.1.1)."""
        self._has_dsn = "dsn" in extensions
        self._has_size = "size" in extensions
        self._has_smtputf8 = "smtputf8" in extensions
        # RFC 6531 §3.6: such a message has 8-bit letters, in its To.
        self._international = " BODY=8BITMIME SMTPUTF8" if "8bitmime" in extensions else " SMTPUTF8"

    def fits(self, copy: Copy) -> bool:
        """Tell whether the relay can take this address: letters beyond ASCII need RFC 6531 §3.1."""
        return self._has_smtputf8 or copy.recipient.isascii()

    def write(self, copy: Copy) -> Envelope:
        """Return the envelope of a copy that *fits*."""
        recipient = copy.recipient
        # Called for every copy: plain conditions are the quickest there is.
        size = f" SIZE={len(copy.message)}" if self._has_size else ""  # RFC 1870 §6
        utf8 = "" if recipient.isascii() else self._international
        if not self._has_dsn:
            return Envelope(f"MAIL FROM:<{copy.return_path}>{size}{utf8}\r\n", f"RCPT TO:<{recipient}>\r\n")
        # RET=HDRS: a notification that quotes a whole issue back would be of no use to anybody.
        named = xtext(copy.return_path.partition("@")[0])
        return Envelope(
            f"MAIL FROM:<{copy.return_path}>{size}{utf8} RET=HDRS ENVID={named}\r\n",
            f"RCPT TO:<{recipient}> {_WHEN} ORCPT={original_recipient(recipient)}\r\n",
        )


def xtext(text: str) -> str:
    """Return printable ASCII as it stands in a parameter (RFC 3461 §4): ``a+b`` as ``a+2Bb``."""
    return text.replace("+", "+2B").replace("=", "+3D")


def original_recipient(address: str) -> str:
    r"""Return an address as ORCPT names it, ASCII whatever its letters.

    ``rfc822;a+2Bb@example.org`` (RFC 3461 §4.2), or ``utf-8;\x{44E}@example.org`` (RFC 6533 §3).
    """
    if address.isascii():
        return f"rfc822;{xtext(address)}"
    letters = (
        f"\\x{{{ord(letter):X}}}" if letter in _NUMBERED or not letter.isascii() else letter
        for letter in address
    )
    return f"utf-8;{''.join(letters)}"
