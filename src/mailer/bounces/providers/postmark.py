"""Postmark's webhooks: one flat object a request.

``{"RecordType":"Bounce","Type":"HardBounce","ID":4323372036854775807,"Details":"550 …","Email":"…"}``
"""

from __future__ import annotations

from mailer.bounces.providers.event import Event, notice, token_path
from mailer.bounces.providers.fields import Fields, object_in, table, word
from mailer.domain.outcome import Stage
from mailer.domain.relay_profile import OURS
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_KINDS = {
    "transient": MailKind.DELAY,
    "autoresponder": MailKind.AUTO_REPLY,
    "addresschange": MailKind.AUTO_REPLY,
    "challengeverification": MailKind.CHALLENGE,
    "unsubscribe": MailKind.UNSUBSCRIBE,
    "spamcomplaint": MailKind.COMPLAINT,
    # Somebody wants to be on a list, or a test: nothing came back.
    "subscribe": None,
    "openrelaytest": None,
    "inbounderror": None,
}
_FOR_US = frozenset(
    {
        "blocked",
        "spamnotification",
        "dmarcpolicy",
        "virusnotification",
        "smtpapierror",
        "templaterenderingfailed",
    }
)
_OWN_LISTS = frozenset({"manuallydeactivated", "unconfirmed"})
_BY_READER = "recipient"


def events_in(body: bytes) -> list[Event] | None:
    """Return the event of a request; None for anything but an object."""
    fields = object_in(body)
    if fields is None:
        return None
    name, record = word(fields, "ID"), word(fields, "RecordType")
    return [Event(body, f"{record} {name}" if name else None)]


def read_postmark(raw: bytes) -> ReturnedMail | None:
    """Read an event; None for one that tells nothing of a reader, such as an open."""
    fields = object_in(raw)
    if fields is None:
        return None
    kind = _kind(fields)
    if kind is None:
        return None
    return ReturnedMail(
        kind,
        (_notice(fields),),
        message_id=word(fields, "MessageID") or None,
        return_path=token_path(word(table(fields, "Metadata"), OURS)),
        feedback_type="abuse" if kind is MailKind.COMPLAINT else None,
    )


def _kind(fields: Fields) -> MailKind | None:
    match word(fields, "RecordType").lower():
        case "bounce":
            return _KINDS.get(word(fields, "Type").lower(), MailKind.BOUNCE)
        case "spamcomplaint":
            return MailKind.COMPLAINT
        case "subscriptionchange":
            # Of bounces and complaints other events tell; this one is a reader's press on Postmark's link.
            is_theirs = word(fields, "Origin").lower() == _BY_READER
            is_leaving = fields.get("SuppressSending") is True
            is_by_hand = word(fields, "SuppressionReason").lower() == "manualsuppression"
            return MailKind.UNSUBSCRIBE if is_theirs and is_leaving and is_by_hand else None
        case _:
            return None


def _notice(fields: Fields) -> Notice:
    recipient, kind = word(fields, "Email") or word(fields, "Recipient"), word(fields, "Type").lower()
    if kind in _OWN_LISTS:
        return notice(recipient, f"suppressed: {kind}")
    # Description lists what such bounces can mean; only Details are the server's words.
    return notice(recipient, word(fields, "Details"), stage=Stage.MAIL if kind in _FOR_US else None)
