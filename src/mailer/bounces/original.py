"""What is ours in a message that came back: its Message-ID, return path and unsubscribe link.

Reports carry the original whole, its header alone, or a text that goes over into it somewhere. Whoever reads
these must still ask whether they are ours: anybody can write them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mailer.bounces.addresses import address_in
from mailer.bounces.message import Fields, Opened, head_of

_TYPES = frozenset(
    {
        "message/rfc822",
        "message/global",
        "text/rfc822-headers",
        "text/rfc822-header",
        "message/rfc822-headers",
        "message/rfc822-header",
        "message/global-headers",
    }
)
_INDENT = r"^[ >\t]{0,8}"
_IN_TEXT = {
    "message-id": re.compile(
        _INDENT + r"Message-ID:[ \t]*\n?[ \t]*<([^<>\s]{3,300})>", re.IGNORECASE | re.MULTILINE
    ),
    "return-path": re.compile(
        _INDENT + r"Return-Path:[ \t]*<?([^<>\s@]{1,300}@[^<>\s@]{3,300})", re.IGNORECASE | re.MULTILINE
    ),
    "list-unsubscribe": re.compile(
        _INDENT + r"List-Unsubscribe:([^\n]{3,900}(?:\n[ \t][^\n]{1,900}){0,4})", re.IGNORECASE | re.MULTILINE
    ),
}
_ID = re.compile(r"<([^<>\s]{1,400})>")


@dataclass(frozen=True, slots=True)
class Original:
    """What a returned message says of itself; None for what it does not.

    Attributes:
        message_id: without brackets.
        return_path: envelope sender, an address.
        unsubscribe: its List-Unsubscribe, unfolded; ours holds a token.
        recipients: whom it was addressed to, by its own header.
    """

    message_id: str | None = None
    return_path: str | None = None
    unsubscribe: str | None = None
    recipients: tuple[str, ...] = ()


def find_original(mail: Opened) -> Original:
    """Read the returned message in *mail*, or what a text tells of its header."""
    fields = original_fields(mail)
    if fields is not None:
        return _of_fields(fields)
    for part in mail.parts:
        if part.content_type.startswith("text/"):
            found = _of_text(part.text)
            if found != Original():
                return found
    return Original()


def original_fields(mail: Opened) -> Fields | None:
    """Return the header of the message that *mail* carries as a part, or None."""
    for part in mail.parts:
        if part.content_type in _TYPES:
            return head_of(part.body)
    return None


def _of_fields(fields: Fields) -> Original:
    identifier = _ID.search(fields.first("Message-ID"))
    recipients = [address for value in fields.every("To") if (address := address_in(value))]
    return Original(
        identifier[1] if identifier else None,
        address_in(fields.first("Return-Path")),
        fields.first("List-Unsubscribe") or None,
        tuple(recipients),
    )


def _of_text(text: str) -> Original:
    found = {name: pattern.search(text) for name, pattern in _IN_TEXT.items()}
    said = {name: " ".join(match[1].split()) for name, match in found.items() if match}
    return Original(said.get("message-id"), said.get("return-path"), said.get("list-unsubscribe"))
