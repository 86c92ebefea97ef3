"""Every byte that a relay hears for one copy, whatever is stored as its reader's address."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.audience.vault import Vault
from mailer.config import RelaySettings
from mailer.delivery.connection import TAKEN
from mailer.delivery.copy import Composer, Copy, Unmailable
from mailer.delivery.dialler import Dialler
from mailer.delivery.letterpress import letterhead
from mailer.domain.content import LetterKind, RenderedMail
from mailer.domain.delivery import DeliveryState
from mailer.domain.judgement import Answer
from mailer.domain.language import Language
from mailer.editorial.sample import sample_newsletter
from mailer.rendering import holes
from mailer.rendering.letterhead import edition_skeleton
from mailer.rendering.skeleton import Skeleton
from mailer.storage import letters
from mailer.storage.chunks import Chunk, DueCopy
from tests.integration.delivery.conftest import OpenHouse
from tests.integration.delivery.dispatch import QUICK, sending, until
from tests.integration.delivery.house import LINKS, SECRETS
from tests.integration.delivery.plain_server import plain_server
from tests.tools.sink import SmtpSink

OWN = b"public-id-12"
EVERYTHING = ("PIPELINING", "SIZE 1000000", "8BITMIME", "SMTPUTF8", "DSN")
OFFERS = {
    "pipelined": EVERYTHING,
    "lockstep": EVERYTHING[1:],
    "without DSN": EVERYTHING[:-1],
    "without SMTPUTF8": ("PIPELINING", "SIZE 1000000", "DSN"),
}


@dataclass
class Recorder:
    """A mail server that takes everything and keeps what it hears of one client, to the byte."""

    offers: tuple[str, ...]
    heard: bytearray = field(default_factory=bytearray)
    port: int = 0
    _is_over: asyncio.Event = field(default_factory=asyncio.Event)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = ["recorder", *self.offers]
        ehlo = "".join(f"250{'-' if line is not lines[-1] else ' '}{line}\r\n" for line in lines)
        says = {b"EHLO": ehlo.encode(), b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
        writer.write(b"220 recorder\r\n")
        with suppress(ConnectionError):
            while line := await reader.readline():
                self.heard += line
                writer.write(says.get(line[:4], b"250 ok\r\n"))
                if line == b"DATA\r\n":
                    self.heard += await reader.readuntil(b"\r\n.\r\n")
                    writer.write(b"250 taken\r\n")
        writer.close()
        self._is_over.set()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen until the block ends and its client has left."""
        server = await asyncio.start_server(self._converse, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield
            await self._is_over.wait()


@cache
def skeleton() -> Skeleton:
    url = LINKS.unsubscribe(holes.TOKEN)
    mail = RenderedMail(Language.BELARUSIAN, "Тыдзень", f"<p><a href={url}>–</a>\n", f"Тыдзень\n{url}\n")
    head = letterhead(sample_newsletter(), Language.BELARUSIAN, LINKS)
    return edition_skeleton(mail, head, issue_key="2026-W47", date=datetime(2026, 11, 23, tzinfo=UTC))


def copy_for(stored: bytes) -> Copy:
    """Make a copy as the sending loop does, from what the database holds.

    Raises:
        Unmailable: it is no address.
    """
    vault = Vault(SECRETS)
    press = Composer(SECRETS, vault, "bounces.example.org").press(skeleton(), 7)
    chunk = Chunk(1, 7, 1, 0, "other")
    return press.copy(DueCopy(chunk, 1, DeliveryState.QUEUED, 0, OWN, vault.seal(stored, OWN)))


async def hand_over(copy: Copy, port: int) -> bool:
    """Send one copy alone; return whether the relay took its address and the copy."""
    relay = RelaySettings(host="127.0.0.1", port=port, tls="none")
    connection = await Dialler(relay, "client.example.org", QUICK).open()
    met = await connection.hand_over(copy) if connection.takes(copy) else None
    await connection.quit()
    return isinstance(met, Answer) and met.reply.code == TAKEN


def heard_for(copy: Copy, offers: tuple[str, ...]) -> bytes:
    """Return all that a relay hears when it is given one copy."""

    async def scene() -> bytes:
        recorder = Recorder(offers)
        async with recorder.listening():
            await hand_over(copy, recorder.port)
        return bytes(recorder.heard)

    return asyncio.run(scene())


# What would begin a second command, recipient, parameter or header, and letters of several scripts.
HOSTILE = st.text(st.sampled_from("aЮ.@\r\n\t ,;:<>()[]\"'\\+-=%\x00\u2028\u200f\u0301"), max_size=20)
STORED = (
    st.binary(max_size=40)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.builds(lambda a, b: f"{a}@{b}".encode(), HOSTILE, HOSTILE)
    | st.emails().map(str.encode)
)


@settings(max_examples=120, deadline=None)
@given(stored=STORED, offers=st.sampled_from(sorted(OFFERS)))
@example(stored=b"a+b=c@example.net", offers="pipelined")
@example(stored=b"a@example.net> NOTIFY=NEVER", offers="pipelined")
@example(stored=b"a@example.net\r\nRCPT TO:<b@example.net>", offers="lockstep")
@example(stored="юрась@example.net".encode(), offers="pipelined")
@example(stored="юрась@example.net".encode(), offers="without SMTPUTF8")
def test_a_relay_hears_one_envelope_and_one_message(stored: bytes, offers: str) -> None:
    """No second recipient, command, parameter or header, to the byte: or nothing of it at all."""
    with suppress(Unmailable):
        copy = copy_for(stored)

        heard = heard_for(copy, OFFERS[offers])

        hello, goodbye = b"EHLO client.example.org\r\n", b"QUIT\r\n"
        if offers == "without SMTPUTF8" and not stored.isascii():
            assert heard == hello + goodbye
            return
        size = len(copy.message)
        mail = rb"MAIL FROM:<[a-z2-7]{44}@bounces\.example\.org> SIZE=%d( BODY=8BITMIME SMTPUTF8)?" % size
        rcpt = rb"RCPT TO:<%s>" % re.escape(stored)
        if "DSN" in OFFERS[offers]:
            mail += rb" RET=HDRS ENVID=[a-z2-7]{44}"
            rcpt += rb" NOTIFY=FAILURE,DELAY ORCPT=(rfc822|utf-8);[!-*,-<>-~+]+"
        said, _, message = heard.removeprefix(hello).partition(b"DATA\r\n")
        assert re.fullmatch(mail + rb"\r\n" + rcpt + rb"\r\n", said)
        assert message == copy.message + b".\r\n" + goodbye
        head = message.partition(b"\r\n\r\n")[0]
        assert head.count(b"\r\nTo: " + stored + b"\r\n") == 1
        usual = BytesHeaderParser().parsebytes(copy_for(b"reader@example.net").message)
        assert BytesHeaderParser().parsebytes(message).keys() == usual.keys()


def test_a_copy_is_named_as_its_return_path_names_it() -> None:
    """ENVID and return path open with the same token: a notification finds the copy by either."""
    copy = copy_for(b"reader@example.net")

    heard = heard_for(copy, OFFERS["pipelined"])

    (envid,) = re.findall(rb" ENVID=(\S+)\r\n", heard)
    assert copy.return_path == f"{envid.decode()}@bounces.example.org"
    token = SECRETS.return_path.read_return_path(envid.decode())
    assert token is not None
    assert token.public_id == OWN


def test_postfix_reads_the_parameters(smtp_sink: SmtpSink) -> None:
    """Its test server offers DSN, and hears each parameter where it belongs."""
    copy = copy_for(b"a+b@example.net")
    token = copy.return_path.partition("@")[0]

    assert asyncio.run(hand_over(copy, smtp_sink.port))

    (message,) = smtp_sink.messages()
    head = message.decode()
    assert f" RET=HDRS ENVID={token}\n" in head
    assert " NOTIFY=FAILURE,DELAY ORCPT=rfc822;a+2Bb@example.net\n" in head


def test_a_letter_in_a_script_the_relay_lacks_is_let_go(house: OpenHouse) -> None:
    """It is not tried for ever, holds nobody up, and the relay hears nothing of it."""

    async def scene() -> None:
        async with house() as here, plain_server() as server:
            await here.write_letter("юрась@example.org", LetterKind.WELCOME)
            await here.write_letter("first@example.org", LetterKind.WELCOME)
            async with sending(here, server.port) as (feed, *_):
                feed.wake()

                async def all_gone() -> bool:
                    return not await here.database.read(letters.waiting)

                await until(all_gone)
            asked = [line for line in server.heard if line.startswith("RCPT")]
            assert asked == ["RCPT TO:<first@example.org>"]

    asyncio.run(scene())
