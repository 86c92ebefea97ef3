"""One connection to the relay: aiosmtplib connects, negotiates TLS and logs in; we hold the conversation.

aiosmtplib's own ``sendmail`` and ``data`` are not used: they hide the stage, copy the body through
a regular expression and know one time-out for all (design §4).
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from mailer.config import RelaySettings
from mailer.delivery.copy import Copy
from mailer.domain.judgement import Answer, Lost
from mailer.domain.outcome import Stage
from mailer.domain.reply import Reply

_GO_AHEAD = 354
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long each answer may take, in seconds (RFC 5321 §4.5.3.2).

    Attributes:
        connect_s: TCP, TLS, the greeting, EHLO and login, each.
        mail_s, rcpt_s, data_s: the answer to the command of that name.
        dot_s: from the first byte of the body to the answer to its final dot.
        reset_s: the answers to RSET and QUIT.
        redial_s: half of the first wait after a connection failed; the next ones double.
    """

    connect_s: float = 30.0
    mail_s: float = 300.0
    rcpt_s: float = 300.0
    data_s: float = 120.0
    dot_s: float = 600.0
    reset_s: float = 30.0
    redial_s: float = 0.5


class NoConnection(Exception):  # noqa: N818 - it is caught and turned into a wait
    """The relay could not be reached or did not let us in.

    Attributes:
        words: what happened, for operators.
    """

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class Connection:
    """An open, logged-in connection that takes one copy after another."""

    def __init__(self, client: aiosmtplib.SMTP, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts
        self.sent_count = 0
        """Bodies handed over so far."""

    @property
    def is_open(self) -> bool:
        """Whether the connection can take another copy."""
        return self._client.is_connected

    def takes(self, copy: Copy) -> bool:
        """Tell whether the relay can take this address (RFC 6531 §3.1)."""
        return copy.recipient.isascii() or self._client.supports_extension("smtputf8")

    async def offer(self, copy: Copy) -> Answer | Lost:
        """Send MAIL, RCPT and DATA; return the first refusal, or the 354 that asks for the body."""
        utf8 = "" if copy.recipient.isascii() else " SMTPUTF8"
        commands = (
            (Stage.MAIL, f"MAIL FROM:<{copy.return_path}>{utf8}", self._timeouts.mail_s),
            (Stage.RCPT, f"RCPT TO:<{copy.recipient}>", self._timeouts.rcpt_s),
            (Stage.DATA, "DATA", self._timeouts.data_s),
        )
        answer: Answer | Lost = Lost(Stage.MAIL, "nothing was sent")
        for stage, command, timeout_s in commands:
            answer = await self._exchange(stage, command.encode("utf-8") + b"\r\n", timeout_s)
            expected = _GO_AHEAD // 100 if stage is Stage.DATA else 2
            if isinstance(answer, Lost) or answer.reply.code // 100 != expected:
                break
        return answer

    async def hand_over(self, copy: Copy) -> Answer | Lost:
        """Send the body and its final dot; return what the relay said to it."""
        self.sent_count += 1
        return await self._exchange(Stage.DOT, copy.message + b".\r\n", self._timeouts.dot_s)

    async def reset(self) -> None:
        """Make ready for the next copy after a refusal; close when that fails."""
        answer = await self._exchange(Stage.MAIL, b"RSET\r\n", self._timeouts.reset_s)
        if isinstance(answer, Lost) or answer.reply.code // 100 != 2:  # noqa: PLR2004 - RFC 5321's digit
            self.abort()

    async def quit(self) -> None:
        """Take leave and close."""
        await self._exchange(Stage.MAIL, b"QUIT\r\n", self._timeouts.reset_s)
        self.abort()

    def abort(self) -> None:
        """Drop the connection at once: a relay discards a message whose final dot never came."""
        self._client.close()

    async def _exchange(self, stage: Stage, said: bytes, timeout_s: float) -> Answer | Lost:
        """Say a command, or a body with its dot, and return the reply."""
        protocol: SMTPProtocol | None = self._client.protocol
        if protocol is None or not self._client.is_connected:
            return Lost(Stage.MAIL, "the connection was closed")
        try:
            protocol.write(said)
            response = await protocol.read_response(timeout=timeout_s)
        except aiosmtplib.SMTPResponseException as error:
            self.abort()
            return Lost(stage, f"no SMTP reply: {error.code}")
        except (aiosmtplib.SMTPException, OSError) as error:
            self.abort()
            return Lost(stage, f"{type(error).__name__}")
        if response.code == _CLOSING:
            # RFC 5321 §3.8: the relay closes after a 421 at any point.
            self.abort()
        return Answer(stage, Reply(response.code, _readable(response.message)))


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
            username=relay.username or None,
            password=relay.password.get_secret_value() or None,
            local_hostname=self.hello,
            timeout=self.timeouts.connect_s,
        )
        try:
            await client.connect()
            if client.last_ehlo_response is None:
                await client.ehlo()
        except aiosmtplib.SMTPAuthenticationError as error:
            client.close()
            # Without what the server said: some repeat the login, and these words are logged.
            raise NoConnection(f"{error.code} to the login") from error
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise NoConnection(f"{error.code} {_readable(error.message)}") from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            client.close()
            raise NoConnection(f"{type(error).__name__}: {error}") from error
        except asyncio.CancelledError:
            client.close()
            raise
        return Connection(client, self.timeouts)


def _readable(message: str) -> str:
    """Return a reply's text in one line, without the lone surrogates that stand for 8-bit octets.

    No database stores those, and an outcome that can't be stored would be lost.
    """
    text = message.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return " ".join(text.split())
