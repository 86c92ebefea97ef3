"""The desk's first page says what of returned mail can't wait; an issue's page says what came back."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind
from tests.integration.web.returning import another_copy, ask_to_leave, begin_guard, come_back, take
from tests.integration.web.staging import Stage, run, standing

COMPLAINT: dict[str, Any] = {"kind": MailKind.COMPLAINT, "cause": None, "evidence": "complaint:abuse"}
TAG = re.compile(r"<[^>]*>")


async def seen(stage: Stage, path: str) -> str:
    answer = await stage.client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(TAG.sub(" ", answer.text).split())


def test_what_waits_is_said_on_the_first_page(place: Path) -> None:
    """A guard with its figures, and that somebody asks to leave; nothing while nothing waits."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before = await seen(stage, "/desk/")
            await begin_guard(stage, "gmail")
            await ask_to_leave(stage)

            after = await seen(stage, "/desk/")

            assert "no such mailbox" not in before
            assert "November 16–22, 2026 : Gmail said “no such mailbox” of 60 of 500 copies." in after
            assert "One mail asks you to unsubscribe somebody" in after

    run(scene())


@pytest.mark.parametrize(("taken", "said"), [(2_000, ""), (1_000, "More than 1 of 1,000 readers"), (600, "")])
def test_too_many_complaints_are_an_alarm(place: Path, taken: int, said: str) -> None:
    """Above the bounds of Gmail and Yahoo, of an issue that is large enough to say so; for two weeks."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await take(stage, taken)
            await come_back(stage, Effect.NONE, **COMPLAINT)
            await come_back(stage, Effect.NONE, reader_id=await another_copy(stage), **COMPLAINT)

            words = await seen(stage, "/desk/")
            stage.clock.now += timedelta(days=15)
            await stage.log_in()
            later = await seen(stage, "/desk/")

            assert ("reported it as spam" in words) is bool(said)
            assert said in words
            assert "reported it as spam" not in later

    run(scene())


def test_an_issue_says_what_came_back(place: Path) -> None:
    """Beside the copies accounted for, in words that point at nobody."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await take(stage, 50)
            before = await seen(stage, "/desk/issues/2")
            await come_back(stage, Effect.SUPPRESSED)
            await come_back(stage, Effect.NONE, **COMPLAINT)

            after = await seen(stage, "/desk/issues/2")

            assert "came back" not in before
            assert "taken by the mail provider 50 50" in after
            assert "fewer than 10 came back later and fewer than 10 were reported as spam." in after

    run(scene())
