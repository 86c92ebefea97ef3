"""What went wrong between us and the outgoing server becomes one sentence that names the next step."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import aiosmtplib
import pytest

from mailer.config import RelaySettings
from mailer.delivery.diagnosis import diagnose


def relay(**settings: Any) -> RelaySettings:
    return RelaySettings.model_validate({"host": "mail.example.org"} | settings)


def after(cause: Exception) -> Exception:
    """Return *cause* as aiosmtplib hands it on."""
    error = aiosmtplib.SMTPConnectError("Error connecting")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("settings", "cause", "said"),
    [
        ({"port": 25}, TimeoutError(), "many hosting companies block port 25: use port = 587 with tls ="),
        ({"port": 25}, OSError(113, "No route to host"), "can’t be reached; many hosting companies block"),
        ({"port": 465}, TimeoutError(), "port 465 needs tls = “tls” in [relay]"),
        ({"port": 465}, ssl.SSLError(1, "wrong version number"), "port 465 needs tls = “tls”"),
        (
            {"port": 465, "tls": "tls"},
            TimeoutError(),
            "correct host and port in [relay], or ask your hosting",
        ),
        ({"port": 587, "tls": "tls"}, ssl.SSLError(1, "x"), "port 587 with tls = “starttls”"),
        ({}, TimeoutError(), "mail.example.org, port 587 does not answer; correct host and port"),
        ({}, socket.gaierror(socket.EAI_AGAIN, "later"), "can’t be looked up; check host in [relay] and"),
        ({}, socket.gaierror(socket.EAI_NONAME, "no"), "is not known; correct host in [relay]"),
        ({}, ConnectionRefusedError(), "nothing listens on mail.example.org, port 587; correct host"),
        ({}, OSError("Multiple exceptions: …"), "can’t be reached; correct host and port in [relay]"),
        ({}, ConnectionResetError(), "hangs up (SMTPConnectError); check port and tls in [relay]"),
        ({"host": "127.0.0.1"}, ConnectionResetError(), "or “none” because it is on this machine"),
        ({}, ValueError("local_hostname must not be empty"), "correct hello, username and password"),
    ],
)
def test_each_cause_has_its_sentence(settings: dict[str, Any], cause: Exception, said: str) -> None:
    """It names the server and the setting to mend."""
    assert said in diagnose(relay(**settings), after(cause))


@pytest.mark.parametrize(
    "error",
    [
        aiosmtplib.SMTPAuthenticationError(535, "no: secret-of-ours"),
        aiosmtplib.SMTPAuthenticationError(454, "later: secret-of-ours"),
        after(ValueError("secret-of-ours")),
        after(OSError("secret-of-ours")),
    ],
)
def test_no_sentence_repeats_what_may_be_a_password(error: Exception) -> None:
    """Also where the server said it first."""
    assert "secret" not in diagnose(relay(), error)


def test_what_the_server_says_has_no_address_in_it() -> None:
    """Greetings name people too."""
    error = aiosmtplib.SMTPConnectResponseError(554, "ask postmaster@example.org\r\nfor help")

    said = diagnose(relay(), error)

    assert "“554 ask ‹…›" in said
    assert "\n" not in said
