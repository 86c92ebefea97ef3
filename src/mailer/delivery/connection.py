"""One connection to the relay: aiosmtplib connects, negotiates TLS and logs in; we hold the conversation.

aiosmtplib's own ``sendmail`` and ``data`` are not used: they hide the stage, copy the body through
a regular expression and know one time-out for all (design §4).
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass

import aiosmtplib
from aiosmtplib.protocol import SMTPProtocol

from mailer.config import RelaySettings
from mailer.delivery.copy import Copy
from mailer.domain.judgement import Answer, Lost
from mailer.domain.outcome import Stage
from mailer.domain.reply import Reply

_CONNECT_S = 30.0
# RFC 5321 §4.5.3.2: how long each answer may take.
_TIMEOUT_S = {Stage.MAIL: 300.0, Stage.RCPT: 300.0, Stage.DATA: 120.0, Stage.DOT: 600.0}
_RSET_S = 30.0
_GO_AHEAD = 354
_CLOSING = 421


@dataclass(frozen=True, slots=True)
class NoConnection(Exception):  # noqa: N818 - it is caught and turned into a wait
    """The relay could not be reached or did not let us in.

    Attributes:
        words: what happened, for operators.
    """

    words: str


class Connection:
    """An open, logged-in connection that takes one copy after another."""

    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self._client = client
        self.sent_count = 0
        """Bodies handed over so far."""

    @classmethod
    async def open(cls, relay: RelaySettings, hello: str) -> Connection:
        """Connect, negotiate TLS as the settings say (never opportunistically) and log in.

        Raises:
            NoConnection: the relay could not be reached or refused us.
        """
        client = aiosmtplib.SMTP(
            hostname=relay.host,
            port=relay.port,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",
            username=relay.username or None,
            password=relay.password.get_secret_value() or None,
            local_hostname=hello,
            timeout=_CONNECT_S,
        )
        try:
            await client.connect()
            if client.last_ehlo_response is None:
                await client.ehlo()
        except aiosmtplib.SMTPResponseException as error:
            client.close()
            raise NoConnection(f"{error.code} {error.message}") from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, ValueError) as error:
            client.close()
            raise NoConnection(f"{type(error).__name__}: {error}") from error
        return cls(client)

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
            (Stage.MAIL, f"MAIL FROM:<{copy.return_path}>{utf8}"),
            (Stage.RCPT, f"RCPT TO:<{copy.recipient}>"),
            (Stage.DATA, "DATA"),
        )
        answer: Answer | Lost = Lost(Stage.MAIL, "nothing was sent")
        for stage, command in commands:
            answer = await self._exchange(stage, command.encode("utf-8") + b"\r\n", _TIMEOUT_S[stage])
            expected = _GO_AHEAD // 100 if stage is Stage.DATA else 2
            if isinstance(answer, Lost) or answer.reply.code // 100 != expected:
                break
        return answer

    async def hand_over(self, copy: Copy) -> Answer | Lost:
        """Send the body and its final dot; return what the relay said to it."""
        self.sent_count += 1
        return await self._exchange(Stage.DOT, copy.message + b".\r\n", _TIMEOUT_S[Stage.DOT])

    async def reset(self) -> None:
        """Make ready for the next copy after a refusal; close when that fails."""
        answer = await self._exchange(Stage.MAIL, b"RSET\r\n", _RSET_S)
        if isinstance(answer, Lost) or answer.reply.code // 100 != 2:  # noqa: PLR2004 - RFC 5321's digit
            self.abort()

    async def quit(self) -> None:
        """Take leave and close."""
        await self._exchange(Stage.MAIL, b"QUIT\r\n", _RSET_S)
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
        return Answer(stage, Reply(response.code, " ".join(response.message.split())))
