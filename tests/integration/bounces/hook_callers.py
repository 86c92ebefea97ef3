"""Providers as they call: each signs or shows what it does in life, with keys made for the test."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from mailer.web.hooks.trust import Trust, Unreachable

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOPIC = "arn:aws:sns:eu-central-1:123456789012:returned"
PLACE = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
SUBSCRIBE = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
MAILGUN_KEY, PASSWORD, BEARER = b"key-of-mailgun", b"a password of postmark", b"a token of brevo"


def certificate(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    name: str = "sns.amazonaws.com",
    *,
    since: datetime = NOW - timedelta(days=30),
    until: datetime = NOW + timedelta(days=300),
) -> bytes:
    """Return a certificate in PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(since)
        .not_valid_after(until)
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


@dataclass
class Callers:
    """All providers, and the hosts of Amazon.

    Attributes:
        lying: what lies where on Amazon's hosts; what is missing can't be reached.
        fetched: what was asked for there.
    """

    now: datetime = NOW
    sns_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    sendgrid_key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    lying: dict[str, bytes] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)
    stored: list[None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lying = {PLACE: certificate(self.sns_key), SUBSCRIBE: b"<ok/>"} | self.lying

    @property
    def trust(self) -> Trust:
        """Trust in all of them."""
        return Trust(
            frozenset({TOPIC}), self.sendgrid_key.public_key(), MAILGUN_KEY, PASSWORD, BEARER,
            fetch=self.fetch, stored=lambda: self.stored.append(None),
        )  # fmt: skip

    async def fetch(self, url: str, _most_bytes: int) -> bytes:
        """Return what lies at a place."""
        self.fetched.append(url)
        if url not in self.lying:
            raise Unreachable
        return self.lying[url]

    def sns(self, message: bytes, *, version: str = "1", **fields: Any) -> httpx.Request:
        """Return a message of SNS as it signs it."""
        body = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Message": message.decode(),
            "Timestamp": f"{self.now:%Y-%m-%dT%H:%M:%S.000Z}",
            "SigningCertURL": PLACE,
            **fields,
        }
        is_notice = body["Type"] == "Notification"
        names = ["Message", "MessageId", "Subject" if is_notice else "SubscribeURL", "Timestamp"]
        names += ["TopicArn", "Type"] if is_notice else ["Token", "TopicArn", "Type"]
        signed = "".join(f"{name}\n{body[name]}\n" for name in names if name in body).encode()
        hashing = SHA256() if version == "2" else SHA1()
        signature = self.sns_key.sign(signed, PKCS1v15(), hashing)
        body |= {"SignatureVersion": version, "Signature": base64.b64encode(signature).decode()}
        return call("ses", orjson.dumps(body), {"content-type": "text/plain; charset=UTF-8"})

    def confirmation(self, **fields: Any) -> httpx.Request:
        """Return what SNS asks before it sends notifications."""
        wanted = {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": SUBSCRIBE}
        return self.sns(b"You have chosen to subscribe", **{**wanted, **fields})

    def sendgrid(self, *events: bytes, at: datetime | None = None) -> httpx.Request:
        """Return events as SendGrid signs them."""
        body = b"[" + b",".join(events) + b"]"
        timestamp = str(int((at or self.now).timestamp()))
        signature = self.sendgrid_key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        headers = {
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        return call("sendgrid", body, headers)

    def mailgun(
        self, event: bytes, *, token: str = "one token", at: datetime | None = None, key: bytes = MAILGUN_KEY
    ) -> httpx.Request:
        """Return an event as Mailgun signs it."""
        timestamp = str(int((at or self.now).timestamp()))
        signature = hmac.new(key, f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
        signed = {"timestamp": timestamp, "token": token, "signature": signature}
        body = orjson.dumps({"signature": signed, "event-data": orjson.Fragment(event)})
        return call("mailgun", body)

    def postmark(self, event: bytes, *, password: bytes = PASSWORD) -> httpx.Request:
        """Return an event as Postmark brings it."""
        credentials = base64.b64encode(b"mailer:" + password).decode()
        return call("postmark", event, {"authorization": f"Basic {credentials}"})

    def brevo(self, event: bytes, *, token: bytes = BEARER) -> httpx.Request:
        """Return an event as Brevo brings it."""
        return call("brevo", event, {"authorization": f"Bearer {token.decode()}"})


def call(door: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Request:
    """Return a call of a provider's."""
    usual = {"content-type": "application/json"}
    return httpx.Request(
        "POST", f"https://weekly.example.org/hooks/{door}", content=body, headers={**usual, **(headers or {})}
    )
