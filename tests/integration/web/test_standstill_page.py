"""The desk says why sending stands still, and lets an operator go on."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from tests.integration.web.staging import MONDAY, Stage, run, standing

MONDAY_MS = int(MONDAY.timestamp() * 1000)
HALT = f"INSERT INTO halt VALUES (2, '{{group}}', 'dot', '550 <b>spam</b>', {MONDAY_MS})"
DAY = f"INSERT INTO lane VALUES ('', 0, {MONDAY_MS}, {MONDAY_MS + 3_600_000})"


async def change(stage: Stage, statement: str) -> None:
    await stage.site.database.write(lambda tx: tx.execute(text(statement)))


@pytest.mark.parametrize("page", ["/desk/issues/2", "/desk/issues/2/progress"])
def test_an_issue_says_why_a_group_of_it_stands_still(place: Path, page: str) -> None:
    """With the other side's words, harmless, and both buttons: the rest is still being sent."""

    async def scene() -> None:
        async with standing(place, relay="smtp.example.org, port 587") as stage:
            await stage.log_in()
            assert "times in a row" not in (await stage.client.get(page)).text
            await change(stage, HALT.format(group="gmail"))

            words = (await stage.client.get(page)).text

            assert "gmail refused us five times in a row: “550 &lt;b&gt;spam&lt;/b&gt;”" in words
            assert "/desk/issues/2/resume" in words
            assert "/desk/issues/2/pause" in words

    run(scene())


def test_pressing_go_on_ends_it(place: Path) -> None:
    """The sender is woken, and the page is as before."""

    async def scene() -> None:
        async with standing(place, relay="smtp.example.org, port 587") as stage:
            await stage.log_in()
            await change(stage, HALT.format(group="gmail"))

            answer = await stage.press("/desk/issues/2/resume")

            assert answer.status_code == 303
            assert stage.woken
            assert "times in a row" not in (await stage.client.get("/desk/issues/2")).text

    run(scene())


def test_a_used_up_day_says_when_it_goes_on(place: Path) -> None:
    """By the newsletter's clock."""

    async def scene() -> None:
        async with standing(place, relay="smtp.example.org, port 587") as stage:
            await stage.log_in()
            await change(stage, DAY)

            words = (await stage.client.get("/desk/issues/2")).text

            assert "sending goes on by itself on Mon 23 Nov at 10:00 (Europe/Warsaw)" in words

    run(scene())
