"""To which address of ours a message in a mailbox was sent.

A mailbox at a provider's takes mail for many addresses and keeps no envelope. Which of them it was stands
in a field that its server wrote, else in what the sender wrote; a token of ours proves it either way.
"""

from __future__ import annotations

import re

from mailer.bounces.addresses import address_in
from mailer.bounces.message import Fields
from mailer.domain.return_address import token_text
from mailer.domain.token import TokenKeys

# The surest first: what mailbox servers write of the envelope, then what people and reports write.
_FIELDS = (
    "Delivered-To",
    "X-Original-To",
    "X-Delivered-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Forwarded-To",
    "X-RCPT-To",
    "To",
    "Cc",
    "Resent-To",
)
_ADDRESS = re.compile(r"[a-z0-9+=._-]{0,40}[a-z2-7]{44}@[a-z0-9.-]{1,255}", re.IGNORECASE)
# RFC 5321 §4.4: only "for" names a recipient. "envelope-from" of our own copies names a return path too.
_FOR = re.compile(r"\bfor\s+<?([^\s<>;]{1,320})", re.IGNORECASE)


def recipient_of(fields: Fields, tokens: TokenKeys) -> str:
    """
    Return the address of ours that a message was sent to; empty where none has a token of ours.

    Args:
        fields: of the message.
        tokens: know which tokens are ours.
    """
    written = [value for name in _FIELDS for value in fields.every(name)]
    written += [match[1] for value in fields.every("Received") for match in _FOR.finditer(value)]
    for value in written:
        for found in _ADDRESS.findall(value):
            token = token_text(found)
            if token is not None and tokens.read_return_path(token) is not None:
                return str(found)
    return ""


def sender_of(fields: Fields) -> str:
    """Return who sent a message: its envelope's sender where it says so, else From; empty for reports."""
    envelope = fields.every("Return-Path")
    return address_in(envelope[0] if envelope else fields.first("From")) or ""
