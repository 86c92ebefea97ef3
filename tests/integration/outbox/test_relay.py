"""The relay obeys RFC 5321 over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiosmtplib
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.errors import StorageError, UsageError
from mailer.outbox.journal import Receipt
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from tests.integration.outbox.standing import ENVELOPE, MESSAGE, READER, SENDER, Dialogue, Run, standing


def test_a_message_is_kept_as_it_was_sent(tmp_path: Path, run: Run) -> None:
    """What aiosmtplib sends lies in the mailbox, with its envelope."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            reply = await stand.send()

            (mail,) = stand.mailbox
            assert mail.content() == MESSAGE
            assert (mail.envelope_from, mail.recipients) == (SENDER, (READER,))
            assert reply == "2.0.0 Kept as 1"

    run(scene())


def test_extensions_are_announced(tmp_path: Path, run: Run) -> None:
    """EHLO names SIZE with the limit, 8BITMIME, SMTPUTF8 and PIPELINING."""

    async def scene() -> None:
        async with standing(tmp_path, max_message_bytes=12_345) as stand:
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=stand.relay.port, start_tls=False)
            async with client:
                await client.ehlo()

                assert client.esmtp_extensions["size"] == "12345"
                assert {"8bitmime", "smtputf8", "pipelining"} <= set(client.esmtp_extensions)

    run(scene())


def test_many_connections_at_once(tmp_path: Path, run: Run) -> None:
    """Sixteen clients that come and go lose no message, and each copy has its own recipient."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            await asyncio.gather(*(stand.send(recipient=f"r{n}@example.org") for n in range(16)))

            recipients = sorted(mail.recipients[0] for mail in stand.mailbox)
            assert recipients == sorted(f"r{n}@example.org" for n in range(16))

    run(scene())


BODIES = [
    (b".\r\n", b""),
    (b"\r\n.\r\n", b"\r\n"),
    (b"a\r\n.\r\n", b"a\r\n"),
    (b"..\r\n.\r\n", b".\r\n"),
    (b"..a\r\n...\r\n.\r\n", b".a\r\n..\r\n"),
    (b".a\r\n.\r\n", b"a\r\n"),
    (b"a\n.\n\r\n.\r\n", b"a\n.\n\r\n"),
    (b"a\n.\r\n.\r\n", b"a\n.\r\n"),
    (b"a\r\n.\n\r\n.\r\n", b"a\r\n\n\r\n"),
    (b"a\r.\r\n.\r\n", b"a\r.\r\n"),
]


@pytest.mark.parametrize(("wire", "content"), BODIES)
def test_dots_are_taken_out(tmp_path: Path, run: Run, wire: bytes, content: bytes) -> None:
    """One dot goes from each line that begins with one, and only CRLF.CRLF ends (RFC 5321 §4.5.2)."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(wire + b"NOOP\r\n")

            assert await dialogue.codes(2) == ["250", "250"]
            assert stand.contents() == [content]

    run(scene())


@pytest.mark.parametrize("cut", range(1, 9))
def test_an_end_in_two_pieces_is_an_end(tmp_path: Path, run: Run, cut: int) -> None:
    """Wherever the network cuts the stream, the final dot is found."""
    wire = b"a\r\n.\r\nNOOP\r\n"

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(wire[:cut])
            await asyncio.sleep(0.01)
            dialogue.say(wire[cut:])

            assert await dialogue.codes(2) == ["250", "250"]
            assert stand.contents() == [b"a\r\n"]

    run(scene())


def test_a_pipelined_client_is_understood(tmp_path: Path, run: Run) -> None:
    """The next envelope may follow the final dot in the same segment (RFC 2920)."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(b"one\r\n.\r\n" + ENVELOPE)
            assert await dialogue.codes(4) == ["250", "250", "250", "354"]
            dialogue.say(b"two\r\n.\r\nQUIT\r\n")

            assert await dialogue.codes(2) == ["250", "221"]
            assert stand.contents() == [b"one\r\n", b"two\r\n"]

    run(scene())


def test_a_client_that_does_not_wait_for_354_is_understood(tmp_path: Path, run: Run) -> None:
    """A body that came with its DATA command is read from where it lies."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.greeted()
            dialogue.say(ENVELOPE + b"one\r\n.\r\n" + ENVELOPE + b".\r\n")

            assert await dialogue.codes(8) == ["250", "250", "354", "250"] * 2
            assert stand.contents() == [b"one\r\n", b""]

    run(scene())


def test_rset_forgets_the_envelope(tmp_path: Path, run: Run) -> None:
    """After RSET there is no recipient, and a new envelope begins."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.greeted()
            dialogue.say(
                b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nRSET\r\nDATA\r\n" + ENVELOPE
            )
            assert await dialogue.codes(7) == ["250", "250", "250", "503", "250", "250", "354"]
            dialogue.say(b".\r\n")

            assert await dialogue.codes(1) == ["250"]
            (mail,) = stand.mailbox
            assert mail.recipients == (READER,)

    run(scene())


ORDERS = [
    (b"MAIL FROM:<a@example.org>\r\n", "503"),
    (b"DATA\r\n", "503"),
    (b"EHLO x\r\nDATA\r\n", "503"),
    (b"EHLO x\r\nRCPT TO:<a@example.org>\r\n", "503"),
    (b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nMAIL FROM:<a@example.org>\r\n", "503"),
    (b"EHLO x\r\n" + ENVELOPE.replace(b"DATA", b"DATA now"), "501"),
    (b"EHLO x\r\nMAIL FROM:<a@example.org> SIZE=10000001\r\n", "552"),
    (b"EHLO x\r\nMAIL FROM:<a@example.org> SIZE=10000000 BODY=8BITMIME\r\n", "250"),
    (b"EHLO x\r\nMAIL FROM:<>\r\n", "250"),
    ("EHLO x\r\nMAIL FROM:<а@example.org>\r\n".encode(), "553"),
    ("EHLO x\r\nMAIL FROM:<а@example.org> SMTPUTF8\r\n".encode(), "250"),
    (b"EHLO x\r\nMAIL FROM:<\xff@example.org> SMTPUTF8\r\n", "553"),
    (b"EHLO x\r\nMAIL FROM:<" + b"a" * 700 + b"@example.org>\r\n", "250"),
    (b"EHLO x\r\nMAIL FROM:<" + b"a" * 3_000 + b"@example.org>\r\n", "500"),
    (b"HELO x\r\n", "250"),
]


@pytest.mark.parametrize(("commands", "code"), ORDERS)
def test_commands_are_answered_by_the_book(tmp_path: Path, run: Run, commands: bytes, code: str) -> None:
    """The last of the commands gets the code that RFC 5321 gives it."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.dial()
            dialogue.say(commands)

            replies = await dialogue.codes(1 + commands.count(b"\r\n"))
            assert replies[-1] == code

    run(scene())


def test_a_message_in_any_script_and_for_any_address(tmp_path: Path, run: Run) -> None:
    """With SMTPUTF8 an address in Cyrillic is kept as its letters."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.greeted()
            dialogue.say(
                "MAIL FROM:<> SMTPUTF8 BODY=8BITMIME\r\nRCPT TO:<юля@example.org>\r\nDATA\r\n".encode()
            )
            await dialogue.codes(3)
            dialogue.say("Ў\r\n.\r\n".encode())

            assert await dialogue.codes(1) == ["250"]
            (mail,) = stand.mailbox
            assert (mail.envelope_from, mail.recipients, mail.content().decode()) == (
                "",
                ("юля@example.org",),
                "Ў\r\n",
            )

    run(scene())


def test_five_megabytes_are_kept(tmp_path: Path, run: Run) -> None:
    """A long message comes back whole, dots and all."""
    message = b"Subject: long\r\n\r\n" + b".line that begins with a dot\r\n" * 180_000

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            await stand.send(message)

            assert stand.contents() == [message]

    run(scene())


@pytest.mark.parametrize(("size", "code"), [(1_000, "250"), (1_001, "552"), (5_000, "552"), (300_000, "552")])
def test_a_message_too_long_is_refused_after_its_end(tmp_path: Path, run: Run, size: int, code: str) -> None:
    """552 comes after the final dot, nothing is kept, and the connection goes on (RFC 5321 §4.5.3.1.10)."""

    async def scene() -> None:
        async with standing(tmp_path, max_message_bytes=1_000) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(b"x" * (size - 2) + b"\r\n.\r\n" + ENVELOPE)

            assert await dialogue.codes(4) == [code, "250", "250", "354"]
            assert len(stand.contents()) == (code == "250")

    run(scene())


def test_transparency_dots_do_not_count(tmp_path: Path, run: Run) -> None:
    """SIZE is of the message, not of its dots on the wire (RFC 1870 §3)."""

    async def scene() -> None:
        async with standing(tmp_path, max_message_bytes=999) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(b"..\r\n" * 333 + b".\r\n")

            assert await dialogue.codes(1) == ["250"]
            assert stand.contents() == [b".\r\n" * 333]

    run(scene())


@pytest.mark.parametrize("wire", [b"half a li", b"a line\r\n", b"a line\r\n.", b"a line\r\n.\r"])
@pytest.mark.parametrize("leave", [Dialogue.hang_up, Dialogue.vanish])
def test_a_client_lost_in_the_body_leaves_nothing(
    tmp_path: Path, run: Run, wire: bytes, leave: Callable[[Dialogue], None]
) -> None:
    """A message whose final dot did not come is not kept, by FIN or by RST."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(wire)
            await asyncio.sleep(0.01)
            leave(dialogue)
            await asyncio.sleep(0.02)

            assert stand.contents() == []
            assert await stand.send()

    run(scene())


def test_a_restart_goes_on_counting(tmp_path: Path, run: Run) -> None:
    """What was kept before is there, and the next number follows."""

    async def scene() -> None:
        for _ in range(2):
            async with standing(tmp_path) as stand:
                await stand.send()

        assert [mail.number for mail in Mailbox(tmp_path)] == [1, 2]

    run(scene())


def test_stop_leaves_no_connection(tmp_path: Path, run: Run) -> None:
    """Clients of every kind are disconnected, and the port is free again."""

    async def scene() -> None:
        async with standing(tmp_path, "mail * hang") as stand:
            hanging, reading, idle = await stand.greeted(), await stand.greeted(), await stand.dial()
            hanging.say(ENVELOPE)
            reading.say(b"RSET\r\n")
            port = stand.relay.port
            await reading.reply()
            await idle.reply()

        assert [await dialogue.reply() for dialogue in (hanging, reading, idle)] == ["", "", ""]
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)

    run(scene())


def test_a_port_in_use_is_one_sentence(tmp_path: Path, run: Run) -> None:
    """The message names the port and says what to do."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            with pytest.raises(UsageError, match=f"port {stand.relay.port} .* choose another port"):
                await Relay(Mailbox(tmp_path)).start(port=stand.relay.port)

    run(scene())


def test_a_message_that_can_not_be_kept_is_answered_452(tmp_path: Path, run: Run) -> None:
    """When the folder can't be written the client is told to come back, and the relay goes on."""
    folder = tmp_path / "outbox"

    async def scene() -> None:
        folder.write_text("in the way")
        async with standing(folder) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(b".\r\n")
            reply = await dialogue.reply()
            folder.unlink()

            assert reply.startswith("452 4.3.1 ")
            assert await stand.send()

    run(scene())


def test_the_witness_hears_before_the_client(tmp_path: Path, run: Run) -> None:
    """250 does not go out while the witness is still writing."""
    written = asyncio.Event()
    heard: list[Receipt] = []

    async def witness(receipt: Receipt) -> None:
        heard.append(receipt)
        await written.wait()

    async def scene() -> None:
        async with standing(tmp_path, witness=witness) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(MESSAGE + b".\r\n")
            assert await dialogue.is_silent()
            written.set()

            assert await dialogue.codes(1) == ["250"]
            assert [(receipt.content, receipt.accepted) for receipt in heard] == [(MESSAGE, True)]

    run(scene())


def test_a_witness_that_fails_is_answered_452(tmp_path: Path, run: Run) -> None:
    """What could not be witnessed is not called accepted."""

    async def witness(_receipt: Receipt) -> None:
        raise StorageError("full")

    async def scene() -> None:
        async with standing(tmp_path, witness=witness) as stand:
            dialogue = await stand.ready_for_body()
            dialogue.say(b".\r\n")

            assert await dialogue.codes(1) == ["452"]

    run(scene())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(bodies=st.lists(st.one_of(st.binary(), st.text(".\r\na", max_size=30).map(str.encode)), max_size=8))
def test_any_body_comes_back_equal(tmp_path: Path, bodies: list[bytes]) -> None:
    """Whatever bytes a message has, once its lines end in CRLF, they come back."""
    messages = [b"\r\n".join([*body.replace(b"\r", b"\n").split(b"\n"), b""]) for body in bodies]

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            before = stand.mailbox.count()
            dialogue = await stand.greeted()
            for message in messages:
                dialogue.say(ENVELOPE)
                assert await dialogue.codes(3) == ["250", "250", "354"]
                stuffed = (b"\r\n" + message).replace(b"\r\n.", b"\r\n..")[2:]
                dialogue.say(stuffed + b".\r\n")
                assert await dialogue.codes(1) == ["250"]

            assert stand.contents()[before:] == messages

    asyncio.run(scene())
