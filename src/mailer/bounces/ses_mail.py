"""Amazon SES reports that come by mail: SNS writes its JSON into a text for people.

Somebody who subscribes a mailbox to the topic of a webhook gets the same events there.
"""

from __future__ import annotations

from typing import Any

import orjson

from mailer.bounces.dsn import reply_code_in, status_in
from mailer.bounces.incoming import Incoming
from mailer.domain.returned_mail import MailKind, Notice, ReturnedMail

_SIGNS = ("notificationType", "eventType")
_MAX_RECIPIENTS = 100


def read_ses_mail(incoming: Incoming) -> ReturnedMail | None:
    """Read an SNS notification out of the text of a mail; None for other mail."""
    # As it stands: JSON is one endless word.
    text = next((part.text for part in incoming.mail.parts if part.content_type == "text/plain"), "")
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or not any(sign in text for sign in _SIGNS):
        return None
    event = _event(text[start : end + 1]) or _event(text[start : text.find("\n--\n", start)])
    if event is None:
        return None
    sent = _table(event, "mail")
    kind, notices = _of_event(event)
    if kind is None:
        return None
    return ReturnedMail(
        kind,
        notices,
        message_id=_word(_table(sent, "commonHeaders"), "messageId") or None,
        return_path=_word(sent, "source") or None,
        feedback_type=_word(_table(event, "complaint"), "complaintFeedbackType") or None,
    )


def _event(text: str) -> dict[str, Any] | None:
    # Mail programs break long lines; JSON has no line ends in its strings.
    joined = text.replace("\r", "").replace("\n", "").strip()
    end = joined.rfind("}")
    try:
        event = orjson.loads(joined[: end + 1])
    except orjson.JSONDecodeError:
        return None
    if not isinstance(event, dict):
        return None
    # SNS wraps the event in an envelope of its own, unless asked not to ("raw message delivery").
    return _event(event["Message"]) if isinstance(event.get("Message"), str) else event


def _of_event(event: dict[str, Any]) -> tuple[MailKind | None, tuple[Notice, ...]]:
    name = (_word(event, "notificationType") or _word(event, "eventType")).lower()
    if name == "bounce":
        return MailKind.BOUNCE, _bounced(_table(event, "bounce"))
    if name == "complaint":
        named = _rows(_table(event, "complaint"), "complainedRecipients")
        return MailKind.COMPLAINT, tuple(
            Notice(_word(row, "emailAddress")) for row in named if _word(row, "emailAddress")
        )
    if name == "delivery":
        delivery = _table(event, "delivery")
        said = _word(delivery, "smtpResponse")
        recipients = delivery.get("recipients")
        names = [each for each in recipients if isinstance(each, str)] if isinstance(recipients, list) else []
        return MailKind.SUCCESS, tuple(_notice(each, "", said) for each in names[:_MAX_RECIPIENTS])
    if name in ("deliverydelay", "delivery delay"):
        return MailKind.DELAY, _bounced(_table(event, "deliveryDelay"), "delayedRecipients")
    return None, ()


def _bounced(table: dict[str, Any], rows: str = "bouncedRecipients") -> tuple[Notice, ...]:
    kind = f"{_word(table, 'bounceType')} {_word(table, 'bounceSubType')}".strip()
    return tuple(
        _notice(_word(row, "emailAddress"), _word(row, "status"), _word(row, "diagnosticCode") or kind)
        for row in _rows(table, rows)
        if _word(row, "emailAddress")
    )


def _notice(recipient: str, status: str, said: str) -> Notice:
    text = said.removeprefix("smtp;").strip()[:2_000]
    # SES itself has written "5_.1.1".
    return Notice(recipient, status_in(status.replace("_", "")) or status_in(text), reply_code_in(text), text)


def _table(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _rows(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = value.get(name)
    return (
        [row for row in found if isinstance(row, dict)][:_MAX_RECIPIENTS] if isinstance(found, list) else []
    )


def _word(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
