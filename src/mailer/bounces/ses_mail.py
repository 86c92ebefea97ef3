"""Amazon SES reports that come by mail: SNS writes its JSON into a text for people.

Somebody who subscribes a mailbox to the topic of a webhook gets the same events there.
"""

from __future__ import annotations

from mailer.bounces.incoming import Incoming
from mailer.bounces.providers.fields import Fields, object_in
from mailer.bounces.providers.ses import read_ses_event
from mailer.domain.returned_mail import ReturnedMail

_SIGNS = ("notificationType", "eventType")


def read_ses_mail(incoming: Incoming) -> ReturnedMail | None:
    """Read an SNS notification out of the text of a mail; None for other mail."""
    # As it stands: JSON is one endless word.
    text = next((part.text for part in incoming.mail.parts if part.content_type == "text/plain"), "")
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start or not any(sign in text for sign in _SIGNS):
        return None
    event = _event(text[start : end + 1]) or _event(text[start : text.find("\n--\n", start)])
    return None if event is None else read_ses_event(event)


def _event(text: str) -> Fields | None:
    # Mail programs break long lines; JSON has no line ends in its strings.
    joined = text.replace("\r", "").replace("\n", "").strip()
    event = object_in(joined[: joined.rfind("}") + 1])
    # SNS wraps the event in an envelope of its own, unless asked not to ("raw message delivery").
    is_wrapped = event is not None and isinstance(event.get("Message"), str)
    return object_in(event["Message"]) if event is not None and is_wrapped else event
