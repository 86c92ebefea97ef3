"""A provider's call as the doors of this room hand it on: believed, and cut into events."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.bounces.providers.event import Event
from mailer.web.hooks.trust import NotBelieved

UNREADABLE, UNPROVEN, REFUSED, NOBODY_HERE, TOO_MUCH = 400, 401, 403, 404, 413
MOST_EVENTS = 5_000
"""In one call; SendGrid sends at most 768 kB, which is about half of this."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What a caller sent.

    Attributes:
        headers: by name in any case.
        body: to the byte; what is signed is signed in this form.
        at: when it came, aware UTC.
    """

    headers: Mapping[str, str]
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Once:
    """A proof that counts once.

    Attributes:
        digest: 32 bytes.
        until: when nobody could use it again anyway.
    """

    digest: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is believed.

    Attributes:
        once: what is spent by it; None where the proof covers the body.
    """

    events: Sequence[Event] = ()
    once: Once | None = None


def events_or_refusal(events: Sequence[Event] | None) -> Sequence[Event]:
    """Return the events of a call.

    Raises:
        NotBelieved: it is none, or there are too many.
    """
    if events is None:
        raise NotBelieved(UNREADABLE, "the body is none of theirs")
    if len(events) > MOST_EVENTS:
        raise NotBelieved(TOO_MUCH, "there are too many events in one call")
    return events


def is_same(said: bytes, known: bytes) -> bool:
    """Compare secrets in a time that tells nothing of where they differ."""
    return hmac.compare_digest(said, known)


def decoded(text: str) -> bytes:
    """Return what base64 stands for; empty where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def check_age(seconds: str, at: datetime, tolerance: timedelta) -> None:
    """
    Refuse a call that was signed too long ago, or ahead of time.

    Args:
        seconds: since 1970, as the caller wrote them.
        at: when it came.

    Raises:
        NotBelieved: it is too old, or no time at all.
    """
    is_number = seconds.isascii() and seconds.isdigit() and len(seconds) <= 12  # noqa: PLR2004 - a year far off
    if not is_number or abs(at.timestamp() - int(seconds)) > tolerance.total_seconds():
        raise NotBelieved(REFUSED, "its time is not now; look at the clock of this machine")
