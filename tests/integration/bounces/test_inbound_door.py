"""The door obeys RFC 5321 and takes mail for our return paths alone."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from mailer.bounces.limits import Limits
from mailer.bounces.stored import Arrived
from mailer.errors import UsageError
from tests.integration.bounces.porch import DOMAIN, REPORT, envelope, path_of, porch
from tests.integration.outbox.standing import Run

_TOKEN = path_of().partition("@")[0]


def test_a_report_is_taken_to_the_byte(run: Run) -> None:
    """What is handed on is what came, dots undone, with its envelope; 250 comes after it is stored."""

    async def scene() -> None:
        async with porch() as at:
            reply = await at.bring(b"Subject: x\r\n\r\n..\r\n..a\r\nb\x00\xff\r\n", path_of())

            raw = b"Subject: x\r\n\r\n.\r\n.a\r\nb\x00\xff\r\n"
            assert at.taken == [Arrived("smtp", "", path_of(), raw)]
            assert reply == "250 2.0.0 Stored"

    run(scene())


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (path_of(), "250"),
        (path_of().upper(), "250"),
        (f"unsubscribe+{path_of()}", "250"),
        (f"Unsubscribe+{path_of().upper()}", "250"),
        (f"postmaster@{DOMAIN}", "250"),
        ("Postmaster", "250"),
        (f"Abuse@{DOMAIN}", "250"),
        ("abuse", "550 5.1.1"),
        (f"somebody@{DOMAIN}", "550 5.1.1"),
        (f"{'a' * 44}@{DOMAIN}", "550 5.1.1"),
        (f"{_TOKEN[:-1]}@{DOMAIN}", "550 5.1.1"),
        (f"bounces+{path_of()}", "250"),
        (f"other{path_of()}", "550 5.1.1"),
        (f"unsubscribe+@{DOMAIN}", "550 5.1.1"),
        (f"{_TOKEN}@example.com", "550 5.7.1"),
        ("postmaster@example.com", "550 5.7.1"),
        (f"{_TOKEN}@sub.{DOMAIN}", "550 5.7.1"),
        (f"читатель@{DOMAIN}", "550 5.1.1"),
    ],
)
def test_only_ours_is_taken(run: Run, recipient: str, code: str) -> None:
    """A token of ours in any case, the way to leave, and RFC 5321 §4.5.1's address for people."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.greeted()
            dialogue.say(b"MAIL FROM:<> SMTPUTF8\r\n" + f"RCPT TO:<{recipient}>\r\n".encode())

            await dialogue.reply()
            assert (await dialogue.reply()).startswith(code)

    run(scene())


def test_whoever_sends_is_heard(run: Run) -> None:
    """A report has no sender, a person has one, and some have one that is not ASCII."""

    async def scene() -> None:
        async with porch() as at:
            for sender in ("", "reader@example.org", "чытач@example.org"):
                dialogue = await at.greeted()
                dialogue.say(f"MAIL FROM:<{sender}> SMTPUTF8 BODY=8BITMIME SIZE=20\r\n".encode())
                dialogue.say(f"RCPT TO:<{path_of()}>\r\nDATA\r\n".encode())
                assert await dialogue.codes(3) == ["250", "250", "354"]
                dialogue.say(REPORT + b".\r\n")
                assert await dialogue.codes(1) == ["250"]

            assert [each.sender for each in at.taken] == ["", "reader@example.org", "чытач@example.org"]

    run(scene())


def test_several_recipients_are_a_report_each(run: Run) -> None:
    """One reply by SMTP, when all of them are stored."""

    async def scene() -> None:
        async with porch() as at:
            assert await at.bring(REPORT, path_of(1), path_of(2)) == "250 2.0.0 Stored"
            at.is_full = True
            assert (await at.bring(REPORT, path_of(1), path_of(2)))[:3] == "451"

            assert [each.recipient for each in at.taken] == [path_of(1), path_of(2)]

    run(scene())


def test_commands_and_bodies_in_one_piece(run: Run) -> None:
    """A client that does not wait for us is answered in order (RFC 2920)."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.greeted()
            for number in range(3):
                dialogue.say(envelope(path_of(number)) + b"%d\r\n.\r\n" % number)
            dialogue.say(b"RSET\r\nQUIT\r\n")

            assert await dialogue.codes(14) == ["250", "250", "354", "250"] * 3 + ["250", "221"]
            assert [each.raw for each in at.taken] == [b"0\r\n", b"1\r\n", b"2\r\n"]

    run(scene())


def test_a_body_may_come_in_any_pieces(run: Run) -> None:
    """Also when the final dot is cut in two."""

    async def scene() -> None:
        async with porch() as at:
            for cut in range(8):
                dialogue = await at.greeted()
                dialogue.say(envelope(path_of()))
                await dialogue.codes(3)
                whole = b"abc\r\n.\r\n"
                for piece in (whole[:cut], whole[cut:]):
                    dialogue.say(piece)
                    await asyncio.sleep(0.005)
                assert await dialogue.codes(1) == ["250"]

            assert {each.raw for each in at.taken} == {b"abc\r\n"}

    run(scene())


def test_it_says_little(run: Run) -> None:
    """Neither product nor version; no HELP to log in, no way to ask for people."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.dial()
            assert await dialogue.reply() == f"220 {DOMAIN} ESMTP"
            said = await dialogue.replies_to(b"EHLO x\r\n")
            assert said == [
                f"250-{DOMAIN}",
                "250-SIZE 100000",
                "250-8BITMIME",
                "250-SMTPUTF8",
                "250-PIPELINING",
                "250 HELP",
            ]
            dialogue.say(
                f"VRFY {path_of()}\r\nVRFY nobody\r\nEXPN x\r\nAUTH PLAIN x\r\nSTARTTLS\r\n".encode()
            )
            assert await dialogue.codes(5) == ["252", "252", "502", "502", "454"]

    run(scene())


@pytest.mark.parametrize(
    "body",
    [
        b"a\n.\nMAIL FROM:<x@example.org>\r\n",
        b"a\n.\r\nMAIL FROM:<x@example.org>\r\n",
        b"a\r\n.\nb\r\n",
        b"a\r.\rb\r\n",
        b"a\r\n.\rb\r\n",
        b"a\r.\r\nb\r\n",
        b".\nb\r\n",
        b".\rb\r\n",
    ],
)
def test_a_smuggled_end_ends_nothing(run: Run, body: bytes) -> None:
    """A line of one dot that does not stand between CRLFs is no end, and what holds one is refused."""

    async def scene() -> None:
        async with porch() as at:
            assert (await at.bring(body)).startswith("554 5.5.2")
            assert at.taken == []

    run(scene())


def test_what_others_break_is_taken(run: Run) -> None:
    """Bare line ends, lines without end and NULs are kept as they came: they may hold a report."""

    async def scene() -> None:
        async with porch() as at:
            raw = b"a\nb\rc\n\n" + b"x" * 80_000 + b"\x00\r\n"
            assert (await at.bring(raw))[:3] == "250"
            assert [each.raw for each in at.taken] == [raw]

    run(scene())


def test_too_long_is_refused_and_thrown_away(run: Run) -> None:
    """At MAIL where the client says so, else after the final dot; the connection goes on."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.greeted()
            dialogue.say(b"MAIL FROM:<> SIZE=100001\r\n")
            assert (await dialogue.reply())[:3] == "552"
            dialogue.say(envelope(path_of()))
            await dialogue.codes(3)
            for _ in range(100):
                dialogue.say(b"x" * 100_000)
            dialogue.say(b"\r\n.\r\n" + envelope(path_of()))
            assert await dialogue.codes(4) == ["552", "250", "250", "354"]
            dialogue.say(b"y" * 99_998 + b"\r\n.\r\n")

            assert await dialogue.codes(1) == ["250"]
            assert [len(each.raw) for each in at.taken] == [100_000]

    run(scene())


def test_one_byte_too_long(run: Run) -> None:
    """The limit counts what is stored, not the dots that are doubled on the way."""

    async def scene() -> None:
        async with porch() as at:
            assert (await at.bring(b"x" * 99_999 + b"\r\n"))[:3] == "552"
            assert (await at.bring(b"..\r\n" * 33_333))[:3] == "250"
            assert (await at.bring(b"..\r\n" * 33_334))[:3] == "552"

    run(scene())


def test_a_disk_that_is_full_is_a_reason_to_wait(run: Run) -> None:
    """451, and the client keeps it; nothing is said to be stored that is not."""

    async def scene() -> None:
        async with porch() as at:
            at.is_full = True
            assert await at.bring() == "451 4.3.0 Can't be stored now, try again later"

    run(scene())


def test_out_of_order_is_refused(run: Run) -> None:
    """DATA without a recipient, RCPT without a sender, anything before EHLO."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.dial()
            dialogue.say(envelope(path_of()))
            assert await dialogue.codes(4) == ["220", "503", "503", "503"]
            dialogue.say(
                b"EHLO x\r\nRCPT TO:<x@example.org>\r\nDATA\r\nMAIL FROM:<>\r\nDATA\r\nMAIL FROM:<>\r\n"
            )
            assert await dialogue.codes(6) == ["250", "503", "503", "250", "503", "503"]

    run(scene())


def test_a_place_that_is_taken_is_one_sentence(run: Run) -> None:
    """It names the setting and what to do."""

    async def scene() -> None:
        async with porch() as at:
            with pytest.raises(UsageError, match=r"\[returned\] smtp: 127\.0\.0\.1:\d+ can't be listened on"):
                async with porch(place=f"127.0.0.1:{at.door.port}"):
                    pass

    run(scene())


def test_lmtp_answers_for_each_recipient(run: Run, tmp_path: Path) -> None:
    """RFC 2033 §4.2: after the dot, one reply for each that was accepted, in order; on a socket file."""

    async def scene() -> None:
        place = str(tmp_path / "lmtp")
        async with porch("lmtp", place=place) as at:
            dialogue = await at.dial(place)
            assert await dialogue.reply() == f"220 {DOMAIN} LMTP"
            dialogue.say(b"EHLO x\r\nHELO x\r\nLHLO x\r\n")
            assert await dialogue.codes(3) == ["500", "500", "250"]
            dialogue.say(envelope(path_of(1), f"nobody@{DOMAIN}", path_of(2)) + REPORT + b".\r\n")
            assert await dialogue.codes(7) == ["250", "250", "550", "250", "354", "250", "250"]
            dialogue.say(envelope(path_of(1), path_of(2)) + b"x" * 200_000 + b"\r\n.\r\n")
            assert await dialogue.codes(6) == ["250", "250", "250", "354", "552", "552"]
            dialogue.say(envelope(f"nobody@{DOMAIN}"))
            assert await dialogue.codes(3) == ["250", "550", "503"]

            assert [(each.door, each.recipient) for each in at.taken] == [
                ("lmtp", path_of(1)),
                ("lmtp", path_of(2)),
            ]

    run(scene())


def test_a_socket_file_that_was_left_is_no_hindrance(run: Run, tmp_path: Path) -> None:
    """After a kill it is still there; the next start takes its place."""
    place = str(tmp_path / "lmtp")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(place)

    async def scene() -> None:
        async with porch("lmtp", place=place) as at:
            assert (await (await at.dial(place)).reply())[:3] == "220"

    run(scene())


def test_limits_hold(run: Run) -> None:
    """Connections, messages and recipients beyond them hear “later”, and nobody else does."""

    async def scene() -> None:
        limits = Limits(max_bytes=1000, connections_of_one=2, messages_of_connection=3, recipients=2)
        async with porch(limits=limits) as at:
            dialogue, _ = await at.greeted(), await at.greeted()
            assert (await (await at.dial()).reply())[:9] == "421 4.7.0"
            dialogue.say(envelope(path_of(1), path_of(2), path_of(3)) + b".\r\n")
            assert await dialogue.codes(6) == ["250", "250", "250", "452", "354", "250"]
            for code in ("250", "250", "421"):
                dialogue.say(b"MAIL FROM:<>\r\nRSET\r\n")
                assert await dialogue.codes(1) == [code]
                await dialogue.reply()
            assert await dialogue.reply() == ""

            assert (await at.greeted()) is not None

    run(scene())
