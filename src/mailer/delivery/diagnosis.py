"""Why the outgoing mail server does not take us, in one sentence that names the next step.

No sentence holds a password, also where the server repeats it.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

import aiosmtplib

from mailer.config import RelaySettings
from mailer.domain.reply import mask

_OPEN_PORT: Final = 25
_IMPLICIT_TLS_PORT: Final = 465
# X509_V_ERR_… of OpenSSL's x509_vfy.h.
_NOT_YET_VALID: Final = 9
_EXPIRED: Final = 10
_OTHER_NAMES: Final = (62, 64)


def diagnose(relay: RelaySettings, error: BaseException) -> str:
    """Say what *error*, met while connecting to *relay*, means for the person who set it up."""
    where = f"{relay.host}, port {relay.port}"
    for cause in _causes(error):
        for look in (_of_tls, _of_login, _of_network, _of_conversation):
            if sentence := look(relay, where, cause):
                return sentence
    return f"{where} hangs up ({type(error).__name__}); {_other_tls(relay)}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what lies behind an error first, the error itself last."""
    chain = [error]
    while (deeper := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(deeper)
    yield from reversed(chain)


def _of_tls(relay: RelaySettings, where: str, cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _of_certificate(relay, where, cause)
    if isinstance(cause, ssl.SSLError):
        return f"{where} does not speak TLS like this; {_other_tls(relay)}"
    if isinstance(cause, aiosmtplib.SMTPException) and "STARTTLS extension" in str(cause):
        return f"{where} offers no STARTTLS; {_other_tls(relay)}"
    return ""


def _of_certificate(relay: RelaySettings, where: str, error: ssl.SSLCertVerificationError) -> str:
    if error.verify_code == _EXPIRED:
        return f"the certificate of {where} has expired; check this machine’s clock, then ask whoever runs it"
    if error.verify_code == _NOT_YET_VALID:
        return f"the certificate of {where} is not valid yet; check this machine’s clock"
    if error.verify_code in _OTHER_NAMES:
        return (
            f"the certificate of {where} is for another name; write the name it is for as host in [relay]"
            ", or ask whoever runs it"
        )
    or_none = ', or write tls = "none" because it is on this machine' if _is_here(relay) else ""
    return (
        f"the certificate of {where} is not from an authority this machine knows ({error.verify_message}); "
        f"ask whoever runs the server for one that is{or_none}"
    )


def _of_login(_: RelaySettings, where: str, cause: BaseException) -> str:
    if isinstance(cause, aiosmtplib.SMTPAuthenticationError):
        if cause.code // 100 == 4:  # noqa: PLR2004 - RFC 5321's digit
            return f"{where} can’t look at the login now ({cause.code}); try again in some minutes"
        return f"{where} refuses the login ({cause.code}); correct username and password in [relay]"
    if isinstance(cause, aiosmtplib.SMTPException) and "AUTH" in str(cause):
        return (
            f"{where} offers no login; leave username and password empty in [relay], or correct port and tls"
        )
    return ""


def _of_network(relay: RelaySettings, where: str, cause: BaseException) -> str:
    match cause:
        case socket.gaierror() if cause.errno == socket.EAI_AGAIN:
            return (
                f"the name {relay.host} can’t be looked up; check host in [relay] and this machine’s network"
            )
        case socket.gaierror():
            return f"the name {relay.host} is not known; correct host in [relay]"
        case TimeoutError():
            return f"{where} does not answer; {_blocked(relay)}"
        case ConnectionRefusedError():
            return f"nothing listens on {where}; correct host and port in [relay]"
        # One address of several may be refused and another be out of reach: that comes as a plain OSError.
        case OSError() if not isinstance(cause, (aiosmtplib.SMTPException, ConnectionError)):
            return f"{where} can’t be reached; {_blocked(relay)}"
    return ""


def _of_conversation(_: RelaySettings, where: str, cause: BaseException) -> str:
    if isinstance(cause, aiosmtplib.SMTPResponseException):
        said = mask(f"{cause.code} {cause.message}", "")
        return f"{where} does not take us; it says “{said}”: ask whoever runs the server"
    if isinstance(cause, ValueError) and not isinstance(cause, ssl.SSLError):
        return f"{where} can’t be greeted like this; correct hello, username and password in [relay]"
    return ""


def _blocked(relay: RelaySettings) -> str:
    if relay.port == _OPEN_PORT:
        return "many hosting companies block port 25: use port = 587 with tls = “starttls”"
    if relay.port == _IMPLICIT_TLS_PORT and relay.tls != "tls":
        return _other_tls(relay)
    return "correct host and port in [relay], or ask your hosting company whether it blocks the port"


def _other_tls(relay: RelaySettings) -> str:
    if relay.tls == "tls":
        return "port 465 goes with tls = “tls”, port 587 with tls = “starttls” in [relay]"
    if relay.port == _IMPLICIT_TLS_PORT:
        return "port 465 needs tls = “tls” in [relay]"
    or_none = ", or “none” because it is on this machine" if _is_here(relay) else ""
    return f"check port and tls in [relay]: “starttls” for port 587, “tls” for port 465{or_none}"


def _is_here(relay: RelaySettings) -> bool:
    return relay.host in ("localhost", "::1") or relay.host.startswith("127.")
