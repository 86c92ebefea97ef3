"""The dialler: aiosmtplib connects, negotiates TLS and logs in; then our own wire takes over.

aiosmtplib's own ``sendmail`` and ``data`` are not used: they hide the stage, copy the body through
a regular expression and know one time-out for all (design §4).
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from mailer.config import RelaySettings
from mailer.delivery.connection import Connection
from mailer.delivery.timeouts import Timeouts
from mailer.delivery.wire import Wire


class NoConnection(Exception):  # noqa: N818 - it is caught and turned into a wait
    """The relay could not be reached or did not let us in.

    Attributes:
        words: what happened, for operators.
        code: the reply's code; 0 where none came.
        is_login: whether it was the login that was refused.
    """

    def __init__(self, words: str, *, code: int = 0, is_login: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.code = code
        self.is_login = is_login


@dataclass(frozen=True, slots=True)
class Dialler:
    """Opens connections to one relay.

    Attributes:
        relay: where, and how to log in.
        hello: name said in EHLO.
        timeouts: also of the connections it opens.
    """

    relay: RelaySettings
    hello: str
    timeouts: Timeouts = field(default_factory=Timeouts)

    async def open(self) -> Connection:
        """Connect, negotiate TLS as the settings say (never opportunistically) and log in.

        Raises:
            NoConnection: the relay could not be reached or refused us.
        """
        relay = self.relay
        client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",
            local_hostname=self.hello,
            timeout=self.timeouts.connect_s,
        )
        try:
            await client.connect()
            if client.last_ehlo_response is None:
                await client.ehlo()
            if relay.username:
                await _log_in(client, relay.username, relay.password.get_secret_value())
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            # Without what the server said: some repeat the login, and these words are logged.
            raise NoConnection(f"{error.code} to the login", code=error.code, is_login=True) from error
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise NoConnection(f"{error.code} {_readable(error.message)}", code=error.code) from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError) as error:
            client.close()
            raise NoConnection(f"{type(error).__name__}: {error}") from error
        except ValueError as error:
            client.close()
            # Without its words: of a login that can't be encoded they quote a letter.
            raise NoConnection(f"{type(error).__name__} while greeting or logging in") from error
        except asyncio.CancelledError:
            client.close()
            raise
        return self._taken_over(client)

    def _taken_over(self, client: aiosmtplib.SMTP) -> Connection:
        """Put our own wire in the place of aiosmtplib's protocol."""
        transport, protocol = client.transport, client.protocol
        # What stands in its buffer was sent before it was asked for: nobody can say what it answers.
        if transport is None or protocol is None or protocol._buffer:  # noqa: SLF001 - there is no public way
            client.close()
            raise NoConnection("the relay spoke before it was asked, or hung up")
        loop = asyncio.get_running_loop()
        wire = Wire(cast("asyncio.Transport", transport), loop, look_every_s=self.timeouts.look_every_s)
        return Connection(wire, dict(client.esmtp_extensions), self.timeouts)


def _readable(message: str) -> str:
    """Return a reply's text in one line, without the lone surrogates that stand for 8-bit octets."""
    text = message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(text.split())


async def _log_in(client: aiosmtplib.SMTP, username: str, password: str) -> None:
    """Log in by one method alone: aiosmtplib tries each in turn, and a wrong password would count twice."""
    methods = {"plain": client.auth_plain, "login": client.auth_login, "cram-md5": client.auth_crammd5}
    for name, method in methods.items():
        if name in client.server_auth_methods:
            await method(username, password)
            return
    raise aiosmtplib.SMTPException("The SMTP AUTH extension is not supported by this server.")
