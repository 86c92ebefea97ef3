"""SendGrid's event webhook: a JSON list of flat objects.

``[{"email":"…","event":"bounce","type":"blocked","reason":"550 …","status":"5.7.1","sg_event_id":"…"}]``
"""

from __future__ import annotations

from mailer.bounces.providers.event import Event, notice, token_path
from mailer.bounces.providers.fields import Fields, object_in, value_in, word, written
from mailer.domain.outcome import Stage
from mailer.domain.relay_profile import OURS
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_UNSUBSCRIBED = frozenset({"unsubscribe", "group_unsubscribe"})
# Not SendGrid's type but its classification says that "blocked" is about this mailbox.
_OF_MAILBOX = frozenset({"invalid address", "mailbox unavailable"})
# Drops that are about our message or account; the other reasons are lists of their own.
_DROPPED_FOR_US = ("smtpapi", "spam content", "quota", "content")


def events_in(body: bytes) -> list[Event] | None:
    """Return the events of a request; None for anything but a list."""
    found = value_in(body)
    if not isinstance(found, list):
        return None
    fields = [each for each in found if isinstance(each, dict)]
    return [Event(written(each), word(each, "sg_event_id") or None) for each in fields]


def read_sendgrid(raw: bytes) -> ReturnedMail | None:
    """Read an event; None for one that tells nothing of a reader, such as an open."""
    fields = object_in(raw)
    if fields is None:
        return None
    kind, said = _said(fields)
    if kind is None:
        return None
    return ReturnedMail(
        kind,
        (said,),
        message_id=word(fields, "smtp-id").strip("<>") or None,
        return_path=token_path(word(fields, OURS)),
        # Only this one stands for "this is spam".
        feedback_type="abuse" if kind is MailKind.COMPLAINT else None,
    )


def _said(fields: Fields) -> tuple[MailKind | None, Notice]:
    email, reason = word(fields, "email"), word(fields, "reason")
    status, event = word(fields, "status"), word(fields, "event").lower()
    match event:
        case "bounce" | "blocked":
            return MailKind.BOUNCE, notice(email, reason, status=status, stage=_stage(fields, event))
        case "dropped":
            is_ours = any(sign in reason.lower() for sign in _DROPPED_FOR_US)
            said = f"dropped: {reason}" if is_ours else f"suppressed: {reason}"
            return MailKind.BOUNCE, notice(email, said, stage=Stage.MAIL if is_ours else None)
        case "deferred":
            said = word(fields, "response") or reason
            return MailKind.DELAY, notice(email, said, status=status)
        case "spamreport":
            return MailKind.COMPLAINT, Notice(email or None)
        case _:
            kind = MailKind.UNSUBSCRIBE if event in _UNSUBSCRIBED else None
            return kind, Notice(email or None)


def _stage(fields: Fields, event: str) -> Stage | None:
    """Return Stage.MAIL where SendGrid says that we were refused, not the mailbox: that condemns nobody."""
    if event != "blocked" and word(fields, "type").lower() != "blocked":
        return None
    is_of_mailbox = word(fields, "bounce_classification").lower() in _OF_MAILBOX
    # Whatever it says then, SendGrid itself would mail the address again: never more than a strike.
    return Stage.DOT if is_of_mailbox else Stage.MAIL
