"""Events as providers document them, written anew with addresses of example.org."""

from __future__ import annotations

from typing import Any

import orjson

TOKEN = "abcdefghijklmnopqrstuvwxyz234567abcdefghijkl"
READER = "reader@example.org"


def ses(kind: str = "Bounce", **parts: Any) -> bytes:
    """Return what SES publishes."""
    mail = {
        "timestamp": "2026-11-23T09:00:00.000Z",
        "messageId": "0100018f-0000",
        "source": f"{TOKEN}@bounces.example.net",
        "destination": [READER],
        "commonHeaders": {"messageId": "<c0ffee@example.net>"},
    }
    return orjson.dumps({"notificationType": kind, "mail": mail, **parts})


def ses_bounce(kind: str, detail: str, *recipients: dict[str, str]) -> bytes:
    """Return a bounce as SES publishes it."""
    bounced = [{"emailAddress": READER, **each} for each in recipients or ({},)]
    bounce = {
        "bounceType": kind,
        "bounceSubType": detail,
        "bouncedRecipients": bounced,
        "timestamp": "2026-11-23T09:00:05.000Z",
        "feedbackId": "0100018f-feedback",
        "somethingNew": {"a": [1]},
    }
    return ses(bounce=bounce)


def sendgrid(event: str, **fields: Any) -> bytes:
    """Return one event of SendGrid's list."""
    common = {"email": READER, "timestamp": 1_795_424_400, "sg_event_id": "ev-1", "mailer": TOKEN}
    return orjson.dumps({**common, "event": event, "smtp-id": "<c0ffee@example.net>", **fields})


def mailgun(event: str, **fields: Any) -> bytes:
    """Return an event-data of Mailgun's."""
    common = {
        "id": "ev-1",
        "timestamp": 1_795_424_400.5,
        "recipient": READER,
        "user-variables": {"mailer": TOKEN},
        "envelope": {"sender": "bounce+x@example.net", "transport": "smtp", "targets": READER},
        "message": {"headers": {"message-id": "c0ffee@example.net"}},
    }
    return orjson.dumps({**common, "event": event, **fields})


def postmark(record: str, **fields: Any) -> bytes:
    """Return a request of Postmark's."""
    common = {
        "RecordType": record,
        "ID": 4_323_372_036_854_775_807,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Email": READER,
        "Metadata": {"mailer": TOKEN},
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    }
    return orjson.dumps({**common, **fields})


def brevo(event: str, **fields: Any) -> bytes:
    """Return a request of Brevo's."""
    common = {
        "email": READER,
        "id": 26_224,
        "message-id": "<c0ffee@example.net>",
        "ts_epoch": 1_795_424_400_000,
        "X-Mailin-custom": f"mailer:{TOKEN}",
    }
    return orjson.dumps({**common, "event": event, **fields})
