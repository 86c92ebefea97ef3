"""Mailgun signs a time and a token, but not what it says: so each token counts once."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from mailer.bounces.providers import mailgun
from mailer.bounces.providers.fields import object_in, table, word
from mailer.web.hooks.call import (
    NOBODY_HERE,
    REFUSED,
    UNREADABLE,
    Call,
    Inquiry,
    Once,
    check_age,
    is_same,
)
from mailer.web.hooks.trust import NotBelieved, Trust

TOLERANCE = timedelta(days=1)
"""Mailgun calls again for eight hours, and does not say that it signs anew."""


async def from_mailgun(trust: Trust, inquiry: Inquiry) -> Call:
    """Believe Mailgun by its HMAC-SHA256 in hexadecimal digits.

    Raises:
        NotBelieved: it does not fit, is old, or the call brings nothing.
    """
    if not trust.mailgun_key:
        raise NotBelieved(NOBODY_HERE, "no key is set for Mailgun")
    fields = object_in(inquiry.body)
    if fields is None:
        raise NotBelieved(UNREADABLE, "the body is none of theirs")
    proof = table(fields, "signature")
    timestamp, token = word(proof, "timestamp"), word(proof, "token")
    signed = f"{timestamp}{token}".encode("utf-8", "replace")
    expected = hmac.new(trust.mailgun_key, signed, hashlib.sha256).hexdigest()
    if not token or not is_same(word(proof, "signature").encode("utf-8", "replace"), expected.encode()):
        raise NotBelieved(REFUSED, "the signature does not fit")
    check_age(timestamp, inquiry.at, TOLERANCE)
    spent = Once(hashlib.sha256(b"mailgun " + signed).digest(), inquiry.at + 2 * TOLERANCE)
    return Call(mailgun.events_in(fields), spent)
