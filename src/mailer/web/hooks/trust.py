"""Which providers' calls are believed, and by what: [webhooks] of mailer.toml, read once at the start."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailer.config_returned import WebhooksSettings
from mailer.errors import SettingsError

Fetch: TypeAlias = Callable[[str, int], Awaitable[bytes]]
"""Gets a URL, of which at most so many bytes; raises Unreachable."""

_TIMEOUT_S = 10.0
_OK = 200
_LEAST_LETTERS = 20


class NotBelieved(Exception):  # noqa: N818 - reads as what it is where it is caught
    """A call that does not show that it is the provider's; the caller learns the status and no more.

    Attributes:
        status: 400 for what is no call of theirs, 401 and 403 for a wrong proof, 404 where we take none.
        reason: for our log: words of ours, never of the call.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Unreachable(Exception):  # noqa: N818 - reads as what it is where it is caught
    """What we need to judge a call can't be had now: they shall call again."""


async def fetch_https(url: str, most_bytes: int) -> bytes:
    """
    Return what lies at *url*, without following it elsewhere.

    Raises:
        Unreachable: there is no such thing, it is too large, or nobody answers within 10 s.
    """
    try:
        async with (
            httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != _OK:
                raise Unreachable
            body = b""
            async for piece in answer.aiter_bytes():
                body += piece
                if len(body) > most_bytes:
                    raise Unreachable
            return body
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable from error


@dataclass(frozen=True, slots=True)
class Trust:
    """What each provider has to show; a provider without it has no address here.

    Attributes:
        ses_topics: ARNs of SNS topics.
        sendgrid_key: verifies what SendGrid signs.
        mailgun_key, postmark_password, brevo_token: shared with the provider; empty for none.
        fetch: gets certificates of SNS, and confirms subscriptions.
        stored: called once something new was stored; returns at once.
    """

    ses_topics: frozenset[str] = frozenset()
    sendgrid_key: EllipticCurvePublicKey | None = field(default=None, repr=False)
    mailgun_key: bytes = field(default=b"", repr=False)
    postmark_password: bytes = field(default=b"", repr=False)
    brevo_token: bytes = field(default=b"", repr=False)
    fetch: Fetch = fetch_https
    stored: Callable[[], None] = lambda: None


NOBODY = Trust()
"""No provider is believed."""


def load_trust(settings: WebhooksSettings, data: Path, stored: Callable[[], None]) -> Trust:
    """
    Read what the settings name.

    Args:
        settings: [webhooks].
        data: from where files are named.
        stored: as in Trust.

    Raises:
        SettingsError: a key can't be used, or a file is missing or empty.
    """
    return Trust(
        frozenset(settings.ses_topics),
        _sendgrid_key(settings.sendgrid_public_key),
        _secret(data, "mailgun_key_file", settings.mailgun_key_file),
        _own_secret(data, "postmark_password_file", settings.postmark_password_file),
        _own_secret(data, "brevo_token_file", settings.brevo_token_file),
        stored=stored,
    )


def _sendgrid_key(written: str) -> EllipticCurvePublicKey | None:
    if not written:
        return None
    try:
        key = load_der_public_key(base64.b64decode(written, validate=True))
    except ValueError:
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise SettingsError(
            "[webhooks] sendgrid_public_key is no verification key; copy it whole from SendGrid's page of "
            "the signed event webhook"
        )
    return key


def _secret(data: Path, name: str, file: str) -> bytes:
    if not file:
        return b""
    path = data / file
    try:
        secret = path.read_bytes().strip()
    except OSError as error:
        raise SettingsError(
            f"[webhooks] {name}: {path} can't be read ({error.strerror}); write the secret alone into it"
        ) from error
    if not secret:
        raise SettingsError(f"[webhooks] {name}: {path} is empty; write the secret alone into it")
    return secret


def _own_secret(data: Path, name: str, file: str) -> bytes:
    """Return a secret that the operator made up: the whole proof, which strangers may guess at."""
    secret = _secret(data, name, file)
    if 0 < len(secret) < _LEAST_LETTERS:
        raise SettingsError(
            f"[webhooks] {name}: the secret is too short; make one of at least {_LEAST_LETTERS} letters up, "
            "such as what “openssl rand -hex 20” prints"
        )
    return secret
