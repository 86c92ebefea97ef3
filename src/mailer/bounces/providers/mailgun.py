"""Mailgun's webhooks: one event in ``event-data``, beside the signature.

``{"signature":{…},"event-data":{"event":"failed","severity":"permanent","delivery-status":{…}}}``
"""

from __future__ import annotations

from mailer.bounces.providers.event import Event, notice, token_path
from mailer.bounces.providers.fields import Fields, object_in, table, word, written
from mailer.domain.outcome import Stage
from mailer.domain.relay_profile import OURS
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_OWN_LISTS = "suppress"
_FOR_US = frozenset({"espblock"})


def events_in(fields: Fields) -> list[Event]:
    """Return the event of a request; none where it holds none."""
    event = table(fields, "event-data")
    return [Event(written(event), word(event, "id") or None)] if event else []


def read_mailgun(raw: bytes) -> ReturnedMail | None:
    """Read an event; None for one that tells nothing of a reader, such as a delivery."""
    fields = object_in(raw)
    if fields is None:
        return None
    kind, said = _said(fields)
    if kind is None:
        return None
    ours, sender = word(table(fields, "user-variables"), OURS), word(table(fields, "envelope"), "sender")
    return ReturnedMail(
        kind,
        (said,),
        message_id=word(table(table(fields, "message"), "headers"), "message-id").strip("<>") or None,
        return_path=token_path(ours, sender),
        feedback_type="abuse" if kind is MailKind.COMPLAINT else None,
    )


def _said(fields: Fields) -> tuple[MailKind | None, Notice]:
    recipient = word(fields, "recipient")
    match word(fields, "event").lower():
        case "failed" if word(fields, "severity").lower() == "temporary":
            # Mailgun goes on trying; when it gives up, another event says so.
            return MailKind.DELAY, _refused(fields)
        case "failed":
            return MailKind.BOUNCE, _refused(fields)
        case "rejected":
            # Mailgun itself would not have our message.
            said = word(table(fields, "reject"), "reason") or "rejected"
            return MailKind.BOUNCE, notice(recipient, said, stage=Stage.MAIL)
        case "complained":
            return MailKind.COMPLAINT, Notice(recipient or None)
        case "unsubscribed":
            return MailKind.UNSUBSCRIBE, Notice(recipient or None)
        case _:
            return None, Notice(None)


def _refused(fields: Fields) -> Notice:
    recipient, reason = word(fields, "recipient"), word(fields, "reason").lower()
    if reason.startswith(_OWN_LISTS):
        return notice(recipient, f"suppressed: {reason}")
    status = table(fields, "delivery-status")
    return notice(
        recipient,
        word(status, "message") or word(status, "description") or reason,
        status=word(status, "enhanced-code"),
        # Codes of Mailgun's own begin with 6.
        code=word(status, "code"),
        stage=Stage.MAIL if reason in _FOR_US else None,
    )
