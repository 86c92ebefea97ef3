"""A reader's page says what came back and what followed, and a wrong bounce is undone there."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import structlog

from mailer.domain.consequence import Effect
from mailer.domain.reply_class import Cause
from mailer.domain.returned_mail import MailKind
from tests.integration.web.returning import come_back
from tests.integration.web.staging import OPERATOR, READER, Stage, run, standing

UNDO = "Mail this reader again …"


def standings(stage: Stage) -> list[tuple[str]]:
    return stage.rows("SELECT standing FROM subscription")


def test_the_history_stands_in_plain_words(place: Path) -> None:
    """Newest first: what, why, the masked words, the rule, what followed; without the address."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await come_back(stage, Effect.STRIKE, cause=Cause.FULL, reply="552 full", evidence="text:full")
            stage.clock.now += timedelta(hours=1)
            await come_back(stage, Effect.NONE, kind=MailKind.AUTO_REPLY, cause=None, reply="", report_id=2)

            page = (await stage.press("/desk/reader", address=READER)).text

            first, second = re.findall(r"<li>(Mon \d+ Nov[^<]*)</li>", page)
            assert "issue 2: an answering machine, a holiday say. Nothing followed. Number 2." in first
            assert (
                "came back: the mailbox is full. The mail provider said: 552 full (judged by text:full)"
                in second
            )
            assert READER not in first + second
            assert UNDO not in page

    run(scene())


def test_a_wrong_bounce_is_undone_with_the_evidence_in_view(place: Path) -> None:
    """One page asks, and shows by what it was judged; then they are mailed again, and it says by whom."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = str(await come_back(stage, Effect.SUPPRESSED))
            assert standings(stage) == [("bounced",)]
            before = (await stage.press("/desk/reader", address=READER)).text

            with structlog.testing.capture_logs() as logs:
                asked = await stage.press("/desk/reader/undo", address=READER, number=number)
                unchanged = standings(stage)
                done = await stage.press("/desk/reader/undo/yes", address=READER, number=number)

            assert UNDO in before
            assert "user unknown &lt;b&gt;here&lt;/b&gt; (judged by text:no-mailbox)" in asked.text
            assert unchanged == [("bounced",)]
            assert standings(stage) == [("active",)]
            assert f"Taken back by {OPERATOR}, Mon 23 Nov 2026" in done.text
            assert UNDO not in done.text
            assert [(each["event"], each["operator"]) for each in logs] == [
                ("reader.bounce_undone", OPERATOR)
            ]
            assert READER not in str(logs)
            again = await stage.press("/desk/reader/undo/yes", address=READER, number=number)
            assert (again.status_code, "nothing to undo any more" in again.text) == (409, True)

    run(scene())


def test_nothing_else_is_undone(place: Path) -> None:
    """Neither by the number of something else, nor without one."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await come_back(stage, Effect.SUPPRESSED)
            for named in (str(number + 1), "", "x"):
                answer = await stage.press("/desk/reader/undo/yes", address=READER, number=named)
                assert answer.status_code == 409
            other = await stage.press("/desk/reader/undo/yes", address="a@example.org", number=str(number))
            assert other.status_code == 409
            assert standings(stage) == [("bounced",)]

    run(scene())


def test_who_complained_can_not_be_undone(place: Path) -> None:
    """They come back by signing up."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await come_back(stage, Effect.SUPPRESSED, kind=MailKind.COMPLAINT, cause=None)

            page = (await stage.press("/desk/reader", address=READER)).text

            assert "reported as spam. The mail provider said" in page
            assert UNDO not in page

    run(scene())
