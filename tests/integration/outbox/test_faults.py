"""Every action at every stage does over a real socket what the script says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiosmtplib
import pytest

from mailer.outbox.journal import Receipt
from mailer.outbox.script import Action, Stage, parse_script
from tests.integration.outbox.standing import ENVELOPE, MESSAGE, READER, Dialogue, Run, Stand, standing

STEPS = {
    Stage.CONNECT: (b"", "220"),
    Stage.EHLO: (b"EHLO client.example.org\r\n", "250"),
    Stage.MAIL: (b"MAIL FROM:<desk@example.org>\r\n", "250"),
    Stage.RCPT: (b"RCPT TO:<reader@example.org>\r\n", "250"),
    Stage.DATA: (b"DATA\r\n", "354"),
    Stage.DOT: (MESSAGE + b".\r\n", "250"),
}


async def brought_to(stage: Stage, stand: Stand) -> Dialogue:
    """Go through a conversation and say what the relay answers at *stage*, without reading the answer."""
    last = Stage.DOT if stage is Stage.AFTER_DOT else stage
    dialogue = await stand.dial()
    for step, (command, code) in STEPS.items():
        dialogue.say(command)
        if step is last:
            break
        assert (await dialogue.reply())[:3] == code
    return dialogue


def script(stage: Stage, action: Action, rest: str = "") -> str:
    return f"{stage} * {action} {rest}"


stages = pytest.mark.parametrize("stage", list(Stage))


@stages
def test_accept_is_the_ordinary_answer(tmp_path: Path, run: Run, stage: Stage) -> None:
    """A rule that accepts changes nothing, and the message is kept."""

    async def scene() -> None:
        async with standing(tmp_path, script(stage, Action.ACCEPT)) as stand:
            await stand.send()

            assert stand.contents() == [MESSAGE]

    run(scene())


@stages
@pytest.mark.parametrize(("action", "reply"), [(Action.DEFER, "452 4.2.2 Full"), (Action.REFUSE, "556 No")])
def test_the_scripted_reply_is_given(
    tmp_path: Path, run: Run, stage: Stage, action: Action, reply: str
) -> None:
    """Word for word; only what is said after the dot was kept leaves a message."""

    async def scene() -> None:
        async with standing(tmp_path, script(stage, action, reply)) as stand:
            dialogue = await brought_to(stage, stand)

            assert await dialogue.reply() == reply
            assert stand.contents() == [MESSAGE] * (stage is Stage.AFTER_DOT)

    run(scene())


@stages
def test_hang_never_answers(tmp_path: Path, run: Run, stage: Stage) -> None:
    """The connection stands and nothing comes, whatever else is said."""

    async def scene() -> None:
        async with standing(tmp_path, script(stage, Action.HANG)) as stand:
            dialogue = await brought_to(stage, stand)
            dialogue.say(b"NOOP\r\n" * 1_000)

            assert await dialogue.is_silent()
            assert stand.contents() == [MESSAGE] * (stage is Stage.AFTER_DOT)

    run(scene())


@stages
def test_drop_closes_without_a_word(tmp_path: Path, run: Run, stage: Stage) -> None:
    """The connection is gone, and only after-dot leaves a message."""

    async def scene() -> None:
        async with standing(tmp_path, script(stage, Action.DROP)) as stand:
            dialogue = await brought_to(stage, stand)

            assert await dialogue.reply() == ""
            assert stand.contents() == [MESSAGE] * (stage is Stage.AFTER_DOT)

    run(scene())


@stages
@pytest.mark.parametrize("action", [Action.DEFER, Action.REFUSE, Action.HANG, Action.DROP])
def test_a_fault_passes(tmp_path: Path, run: Run, stage: Stage, action: Action) -> None:
    """A rule that applies once lets the next connection through."""

    async def scene() -> None:
        async with standing(tmp_path, script(stage, action, "1")) as stand:
            dialogue = await brought_to(stage, stand)
            if action is not Action.HANG:
                await dialogue.reply()
            else:
                await dialogue.is_silent()
            await stand.send()

            assert stand.contents()[-1] == MESSAGE

    run(scene())


@stages
def test_421_closes_the_connection(tmp_path: Path, run: Run, stage: Stage) -> None:
    """Whoever says 421 hangs up (RFC 5321 §3.8)."""

    async def scene() -> None:
        async with standing(tmp_path, script(stage, Action.DEFER, "421 4.3.2 Closing")) as stand:
            dialogue = await brought_to(stage, stand)

            assert [await dialogue.reply(), await dialogue.reply()] == ["421 4.3.2 Closing", ""]

    run(scene())


def test_a_connection_refused_waits_for_quit(tmp_path: Path, run: Run) -> None:
    """After 554 in place of the greeting all is 503 but QUIT (RFC 5321 §3.1)."""

    async def scene() -> None:
        async with standing(tmp_path, "connect * refuse") as stand:
            dialogue = await stand.dial()
            dialogue.say(b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nquit\r\n")

            assert await dialogue.codes(5) == ["554", "503", "503", "221", ""]

    run(scene())


def test_a_client_refused_at_ehlo_may_not_send(tmp_path: Path, run: Run) -> None:
    """MAIL without a greeting that was accepted is out of order, also when an earlier one was."""

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            dialogue = await stand.greeted()
            stand.relay.play(parse_script("ehlo * refuse", "test"))
            dialogue.say(b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nHELO x\r\nMAIL FROM:<a@example.org>\r\n")

            assert await dialogue.codes(4) == ["554", "503", "554", "503"]

    run(scene())


def test_recipients_are_decided_one_by_one(tmp_path: Path, run: Run) -> None:
    """In one envelope one is accepted, one deferred, one refused; the mail is kept for the first alone."""
    rules = "rcpt slow@example.org defer\nrcpt gone@example.org refuse"

    async def scene() -> None:
        async with standing(tmp_path, rules) as stand:
            client = aiosmtplib.SMTP(hostname="127.0.0.1", port=stand.relay.port, start_tls=False)
            async with client:
                refused, _ = await client.sendmail(
                    "desk@example.org", [READER, "slow@example.org", "gone@example.org"], MESSAGE
                )

            assert {name: reply.code for name, reply in refused.items()} == {
                "slow@example.org": 451,
                "gone@example.org": 550,
            }
            (mail,) = stand.mailbox
            assert mail.recipients == (READER,)

    run(scene())


def test_a_later_stage_is_decided_by_any_recipient(tmp_path: Path, run: Run) -> None:
    """A rule for one of two recipients decides over the message of both: SMTP has one reply for them."""

    async def scene() -> None:
        async with standing(tmp_path, "dot slow@example.org defer") as stand:
            dialogue = await stand.greeted()
            dialogue.say(ENVELOPE.replace(b"DATA", b"RCPT TO:<slow@example.org>\r\nDATA"))
            assert await dialogue.codes(4) == ["250", "250", "250", "354"]
            dialogue.say(b".\r\n")

            assert await dialogue.codes(1) == ["451"]
            assert stand.contents() == []

    run(scene())


def test_another_script_begins_anew(tmp_path: Path, run: Run) -> None:
    """A script put in place while the relay runs counts from nothing, also the same one."""
    rules = parse_script("rcpt * defer 1", "test")

    async def scene() -> None:
        async with standing(tmp_path) as stand:
            stand.relay.play(rules)
            dialogue = await stand.greeted()
            dialogue.say(ENVELOPE.replace(b"DATA", b"RCPT TO:<reader@example.org>"))
            assert await dialogue.codes(3) == ["250", "451", "250"]
            stand.relay.play(rules)
            dialogue.say(b"RCPT TO:<reader@example.org>\r\n")

            assert await dialogue.codes(1) == ["451"]

    run(scene())


def test_rules_may_know_the_sender(tmp_path: Path, run: Run) -> None:
    """At MAIL the pattern is held against the sender, so that one VERP address can be refused."""

    async def scene() -> None:
        async with standing(tmp_path, "mail bounce+*@example.org refuse\nmail <> defer") as stand:
            dialogue = await stand.greeted()
            dialogue.say(
                b"MAIL FROM:<Bounce+1@example.org>\r\nMAIL FROM:<>\r\nMAIL FROM:<desk@example.org>\r\n"
            )

            assert await dialogue.codes(3) == ["550", "451", "250"]

    run(scene())


@pytest.mark.parametrize("action", [Action.DEFER, Action.REFUSE, Action.HANG, Action.DROP])
def test_the_witness_knows_that_a_kept_mail_was_not_accepted(
    tmp_path: Path, run: Run, action: Action
) -> None:
    """What is kept and then not answered 250 is witnessed as such: the famous unknown."""
    heard: list[Receipt] = []

    async def witness(receipt: Receipt) -> None:
        heard.append(receipt)

    async def scene() -> None:
        async with standing(tmp_path, script(Stage.AFTER_DOT, action), witness=witness) as stand:
            dialogue = await brought_to(Stage.AFTER_DOT, stand)
            await dialogue.is_silent()

            assert [receipt.accepted for receipt in heard] == [False]

    run(scene())


def test_a_client_that_leaves_a_hanging_relay_is_let_go(tmp_path: Path, run: Run) -> None:
    """However much it still sends, its end is noticed and its connection forgotten."""

    async def scene() -> None:
        async with standing(tmp_path, "rcpt * hang", max_message_bytes=1_000) as stand:
            dialogue = await brought_to(Stage.RCPT, stand)
            dialogue.say(b"x" * 5_000_000)
            await asyncio.sleep(0.1)
            dialogue.hang_up()
            await asyncio.sleep(0.1)

            assert not stand.relay._conversations

    run(scene())
