"""Postmark and Brevo sign nothing: they show a secret that we gave them. HTTPS keeps it from others."""

from __future__ import annotations

from mailer.bounces.providers import brevo, postmark
from mailer.web.hooks.call import NOBODY_HERE, UNPROVEN, Call, Inquiry, decoded, events_or_refusal, is_same
from mailer.web.hooks.trust import NotBelieved, Trust

_POSTMARK_USER = b"mailer"


async def from_postmark(trust: Trust, inquiry: Inquiry) -> Call:
    """Believe Postmark by the user and password in the address that it was given (RFC 7617).

    Raises:
        NotBelieved: they are not ours, or it brings no event.
    """
    if not trust.postmark_password:
        raise NotBelieved(NOBODY_HERE, "no password is set for Postmark")
    said = decoded(_behind("basic", inquiry))
    if not is_same(said, _POSTMARK_USER + b":" + trust.postmark_password):
        raise NotBelieved(UNPROVEN, "user or password is wrong")
    return Call(events_or_refusal(postmark.events_in(inquiry.body)))


async def from_brevo(trust: Trust, inquiry: Inquiry) -> Call:
    """Believe Brevo by its bearer token (RFC 6750).

    Raises:
        NotBelieved: it is not ours, or it brings no event.
    """
    if not trust.brevo_token:
        raise NotBelieved(NOBODY_HERE, "no token is set for Brevo")
    if not is_same(_behind("bearer", inquiry).encode("utf-8", "replace"), trust.brevo_token):
        raise NotBelieved(UNPROVEN, "the token is wrong")
    return Call(events_or_refusal(brevo.events_in(inquiry.body)))


def _behind(scheme: str, inquiry: Inquiry) -> str:
    """Return what an Authorization field holds behind *scheme*; empty for another scheme."""
    said, _, credentials = inquiry.headers.get("authorization", "").strip().partition(" ")
    return credentials.strip() if said.lower() == scheme else ""
