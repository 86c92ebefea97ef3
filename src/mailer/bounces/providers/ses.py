"""Amazon SES: bounces and complaints as SNS carries them, by webhook or by mail.

``{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{…}]},"mail":{…}}``
The event destinations of a configuration set write ``eventType``; the rest is the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from mailer.bounces.providers.event import Event, notice, token_path
from mailer.bounces.providers.fields import Fields, object_in, rows, table, word, words
from mailer.domain.relay_profile import OURS
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_OWN_LISTS = frozenset({"suppressed", "onaccountsuppressionlist", "ontenantsuppressionlist"})
"""SES did not try: the address bounced once, or complained, to whoever sends by SES."""


def events_in(message: str, sns_id: str) -> list[Event]:
    """Return the event that an SNS notification carries; none where it is no event of SES.

    Args:
        message: the notification's Message.
        sns_id: its MessageId. SES names bounces and complaints itself, the same in every topic.
    """
    fields = object_in(message)
    if fields is None:
        return []
    own_ids = [word(table(fields, part), "feedbackId") for part in ("bounce", "complaint")]
    name = next(filter(None, own_ids), sns_id)
    return [Event(message.encode("utf-8", "replace"), name or None)]


def read_ses(raw: bytes) -> ReturnedMail | None:
    """Read an event; None for one that tells nothing of a reader, such as a delivery."""
    fields = object_in(raw)
    return None if fields is None else read_ses_event(fields)


def read_ses_event(fields: Fields) -> ReturnedMail | None:
    """Read an event's fields, as *read_ses* does."""
    kind, notices = _said(fields)
    if kind is None:
        return None
    sent = table(fields, "mail")
    tags = words(table(sent, "tags"), OURS)
    return ReturnedMail(
        kind,
        notices,
        message_id=word(table(sent, "commonHeaders"), "messageId").strip("<>") or None,
        return_path=token_path(*tags, word(sent, "source")) or word(sent, "source") or None,
        feedback_type=word(table(fields, "complaint"), "complaintFeedbackType") or None,
    )


def _said(fields: Fields) -> tuple[MailKind | None, tuple[Notice, ...]]:
    name = word(fields, "notificationType") or word(fields, "eventType")
    match name.lower().replace(" ", ""):
        case "bounce":
            return _bounced(table(fields, "bounce"))
        case "complaint":
            return _complained(table(fields, "complaint"))
        case "delivery":
            delivery = table(fields, "delivery")
            said = word(delivery, "smtpResponse")
            return MailKind.SUCCESS, tuple(notice(each, said) for each in words(delivery, "recipients"))
        case "deliverydelay":
            return MailKind.DELAY, _notices(rows(table(fields, "deliveryDelay"), "delayedRecipients"), "")
        case "subscription":
            # The link that SES itself puts into mails, where somebody has it do so.
            wants = table(table(fields, "subscription"), "newTopicPreferences")
            is_leaving = wants.get("unsubscribeAll") is True
            named = words(table(fields, "mail"), "destination")
            return (MailKind.UNSUBSCRIBE if is_leaving else None), tuple(Notice(each) for each in named)
        case _:
            return None, ()


def _complained(complaint: Fields) -> tuple[MailKind, tuple[Notice, ...]]:
    named = [word(row, "emailAddress") for row in rows(complaint, "complainedRecipients")]
    if (detail := word(complaint, "complaintSubType")).lower() in _OWN_LISTS:
        # Nobody has complained of this mail: SES did not send it.
        return MailKind.BOUNCE, _on_own_list(named, detail)
    return MailKind.COMPLAINT, tuple(Notice(each) for each in named if each)


def _bounced(bounce: Fields) -> tuple[MailKind, tuple[Notice, ...]]:
    kind, detail = word(bounce, "bounceType"), word(bounce, "bounceSubType")
    recipients = rows(bounce, "bouncedRecipients")
    if detail.lower() in _OWN_LISTS:
        # Their status says 5.1.1, but nobody has asked the mailbox.
        return MailKind.BOUNCE, _on_own_list([word(row, "emailAddress") for row in recipients], detail)
    if kind.lower() == "transient" and not any(_says_why(row) for row in recipients):
        # What SES reports of somebody who is on holiday.
        return MailKind.AUTO_REPLY, ()
    return MailKind.BOUNCE, _notices(recipients, f"{kind} {detail}".strip())


def _on_own_list(named: Sequence[str], detail: str) -> tuple[Notice, ...]:
    return tuple(notice(each, f"suppressed: {detail}") for each in named if each)


def _says_why(row: Fields) -> bool:
    return bool(word(row, "diagnosticCode") or word(row, "status"))


def _notices(recipients: list[Fields], otherwise: str) -> tuple[Notice, ...]:
    return tuple(
        notice(
            word(row, "emailAddress"),
            word(row, "diagnosticCode") or otherwise,
            # SES itself has written "5_.1.1".
            status=word(row, "status").replace("_", ""),
        )
        for row in recipients
        if word(row, "emailAddress")
    )
