"""A fault relay's side of one SMTP connection (RFC 5321), with PIPELINING (RFC 2920) taken at its word."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
import struct
from email.parser import BytesHeaderParser

from tests.integration.delivery.fault_log import FaultLog, Record
from tests.integration.delivery.faults import (
    Act,
    Close,
    Deaf,
    Drip,
    Flood,
    Hang,
    Moment,
    Reset,
    Say,
    Terms,
)

_NO_LINGER = struct.pack("ii", 1, 0)
_REFUSED, _GO_ON = b"5", b"3"
# RFC 2920 §3.1: everything else ends a group, so nothing may follow it before its answer.
_MAY_BE_FOLLOWED = frozenset({b"RSET", b"MAIL", b"RCPT", b"."})


class Over(Exception):  # noqa: N818 - the end of a conversation is no error
    """Nothing more is said on this connection."""


class Conversation:
    """What is said to one client."""

    def __init__(
        self,
        relay: FaultLog,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        number: int,
        tls: ssl.SSLContext | None,
    ) -> None:
        """Args: number: of the connection; the first is 1. tls: what STARTTLS leads to, if it is offered."""
        self._relay = relay
        self._terms: Terms = relay.terms
        self._reader = reader
        self._writer = writer
        self._number = number
        self._tls = tls
        self._is_sealed = writer.get_extra_info("sslcontext") is not None
        self._is_known = False
        self._has_sender = False
        self._recipient = ""
        self._accepted = 0

    async def run(self, *, is_welcome: bool) -> None:
        """Talk until one of the two hangs up.

        Raises:
            Over: it was we.
        """
        if not is_welcome:
            await self._say(b"421 4.7.0 Too many connections\r\n")
        await self._meet(Moment.BANNER, b"220 relay.example.org ESMTP\r\n")
        steps = {
            b"EHLO": self._ehlo,
            b"STARTTLS": self._starttls,
            b"AUTH": self._auth,
            b"MAIL": self._mail,
            b"RCPT": self._rcpt,
            b"DATA": self._data,
            b"RSET": self._rset,
            b"QUIT": self._quit,
        }
        while line := await self._reader.readline():
            self._relay.commands.append(line)
            verb = line[:8].split()[0].upper() if line.strip() else b""
            self._note_early(verb)
            step = steps.get(verb)
            await (step(line) if step is not None else self._say(b"500 5.5.2 Not understood\r\n"))

    async def _ehlo(self, _: bytes) -> None:
        lines = ["relay.example.org", *self._terms.offers]
        lines += [f"SIZE {self._terms.size}"] if self._terms.size else []
        lines += ["STARTTLS"] if self._tls is not None and not self._is_sealed else []
        lines += ["AUTH PLAIN LOGIN"] if self._terms.login else []
        last = len(lines) - 1
        said = "".join(f"250{'-' if i < last else ' '}{line}\r\n" for i, line in enumerate(lines))
        await self._meet(Moment.EHLO, said.encode())

    async def _starttls(self, _: bytes) -> None:
        await self._meet(Moment.STARTTLS, b"220 2.0.0 Go ahead\r\n")
        if self._tls is None:
            raise Over
        await self._writer.start_tls(self._tls)
        self._is_sealed = True

    async def _auth(self, _: bytes) -> None:
        self._relay.seen["auth in clear"] += not self._is_sealed
        said = await self._meet(Moment.AUTH, b"235 2.7.0 Welcome\r\n")
        self._is_known = said.startswith(b"2")

    async def _mail(self, line: bytes) -> None:
        self._relay.seen["mail in clear"] += not self._is_sealed
        most = self._terms.per_connection
        if most is not None and self._accepted >= most:
            await self._say(b"421 4.7.0 Too many messages in this connection\r\n")
        if self._terms.login and not self._is_known:
            await self._say(b"530 5.7.0 Authentication required\r\n")
        elif self._has_sender:
            await self._say(b"503 5.5.1 Nested MAIL command\r\n")
        elif self._is_too_large(_announced_size(line)):
            await self._say(b"552 5.3.4 Message too large for this server\r\n")
        else:
            said = await self._meet(Moment.MAIL, b"250 2.1.0 OK\r\n")
            self._has_sender = said.startswith(b"2")

    async def _rcpt(self, line: bytes) -> None:
        if not self._has_sender:
            await self._say(b"503 5.5.1 MAIL first\r\n")
            return
        recipient = line.partition(b"<")[2].rpartition(b">")[0].decode("utf-8", "backslashreplace")
        if (await self._meet(Moment.RCPT, b"250 2.1.5 OK\r\n", recipient)).startswith(b"2"):
            self._recipient = recipient

    async def _data(self, _: bytes) -> None:
        if not self._recipient and not self._terms.asks_anyway:
            await self._say(b"554 5.5.1 No valid recipients\r\n")
            return
        said = await self._meet(Moment.DATA, b"354 Go on\r\n", self._recipient)
        if not said.startswith(_GO_ON):
            return
        recipient, head, digest, size = self._recipient, *await self._body()
        self._note_early(b".")
        self._has_sender, self._recipient = False, ""
        if not recipient:
            self._relay.seen["stray"] += size > 0
            await self._say(b"554 5.5.1 No valid recipients\r\n")
            return
        await self._judge(recipient, BytesHeaderParser().parsebytes(head)["Message-ID"] or "", digest, size)

    async def _body(self) -> tuple[bytes, bytes, int]:
        """Read a body; return its header, its digest and its size, dots unstuffed (RFC 5321 §4.5.2)."""
        self._relay.seen[Moment.BODY] += 1
        fault = self._relay.next_fault(Moment.BODY, self._number, self._recipient)
        digest, head, size, is_head = hashlib.sha256(), bytearray(), 0, True
        while (line := await self._reader.readuntil(b"\n")) != b".\r\n":
            if fault is not None and size >= self._relay.faults[fault].after_bytes:
                await self._do(self._relay.act(fault), b"")
                fault = None
            line = line.removeprefix(b".")
            digest.update(line)
            size += len(line)
            is_head = is_head and line != b"\r\n"
            head += line if is_head else b""
        return bytes(head), digest.digest(), size

    async def _judge(self, recipient: str, message_id: str, digest: bytes, size: int) -> None:
        """Accept a message or not; what is accepted is in the log before it is answered."""

        def note(*, accepted: bool) -> None:
            self._relay.log.append(Record(message_id, recipient, digest, accepted, self._number))

        self._relay.seen[Moment.DOT] += 1
        act = self._relay.act(self._relay.next_fault(Moment.DOT, self._number, recipient))
        refusal = b"552 5.3.4 Message too large\r\n" if self._is_too_large(size) else b""
        refusal = refusal or self._relay.refusal(Moment.DOT)
        if act is not None or refusal:
            note(accepted=False)
            await (
                self._do(act, refusal or b"451 4.3.0 Not taken\r\n")
                if act is not None
                else self._say(refusal)
            )
            return
        note(accepted=True)
        self._accepted += 1
        await self._meet(Moment.TAKEN, b"250 2.0.0 Taken\r\n", recipient)
        self._relay.seen[Moment.REPLIED] += 1
        await self._do(self._relay.act(self._relay.next_fault(Moment.REPLIED, self._number, recipient)), b"")

    async def _rset(self, _: bytes) -> None:
        self._has_sender, self._recipient = False, ""
        await self._meet(Moment.RSET, b"250 2.0.0 OK\r\n")

    async def _quit(self, _: bytes) -> None:
        await self._meet(Moment.QUIT, b"221 2.0.0 Bye\r\n")
        raise Over

    def _is_too_large(self, size: int) -> bool:
        return 0 < self._terms.size < size

    def _note_early(self, verb: bytes) -> None:
        may_follow = "PIPELINING" in self._terms.offers and verb in _MAY_BE_FOLLOWED
        self._relay.seen["early"] += bool(self._reader._buffer) and not may_follow  # type: ignore[attr-defined]

    async def _meet(self, moment: Moment, usual: bytes, recipient: str = "") -> bytes:
        """Answer as usual, or do what goes wrong at this moment; return what was said."""
        self._relay.seen[moment] += 1
        act = self._relay.act(self._relay.next_fault(moment, self._number, recipient))
        if act is not None:
            return await self._do(act, usual)
        return await self._say(self._relay.refusal(moment) or usual)

    async def _do(self, act: Act | None, usual: bytes) -> bytes:
        """Do what goes wrong; return what was said, if that was all."""
        match act:
            case None:
                return usual
            case Say(answer, None):
                return await self._say(answer)
            case Say(answer, then):
                self._writer.write(answer)
                return await self._do(then, usual)
            case Drip(every_s, answer):
                return await self._drip(answer or usual, every_s)
            case _:
                await self._break(act)
                raise Over

    async def _break(self, act: Close | Reset | Hang | Deaf | Flood) -> None:
        match act:
            case Flood(piece, most_bytes):
                await self._flood(piece, most_bytes)
            case Hang():
                with self._relay.keeping_waiting():
                    while await self._reader.read(65_536):
                        pass
            case Deaf():
                self._writer.transport.pause_reading()  # type: ignore[attr-defined]
                with self._relay.keeping_waiting():
                    await asyncio.Event().wait()
            case Reset():
                self._writer.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER
                )
                self._writer.transport.abort()
            case Close():
                pass

    async def _say(self, answer: bytes) -> bytes:
        self._writer.write(answer)
        await self._writer.drain()
        if answer.startswith(b"421"):
            raise Over
        return answer

    async def _drip(self, answer: bytes, every_s: float) -> bytes:
        with self._relay.keeping_waiting():
            for byte in answer:
                self._writer.write(bytes([byte]))
                await self._writer.drain()
                await asyncio.sleep(every_s)
        return answer

    async def _flood(self, piece: bytes, most_bytes: int) -> None:
        said = 0
        while said < most_bytes:
            self._writer.write(piece)
            await self._writer.drain()
            said += len(piece)
            self._relay.flooded = max(self._relay.flooded, said)


def _announced_size(line: bytes) -> int:
    """Return what a MAIL command says of its message's size (RFC 1870 §6), else 0."""
    found = re.search(rb"\sSIZE=(\d+)", line, re.IGNORECASE)
    return int(found[1]) if found else 0
