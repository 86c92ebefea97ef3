"""What operators see and do: plain words, every copy accounted for, one release however often they press."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from mailer.delivery.fence import Fence
from mailer.domain.issue import IssueState
from mailer.domain.trend import Trend
from mailer.editorial import draft
from mailer.editorial.sample import sample_newsletter
from mailer.storage import commentaries
from tests.integration.web.staging import EARLIER, LATEST, READER, SLUG, Stage, run, standing

BEFORE = EARLIER.previous
TAG = re.compile(r"<[^>]*>")


async def seen(stage: Stage, path: str) -> str:
    """Return the words of a page."""
    answer = await stage.client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(TAG.sub(" ", answer.text).split())


async def drafted(stage: Stage, *, topic: str = "", missing: str = "") -> int:
    """Build an issue of the week before both, with the latest texts; *missing* is a language of *topic*."""

    def work(tx: object) -> None:
        for each in commentaries.of_period(tx, SLUG, LATEST):  # type: ignore[arg-type]
            texts = {
                language: text
                for language, text in each.texts.items()
                if (each.topic, language) != (topic, missing)
            }
            moved = type(each)(each.topic, BEFORE, Trend.UNCHANGED, texts)
            commentaries.save(tx, SLUG, moved)  # type: ignore[arg-type]

    await stage.site.database.write(work)
    built = await draft.build(stage.site.database, sample_newsletter(), BEFORE, words={}, now=stage.clock())
    return built.issue.id


def state(stage: Stage, issue_id: int) -> str:
    ((found,),) = stage.rows(f"SELECT state FROM issue WHERE id = {issue_id}")
    return str(found)


def test_the_first_page_accounts_for_every_copy(place: Path) -> None:
    """Each issue with its state and books in plain words, what comes next, and no word of ours."""

    async def scene() -> None:
        async with standing(place, relay="smtp.example.org, port 587") as stage:
            await stage.log_in()
            words = await seen(stage, "/desk/")

            assert "Mail leaves through smtp.example.org, port 587." in words
            assert "Nothing leaves this machine" not in words
            assert "November 16–22, 2026 sending" in words
            assert "taken by the mail provider 0 0 still to be sent 1 1 will try again 0 0" in words
            assert "readers in all 1 1" in words
            assert "Tue 24 Nov, 12:00 (Europe/Warsaw) After this no copy is sent any more" in words
            assert "It is due, once you have approved it (November 23–29)" in words
            assert not re.search("chunk|inflight|skeleton|deferred|relay|operator", words, re.IGNORECASE)

    run(scene())


def test_no_page_shows_an_address(place: Path) -> None:
    """Neither of readers nor of those who were refused."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            draft_id = await drafted(stage)
            for path in (
                "/desk/", "/desk/issues/1", f"/desk/issues/{draft_id}", f"/desk/issues/{draft_id}/approve",
                "/desk/issues/1/editions/en?show=text", "/desk/issues/1/progress", "/desk/texts",
            ):  # fmt: skip
                page = (await stage.client.get(path)).text
                assert READER not in page
                assert "@" not in page.replace("weekly@example.org", "")

    run(scene())


def test_a_draft_says_what_is_missing(place: Path) -> None:
    """The grid, what holds it with the line to add, and an approval that is not offered."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await drafted(stage, topic="west", missing="be")
            words = await seen(stage, f"/desk/issues/{number}")
            asked = await seen(stage, f"/desk/issues/{number}/approve")
            pressed = await stage.press(f"/desk/issues/{number}/approve")

            assert "waiting for you" in words
            assert "West has no ready text in be." in words
            assert "add the line “missing.be: leave-out” or “missing.be: en” or “missing.be: ru”" in words
            assert re.search("Relations with the West ○ missing ● ready ● ready", words)
            assert "It can’t be sent yet" in asked
            assert "<button>Approve" not in asked
            assert (pressed.status_code, state(stage, number)) == (422, IssueState.DRAFT)

    run(scene())


def test_a_draft_is_approved_once(place: Path) -> None:
    """Two presses at the same moment: one release, one copy for each reader, and the second is told so."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await drafted(stage)
            asked = await seen(stage, f"/desk/issues/{number}/approve")
            path = f"/desk/issues/{number}/approve"
            answers = await asyncio.gather(stage.press(path), stage.press(path))
            later = await stage.press(path)

            assert "It goes to 1 reader." in asked
            assert sorted(answer.status_code for answer in answers) == [303, 409]
            told = next(answer for answer in [*answers, later] if answer.status_code == 409)
            assert "This issue is released already" in told.text
            assert later.status_code == 409
            assert stage.rows(f"SELECT count(*) FROM delivery WHERE issue_id = {number}") == [(1,)]
            assert stage.woken != []
            assert "(rehearsal)" in await seen(stage, f"/desk/issues/{number}")

    run(scene())


def test_pause_go_on_and_cancel(place: Path) -> None:
    """Each by one button; what is not possible is said and changes nothing."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            for verb, after in (("pause", "paused"), ("resume", "released"), ("cancel", "cancelled")):
                answer = await stage.press(f"/desk/issues/2/{verb}")
                assert (answer.headers["location"], state(stage, 2)) == ("/desk/issues/2", after)
            for verb in ("pause", "resume", "cancel", "build", "approve"):
                answer = await stage.press(f"/desk/issues/2/{verb}")
                assert (answer.status_code, state(stage, 2)) == (409, "cancelled")
            words = await seen(stage, "/desk/issues/2")
            assert "cancelled" in words
            assert "left out 1 1" in words

    run(scene())


def test_an_issue_that_missed_its_time_is_sent_anyway(place: Path) -> None:
    """With a new deadline, after the same question."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await drafted(stage)
            await stage.site.database.write(
                lambda tx: tx.exec_driver_sql(f"UPDATE issue SET state = 'expired' WHERE id = {number}")
            )
            assert "missed its time" in await seen(stage, f"/desk/issues/{number}")
            assert "Its time has passed" in await seen(stage, f"/desk/issues/{number}/approve")

            await stage.press(f"/desk/issues/{number}/approve")

            ((found, deadline),) = stage.rows(f"SELECT state, deadline_at FROM issue WHERE id = {number}")
            assert (found, deadline > stage.clock().timestamp() * 1000) == ("released", True)

    run(scene())


def test_the_last_ended_week_is_put_together_by_a_button(place: Path) -> None:
    """Where there is no issue of it; again opens the same one."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await stage.site.database.write(
                lambda tx: tx.exec_driver_sql("UPDATE issue SET period = '2026-W40' WHERE id = 2")
            )
            assert "There is no issue for November 16–22, 2026 yet." in await seen(stage, "/desk/")

            places = [
                (await stage.press(f"/desk/newsletters/{SLUG}/build")).headers["location"] for _ in "ab"
            ]

            assert places == ["/desk/issues/3", "/desk/issues/3"]

    run(scene())


def test_editions_of_a_draft_are_rendered_and_of_a_release_frozen(place: Path) -> None:
    """Subject, text, and HTML that can do nothing; a draft follows its texts, a release does not."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await drafted(stage)
            page = await seen(stage, f"/desk/issues/{number}/editions/be")
            text = await seen(stage, f"/desk/issues/{number}/editions/be?show=text")
            mail = await stage.client.get(f"/desk/issues/{number}/editions/be/sandbox")
            frozen = await stage.client.get("/desk/issues/1/editions/en/sandbox")

            assert "2–8 лістапада" in page
            assert "лістапада" in text
            assert mail.headers["content-security-policy"].startswith("sandbox ")
            assert '<base target="_blank">' in mail.text
            ((html,),) = stage.rows(
                "SELECT html FROM edition WHERE issue_id = 1 AND plan LIKE 'en %' LIMIT 1"
            )
            assert frozen.text.replace('<base target="_blank">', "") == html

    run(scene())


@pytest.mark.parametrize(
    "path", ["9", "0", "x", "-1", "٣", "9" * 400, "1e3", "%00", "1/editions/xx", "1/nothing"]
)
def test_what_is_not_there_is_no_page(place: Path, path: str) -> None:
    """404 with a way back, whatever the number looks like."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            answer = await stage.client.get(f"/desk/issues/{path}")

            assert answer.status_code == 404
            assert "There is no such page" in answer.text

    run(scene())


def test_progress_stops_asking_when_all_is_sent(place: Path) -> None:
    """A part of the page that asks for itself while figures may change, and a link for who has no script."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            running = (await stage.client.get("/desk/issues/2/progress")).text
            await stage.site.database.write(
                lambda tx: tx.exec_driver_sql("UPDATE issue SET state = 'sent' WHERE id = 2")
            )
            ended = (await stage.client.get("/desk/issues/2/progress")).text
            page = (await stage.client.get("/desk/issues/2")).text

            assert running.startswith('<div id="progress">')
            assert 'hx-trigger="every 1s"' in running
            assert '<a href="/desk/issues/2">Refresh</a>' in running
            assert "hx-" not in ended
            assert "<script" not in page

    run(scene())


def test_a_restored_copy_warns_on_every_page_until_it_is_allowed(place: Path) -> None:
    """The sentence of the fence, and one button that opens it."""

    async def scene() -> None:
        async with standing(place) as stage:
            fence = Fence(stage.site.database, place, clock=stage.clock)
            await fence.look()
            object.__setattr__(stage.site, "fence", fence)
            await stage.log_in()
            for path in ("/desk/", "/desk/issues/1", "/desk/texts"):
                assert "Nothing is sent: " in await seen(stage, path)

            await stage.press("/desk/sending")

            assert fence.is_open
            assert "Nothing is sent" not in await seen(stage, "/desk/")

    run(scene())
