"""Brevo's webhooks: one flat object a request, or a list of them.

``{"event":"hard_bounce","email":"…","reason":"550 …","message-id":"<…>","ts_epoch":1604933654000}``
"""

from __future__ import annotations

from mailer.bounces.providers.event import Event, notice, token_path
from mailer.bounces.providers.fields import Fields, object_in, value_in, word, written
from mailer.domain.outcome import Stage
from mailer.domain.relay_profile import OURS_IN_BREVO
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_KINDS = {
    "hard_bounce": MailKind.BOUNCE,
    "soft_bounce": MailKind.BOUNCE,
    "invalid_email": MailKind.BOUNCE,
    "blocked": MailKind.BOUNCE,
    "error": MailKind.BOUNCE,
    "deferred": MailKind.DELAY,
    "spam": MailKind.COMPLAINT,
    "complaint": MailKind.COMPLAINT,
    "unsubscribe": MailKind.UNSUBSCRIBE,
    "unsubscribed": MailKind.UNSUBSCRIBE,
}


def events_in(body: bytes) -> list[Event] | None:
    """Return the events of a request; None for anything but an object or a list."""
    found = value_in(body)
    if isinstance(found, dict):
        return [Event(body, _name(found))]
    if isinstance(found, list):
        return [Event(written(each), _name(each)) for each in found if isinstance(each, dict)]
    return None


def read_brevo(raw: bytes) -> ReturnedMail | None:
    """Read an event; None for one that tells nothing of a reader, such as an open."""
    fields = object_in(raw)
    kind = None if fields is None else _KINDS.get(word(fields, "event").lower())
    if fields is None or kind is None:
        return None
    return ReturnedMail(
        kind,
        (_notice(fields),),
        message_id=word(fields, "message-id").strip("<>") or None,
        return_path=token_path(word(fields, OURS_IN_BREVO)),
        feedback_type="abuse" if kind is MailKind.COMPLAINT else None,
    )


def _name(fields: Fields) -> str | None:
    """Return what makes an event this one: their ``id`` is the webhook's, the same in every event."""
    parts = [word(fields, name) for name in ("event", "message-id", "ts_epoch")]
    return " ".join(parts) if all(parts) else None


def _notice(fields: Fields) -> Notice:
    email, reason = word(fields, "email"), word(fields, "reason")
    match word(fields, "event").lower():
        case "blocked":
            # On Brevo's own list, of whatever was sent before.
            return notice(email, f"suppressed: {reason}")
        case "error":
            return notice(email, reason, stage=Stage.MAIL)
        case _:
            return notice(email, reason)
