"""What a reader's mail server has before it when a mail of ours comes in: its traces, and what DNS knows.

Judges are asked about mails that were delivered; nothing that we wrote is changed or hidden by it.
"""

from __future__ import annotations

import email.utils
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address

from tests.acceptance.every_mail import RECIPIENT, SIGNING, Mail

RELAY = "relay.example.org"
"""The server that hands our mails over."""
RELAY_IP = "2001:db8::25"
"""Its address, of those kept for examples (RFC 3849); judges take IPv4's (RFC 5737) for forged."""

_SENDER, _BOUNCES = "example.org", "bounces.example.org"
_SPF = f"v=spf1 ip6:{RELAY_IP} -all"

RECORDS: Sequence[tuple[str, str, str]] = (
    (SIGNING.record.name, "TXT", SIGNING.record.value),
    (f"_dmarc.{_SENDER}", "TXT", "v=DMARC1; p=reject"),
    *((domain, "TXT", _SPF) for domain in (_SENDER, _BOUNCES)),
    *((domain, "MX", f"10 {RELAY}.") for domain in (_SENDER, _BOUNCES)),
    *((domain, "AAAA", RELAY_IP) for domain in (_SENDER, _BOUNCES, RELAY)),
    (IPv6Address(RELAY_IP).reverse_pointer, "PTR", f"{RELAY}."),
)
"""What our domain publishes, as docs/ asks for it, and the relay's name both ways."""


def relayed(message: bytes, at: datetime) -> bytes:
    """Return what our relay hands over: it took the mail from us, and says so on top (RFC 5321 §4.4)."""
    return _received("client.example.org", "2001:db8::7", RELAY, at) + message


def delivered(mail: Mail, message: bytes, at: datetime) -> bytes:
    """Return what the reader's server lays into the mailbox.

    Args:
        mail: whose return path is written on top.
        message: its bytes, or what became of them on the way.
        at: when it was sent.
    """
    over = _received(RELAY, RELAY_IP, "mx.example.net", at + timedelta(seconds=2))
    return f"Return-Path: <{mail.return_path}>\r\n".encode() + over + relayed(message, at)


def _received(sender: str, ip: str, receiver: str, at: datetime) -> bytes:
    """Write the line that Postfix writes about a mail that came over TLS."""
    return (
        f"Received: from {sender} ({sender} [IPv6:{ip}])\r\n"
        "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
        "\t(No client certificate requested)\r\n"
        f"\tby {receiver} (Postfix) with ESMTPS id 4dFw2k1Qz9z2xKb\r\n"
        f"\tfor <{RECIPIENT}>; {email.utils.format_datetime(at + timedelta(seconds=1))}\r\n"
    ).encode()


def envelope(mail: Mail) -> Mapping[str, str]:
    """Return what the reader's server knows beside the message, in rspamd's words."""
    return {
        "IP": RELAY_IP,
        "Helo": RELAY,
        "Hostname": RELAY,
        "From": mail.return_path,
        "Rcpt": RECIPIENT,
        "TLS-Version": "TLSv1.3",
        "TLS-Cipher": "TLS_AES_256_GCM_SHA384",
    }
