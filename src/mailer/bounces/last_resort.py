"""The guess of flufl.bounce, where nothing of ours found whom a report is about.

It knows forms of decades ago, but no reasons; so what it finds can count against nobody by itself. It raises
on raw 8-bit headers and reads whole messages, so it sees a bounded one that we wrote for it.
"""

from __future__ import annotations

import logging
from email.message import Message
from email.policy import compat32

from mailer.bounces.addresses import address_in
from mailer.bounces.message import Opened

_MAX_CHARS = 8_000
_HEADERS = ("From", "To", "Subject", "Date", "Content-Type", "X-Failed-Recipients", "Return-Path")


def recipients_guessed(mail: Opened) -> tuple[str, ...]:
    """Return the addresses that flufl.bounce finds, permanent failures only, in order of the alphabet."""
    # It takes a while to load, and most returned mail never asks for it.
    from flufl.bounce import scan_message

    # It logs what its detectors stumble over, with the addresses in it.
    logging.getLogger("flufl.bounce").disabled = True
    try:
        found = scan_message(_plain_copy(mail))
    except Exception:  # noqa: BLE001 - foreign code over hostile text: whatever it raises means "no idea"
        return ()
    decoded = {each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in found}
    return tuple(sorted(address for each in decoded if (address := address_in(each))))


def _plain_copy(mail: Opened) -> Message:
    """Return a message of one part in ASCII: what flufl.bounce can read without harm."""
    copy = Message(policy=compat32)
    for name in _HEADERS[:4]:
        copy[name] = _ascii(mail.fields.first(name))
    text = "\n\n".join(part.text for part in mail.parts if part.content_type.startswith("text/plain"))
    copy["Content-Type"] = "text/plain"
    copy.set_payload(_ascii(text[:_MAX_CHARS]))
    return copy


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii")
