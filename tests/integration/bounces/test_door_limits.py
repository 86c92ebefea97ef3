"""What strangers may not do at the door: bring too much, stay too long, or break it."""

from __future__ import annotations

import asyncio
import ssl
import tracemalloc
from pathlib import Path

import aiosmtplib
import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.bounces.certificate import Certificate
from mailer.bounces.limits import Limits, Tally, client_of
from mailer.errors import SettingsError
from tests.acceptance.certificates import authority
from tests.integration.bounces.porch import DOMAIN, REPORT, envelope, path_of, porch
from tests.integration.outbox.standing import Dialogue, Run

_QUICK = Limits(max_bytes=10_000, idle_s=0.2)


def test_messages_are_counted_by_client_and_by_address(run: Run) -> None:
    """Each a minute; what comes after hears a 4xx and keeps its mail."""

    async def scene() -> None:
        limits = Limits(max_bytes=1000, messages_a_minute=5, messages_to_one=2)
        async with porch(limits=limits) as at:
            dialogue = await at.greeted()
            codes = []
            for number in (1, 1, 1, 2, 3, 3):
                dialogue.say(f"RSET\r\nMAIL FROM:<>\r\nRCPT TO:<{path_of(number)}>\r\n".encode())
                codes.append(await dialogue.codes(3))

            assert codes == [
                ["250", "250", "250"],
                ["250", "250", "250"],
                ["250", "250", "450"],
                ["250", "250", "250"],
                ["250", "250", "250"],
                ["250", "451", "503"],
            ]

    run(scene())


def test_what_is_no_command_is_not_repeated(run: Run) -> None:
    """Whatever stands in it: an address typed in the wrong place, or a control character."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.greeted()
            for said in (b"anna@example.org", b"x\x1b[2Jx"):
                dialogue.say(said + b"\r\n")
                assert await dialogue.reply() == "500 5.5.1 Error: command not recognized"

    run(scene())


def test_connections_are_counted(run: Run) -> None:
    """One too many is told so and closed; when somebody leaves there is room again."""

    async def scene() -> None:
        async with porch(limits=Limits(connections=2)) as at:
            first, _ = await at.greeted(), await at.greeted()
            third = await at.dial()
            assert await third.reply() == "421 4.3.2 Too busy, try again later"
            assert await third.reply() == ""
            first.vanish()
            await asyncio.sleep(0.05)

            await at.greeted()

    run(scene())


def test_the_silent_are_left(run: Run) -> None:
    """Nothing said, a command without end, a body without end, and a letter now and then: closed in time."""

    async def scene() -> None:
        async with porch(limits=_QUICK) as at:
            silent, endless, dripping = await at.greeted(), await at.greeted(), await at.greeted()
            endless.say(b"MAIL FROM:<" + b"x" * 1_000_000)
            dripping.say(envelope(path_of()))
            await dripping.codes(3)

            async def drip() -> None:
                for _ in range(100):
                    dripping.say(b"x\r\n")
                    await asyncio.sleep(0.01)

            dripped = asyncio.create_task(drip())
            for dialogue in (silent, endless, dripping):
                assert await dialogue.reply() == ""
            dripped.cancel()

            assert at.taken == []
            assert (await at.bring())[:3] == "250"

    run(scene())


def test_chatter_ends(run: Run) -> None:
    """A client that never brings anything is sent away."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.greeted()
            dialogue.say(b"NOOP\r\n" * 101)
            assert await dialogue.codes(102) == ["250"] * 100 + ["421", ""]
            dialogue = await at.greeted()
            for word in (b"A", b"B", b"C", b"D", b"E", b"F"):
                dialogue.say(word + b"\r\n")
            assert await dialogue.codes(6) == ["500"] * 4 + ["502", ""]

    run(scene())


def test_a_flood_of_bytes_takes_no_memory(run: Run) -> None:
    """200 MB of body, and a line of 20 MB, pass by; what is kept is less than two megabytes."""

    async def scene() -> None:
        async with porch() as at:
            dialogue = await at.greeted()
            dialogue.say(b"x" * 2_000_000 + b"\r\n")
            assert await dialogue.codes(1) == ["500"]
            dialogue.say(envelope(path_of()))
            await dialogue.codes(3)
            tracemalloc.start()
            piece = b"y" * 998 + b"\r\n"
            for _ in range(400):
                dialogue.say(piece * 500)
                await dialogue.drained()
            dialogue.say(b".\r\n")
            assert await dialogue.codes(1) == ["552"]
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()

            assert peak < 2_000_000
            assert at.taken == []

    run(scene())


def test_bodies_share_their_room(run: Run) -> None:
    """Many large ones at once: some are asked to come again, and the room is free afterwards."""

    async def scene() -> None:
        async with porch(limits=Limits(max_bytes=100_000, bytes_at_once=150_000)) as at:
            first, second = await at.greeted(), await at.greeted()
            for dialogue in (first, second):
                dialogue.say(envelope(path_of()))
                await dialogue.codes(3)
                dialogue.say(b"x" * 90_000)
                await asyncio.sleep(0.05)
            second.say(b"\r\n.\r\n")
            assert await second.codes(1) == ["452"]
            first.vanish()
            await asyncio.sleep(0.05)

            assert (await at.bring(b"x" * 90_000 + b"\r\n"))[:3] == "250"

    run(scene())


def test_starttls_with_our_certificate(run: Run, tmp_path: Path) -> None:
    """A relay that checks it is content; passwords are not asked for, in clear or not."""
    made = authority(tmp_path)
    made.context("localhost")
    file = tmp_path / "localhost -1 1.pem"

    async def scene() -> None:
        async with porch(certificate=Certificate(file, file)) as at:
            trust = ssl.create_default_context(cafile=str(made.file))
            relay = aiosmtplib.SMTP(
                hostname="localhost", port=at.door.port, start_tls=True, tls_context=trust, timeout=5
            )
            async with relay:
                await relay.ehlo()
                assert "auth" not in relay.esmtp_extensions
                await relay.sendmail("", [path_of()], REPORT)

            assert [each.raw for each in at.taken] == [REPORT]

    run(scene())


def test_nothing_said_before_tls_counts_after_it(run: Run, tmp_path: Path) -> None:
    """Commands that somebody slipped in before the handshake are forgotten; garbage and leaving end it."""
    made = authority(tmp_path)
    made.context("localhost")
    file = tmp_path / "localhost -1 1.pem"

    async def scene() -> None:
        async with porch(certificate=Certificate(file, file)) as at:
            dialogue = await at.greeted()
            dialogue.say(b"STARTTLS\r\n" + envelope(path_of()) + REPORT + b".\r\n")
            assert await dialogue.codes(1) == ["220"]
            dialogue.say(b"no handshake\r\n")
            assert (await dialogue.everything())[:1] in (b"", b"\x15")  # an alert of TLS, at most
            for leave in (Dialogue.vanish, Dialogue.hang_up, Dialogue.is_silent):
                dialogue = await at.greeted()
                dialogue.say(b"STARTTLS\r\n")
                assert await dialogue.codes(1) == ["220"]
                if left := leave(dialogue):
                    await left
            await asyncio.sleep(0.05)

            assert at.taken == []
            # The last one is still there, and is no hindrance to the end.
            assert len(at.door._clients) == 1

    with structlog.testing.capture_logs() as logged:
        run(scene())
    assert logged == []


def test_a_renewed_certificate_is_taken_up(tmp_path: Path) -> None:
    """By the next connection; while the files do not fit each other, the old one stays."""
    made = authority(tmp_path)
    made.context("localhost")
    file = tmp_path / "localhost -1 1.pem"
    certificate = Certificate(file, file)
    first = certificate.context()
    assert certificate.context() is first

    file.write_text("half of it")
    with structlog.testing.capture_logs() as logged:
        assert certificate.context() is first
    assert [entry["event"] for entry in logged] == ["returned.certificate"]
    made.context("localhost")

    assert certificate.context() is not first


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"\x00\xff"])
def test_a_certificate_that_can_not_be_used_is_one_sentence(tmp_path: Path, content: bytes | None) -> None:
    """It names the setting, the file and what to do."""
    file = tmp_path / "chain.pem"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingsError, match=r"^\[returned\] certificate: .*chain\.pem .*; .*$"):
        Certificate(file, file)


@pytest.mark.parametrize(
    ("peer", "client"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("::ffff:192.0.2.7", 1, 0, 0), "192.0.2.7"),
        (("2001:db8:0:1:2:3:4:5", 1, 0, 0), "2001:db8:0:1::"),
        (("fe80::1%eth0", 1, 0, 2), "fe80::"),
        ("", ""),
        (None, ""),
        ((), ""),
        (("nonsense", 1), ""),
    ],
)
def test_who_counts_as_one_client(peer: object, client: str) -> None:
    """An IPv4 address; of IPv6 the network that one subscriber has; nobody at a socket file."""
    assert client_of(peer) == client


def test_a_tally_begins_anew_each_minute() -> None:
    """So many within a minute of the first, by name."""
    tally = Tally(2)

    counted = [tally.is_over(name, at) for name, at in [("a", 0), ("a", 1), ("a", 59), ("b", 59), ("a", 60)]]

    assert counted == [False, False, True, False, False]


_WORDS = st.sampled_from(
    [
        b"EHLO x",
        b"LHLO x",
        b"HELO x",
        b"MAIL FROM:<>",
        b"MAIL FROM:<a@example.org> SIZE=10 BODY=8BITMIME SMTPUTF8",
        b"RCPT TO:<" + path_of().encode() + b">",
        b"RCPT TO:<postmaster>",
        b"RCPT TO:<\xff@" + DOMAIN.encode() + b">",
        b"DATA",
        b"RSET",
        b"NOOP",
        b"HELP MAIL",
        b"VRFY \xd1\x87\xff",
        b"STARTTLS",
        b"AUTH PLAIN",
        b"BDAT 5 LAST",
        b".",
        b"..",
        b"",
    ]
)
_LONG = b"LONG"
_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n.\r\n", b"\n.\n", b"\x00\r\n"])
_LINES = st.one_of(_WORDS, _WORDS, st.binary(max_size=60), st.just(_LONG))
_TALK = st.lists(st.tuples(_LINES, _ENDS).map(b"".join), max_size=25).map(b"".join)


# 451 would be something unforeseen.
_FORESEEN = {b"220", b"221", b"250", b"252", b"354", b"421", b"454", b"500", b"501", b"502", b"503"}
_FORESEEN |= {b"550", b"552", b"553", b"554", b"555"}


@pytest.mark.parametrize("way", ["smtp", "lmtp"])
def test_whatever_is_said_it_answers_or_closes(way: str, tmp_path: Path) -> None:
    """No command, garbage or order of them gets an exception out of it, or leaves it without an answer."""

    async def talk(octets: bytes) -> None:
        async with porch(way, limits=Limits(max_bytes=50_000, idle_s=2)) as at:  # type: ignore[arg-type]
            dialogue = await at.dial()
            dialogue.say(octets.replace(_LONG, b"x" * 70_000) + b"\r\n.\r\nQUIT\r\n")
            answered = await dialogue.everything()

            codes = {line[:3] for line in answered.splitlines()}
            assert codes <= _FORESEEN
            assert all(len(each.raw) <= 50_000 for each in at.taken)

    @settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(_TALK)
    def whole(octets: bytes) -> None:
        unforeseen: list[object] = []

        async def scene() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, context: unforeseen.append(context))
            await talk(octets)

        with structlog.testing.capture_logs() as logged:
            asyncio.run(scene())
        assert (unforeseen, logged) == ([], [])

    whole()
