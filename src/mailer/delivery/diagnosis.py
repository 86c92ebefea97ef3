"""Why the outgoing mail server does not take us, in one sentence that names the next step."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import aiosmtplib

from mailer.config import RelaySettings

_OPEN_PORT = 25
_IMPLICIT_TLS_PORT = 465


def diagnose(relay: RelaySettings, error: BaseException) -> str:  # noqa: PLR0911 - each cause has its sentence
    """Say what *error*, met while connecting to *relay*, means for the person who set it up."""
    where = f"{relay.host}, port {relay.port}"
    for cause in _causes(error):
        match cause:
            case socket.gaierror():
                return f"the name {relay.host} is not known; correct host in [relay]"
            case ssl.SSLCertVerificationError():
                return (
                    f"the certificate of {where} does not fit ({cause.verify_message}); "
                    "write the name the certificate is for as host in [relay]"
                )
            case ssl.SSLError():
                return f"{where} does not speak TLS like this; {_other_tls(relay)}"
            case aiosmtplib.SMTPAuthenticationError():
                return f"{where} refuses the login ({cause.code}); correct username and password in [relay]"
            case ConnectionRefusedError():
                return f"nothing answers on {where}; correct host and port in [relay]"
            case TimeoutError():
                return f"{where} does not answer; {_blocked(relay)}"
            case aiosmtplib.SMTPNotSupported() | aiosmtplib.SMTPException() if (
                "starttls" in str(cause).lower()
            ):
                return f"{where} offers no STARTTLS; {_other_tls(relay)}"
            case _:
                continue
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{where} refuses us: {error.code} {error.message}; ask whoever runs it"
    return f"{where} hangs up ({type(error).__name__}); {_other_tls(relay)}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what lies behind an error first, the error itself last."""
    chain = [error]
    while (deeper := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(deeper)
    yield from reversed(chain)


def _blocked(relay: RelaySettings) -> str:
    if relay.port == _OPEN_PORT:
        return "many hosting companies block port 25: use port 587 with tls = “starttls”"
    return "correct host and port in [relay], or ask your hosting company whether it blocks the port"


def _other_tls(relay: RelaySettings) -> str:
    if relay.tls == "tls":
        return "port 465 goes with tls = “tls”, port 587 with tls = “starttls” in [relay]"
    if relay.port == _IMPLICIT_TLS_PORT:
        return "port 465 needs tls = “tls” in [relay]"
    return "check tls in [relay]: “starttls” for port 587, “tls” for port 465, “none” only on this machine"
