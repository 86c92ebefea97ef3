"""SendGrid signs time and body with a key whose other half we have."""

from __future__ import annotations

from datetime import timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.hashes import SHA256

from mailer.bounces.providers import sendgrid
from mailer.web.hooks.call import (
    NOBODY_HERE,
    REFUSED,
    Call,
    Inquiry,
    check_age,
    decoded,
    events_or_refusal,
)
from mailer.web.hooks.trust import NotBelieved, Trust

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
TOLERANCE = timedelta(minutes=10)
"""SendGrid names none."""


async def from_sendgrid(trust: Trust, inquiry: Inquiry) -> Call:
    """Believe SendGrid by its signature, ECDSA with SHA-256 over time and body as they came.

    Raises:
        NotBelieved: it does not fit, is old, or the call brings no event.
    """
    key = trust.sendgrid_key
    if key is None:
        raise NotBelieved(NOBODY_HERE, "no key is set for SendGrid")
    timestamp = inquiry.headers.get(_TIMESTAMP, "")
    signature = decoded(inquiry.headers.get(_SIGNATURE, ""))
    try:
        key.verify(signature, timestamp.encode("utf-8", "replace") + inquiry.body, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise NotBelieved(REFUSED, "the signature does not fit") from error
    check_age(timestamp, inquiry.at, TOLERANCE)
    return Call(events_or_refusal(sendgrid.events_in(inquiry.body)))
