"""Amazon SES reports through SNS, which signs every message with a certificate that it names in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm

from mailer.bounces.providers import ses
from mailer.bounces.providers.fields import Fields, object_in, word
from mailer.web.hooks.call import NOBODY_HERE, REFUSED, UNREADABLE, Call, Inquiry, decoded
from mailer.web.hooks.sns_certificate import Certificates
from mailer.web.hooks.trust import NotBelieved, Trust

# What is signed, in this order (Amazon SNS developer guide, "Verifying the signatures").
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
    ),
}  # fmt: skip
_OPTIONAL = "Subject"
_HASHES: dict[str, type[HashAlgorithm]] = {"1": SHA1, "2": SHA256}
_SUBSCRIBE = re.compile(r"https://sns\.(?P<region>[a-z0-9-]{1,30})\.amazonaws\.com(?:\.cn)?/\?[!-~]{1,2000}")
_MOST_ANSWER_BYTES = 100_000
TOLERANCE = timedelta(days=1)
"""SNS gives up after an hour; what we stored we know again for at least a day."""


class SesHook:
    """Believes SNS by its signature, for the topics that the settings name."""

    def __init__(self, trust: Trust) -> None:
        """Args: trust: topics, and how certificates are fetched."""
        self._trust = trust
        self._certificates = Certificates(trust.fetch)

    async def __call__(self, _trust: Trust, inquiry: Inquiry) -> Call:
        """
        Return the event of a notification; confirm a subscription that we are asked to confirm.

        Raises:
            NotBelieved: it is not for a topic of ours, or not signed by SNS.
            Unreachable: certificate or confirmation can't be had now.
        """
        if not self._trust.ses_topics:
            raise NotBelieved(NOBODY_HERE, "no topic is set for SES")
        fields = object_in(inquiry.body)
        if fields is None or word(fields, "Type") not in _SIGNED:
            raise NotBelieved(UNREADABLE, "the body is none of theirs")
        topic = word(fields, "TopicArn")
        # Before anything is fetched for a stranger.
        if topic not in self._trust.ses_topics:
            raise NotBelieved(REFUSED, "it is for a topic that ses_topics does not name")
        region = _region(topic)
        key = await self._certificates.key(word(fields, "SigningCertURL"), region, inquiry.at)
        hashing = _HASHES.get(word(fields, "SignatureVersion"), SHA1)
        try:
            key.verify(decoded(word(fields, "Signature")), _canonical(fields), PKCS1v15(), hashing())
        except InvalidSignature as error:
            raise NotBelieved(REFUSED, "the signature does not fit") from error
        _check_time(word(fields, "Timestamp"), inquiry.at)
        return await self._believed(fields, region)

    async def _believed(self, fields: Fields, region: str) -> Call:
        match word(fields, "Type"):
            case "Notification":
                return Call(ses.events_in(_whole(fields, "Message"), word(fields, "MessageId")))
            case "SubscriptionConfirmation":
                place = _SUBSCRIBE.fullmatch(word(fields, "SubscribeURL"))
                if place is None or place["region"] != region:
                    raise NotBelieved(REFUSED, "its SubscribeURL is not Amazon's")
                await self._trust.fetch(place[0], _MOST_ANSWER_BYTES)
        return Call()


def _region(topic: str) -> str:
    """``arn:aws:sns:eu-central-1:123456789012:bounces`` gives ``eu-central-1``."""
    parts = topic.split(":")
    return parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - the fourth of an ARN's parts


def _canonical(fields: Fields) -> bytes:
    names = [name for name in _SIGNED[word(fields, "Type")] if name != _OPTIONAL or name in fields]
    signed = "".join(f"{name}\n{_whole(fields, name)}\n" for name in names)
    return signed.encode("utf-8", "replace")


def _whole(fields: Fields, name: str) -> str:
    """Return a value as it was signed: unlike *word*, neither cut nor stripped."""
    found = fields.get(name)
    return found if isinstance(found, str) else ""


def _check_time(written: str, at: datetime) -> None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = datetime.min.replace(tzinfo=UTC)
    if moment.tzinfo is None or abs(at - moment) > TOLERANCE:
        raise NotBelieved(REFUSED, "its time is not now; look at the clock of this machine")
