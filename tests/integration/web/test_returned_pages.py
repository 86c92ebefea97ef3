"""Returned mail on the desk: what waits is decided with the evidence in view, and no page names a reader."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mailer.domain.consequence import Effect
from mailer.domain.returned_mail import MailKind
from tests.integration.web.returning import ask_to_leave, begin_guard, come_back, take
from tests.integration.web.staging import READER, Stage, run, standing

TAG = re.compile(r"<[^>]*>")


async def seen(stage: Stage, path: str) -> str:
    """Return the words of a page."""
    answer = await stage.client.get(path)
    assert answer.status_code == 200, answer.text
    return " ".join(TAG.sub(" ", answer.text).split())


def effects(stage: Stage) -> list[str]:
    return [str(each) for (each,) in stage.rows("SELECT effect FROM consequence ORDER BY id")]


def reader_standing(stage: Stage) -> str:
    ((found,),) = stage.rows("SELECT standing FROM subscription")
    return str(found)


def test_nothing_waits(place: Path) -> None:
    """The page says so, and leads to what came back of each issue that went out."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()

            words = await seen(stage, "/desk/returned")

            assert "Waiting for you Nothing." in words
            assert "By issue November 16–22, 2026 Belarus Weekly" in words

    run(scene())


def test_a_guard_is_shown_with_its_evidence(place: Path) -> None:
    """Who says what of how many, masked and harmless; both answers are buttons of forms."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await come_back(stage, Effect.HELD)
            number = await begin_guard(stage)

            overview = await seen(stage, "/desk/returned")
            page = (await stage.client.get(f"/desk/returned/guards/{number}")).text

            assert "Smaller mail providers: “no such mailbox” too often 12.0 % of its copies" in overview
            assert "60 of 500 copies" in " ".join(TAG.sub(" ", page).split())
            assert "Came back: there is no such mailbox" in page
            assert "‹…›: user unknown &lt;b&gt;here&lt;/b&gt;" in page
            assert "It waits for fewer than 10 readers." in page
            assert f'action="/desk/returned/guards/{number}/dismiss"' in page

    run(scene())


def test_a_handful_is_not_counted_out(place: Path) -> None:
    """Neither as a number nor as a share, by which it could be worked out."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await come_back(stage, Effect.HELD)
            number = await begin_guard(stage, hard_count=7)

            for path in ("/desk/", "/desk/returned", f"/desk/returned/guards/{number}"):
                page = (await seen(stage, path)).lower()

                assert "fewer than 10 of" in page
                assert "1.4 %" not in page

    run(scene())


@pytest.mark.parametrize(
    ("answer", "effect", "follows"),
    [("apply", "suppressed", "bounced"), ("dismiss", "none", "active")],
)
def test_a_guard_is_decided(place: Path, answer: str, effect: str, follows: str) -> None:
    """Believed or not: the readers follow, who decided is kept, and the guard waits no more."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await come_back(stage, Effect.HELD)
            number = await begin_guard(stage)

            pressed = await stage.press(f"/desk/returned/guards/{number}/{answer}")

            assert (pressed.status_code, pressed.headers["location"]) == (303, "/desk/returned")
            assert (effects(stage), reader_standing(stage)) == ([effect], follows)
            assert stage.rows("SELECT ended_by FROM guard") == [("anna",)]
            assert (await stage.client.get(f"/desk/returned/guards/{number}")).status_code == 404
            assert (await stage.press(f"/desk/returned/guards/{number}/{answer}")).status_code == 409

    run(scene())


def test_a_proposal_shows_the_sentence_without_the_address(place: Path) -> None:
    """Only the sentence that asks, harmless, on a page that names nobody."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await ask_to_leave(stage)

            page = (await stage.client.get("/desk/returned")).text

            assert "Please unsubscribe ‹…› &lt;b&gt;now&lt;/b&gt;." in page
            assert "I moved" not in page
            assert READER not in page

    run(scene())


@pytest.mark.parametrize(
    ("answer", "effect", "follows"),
    [("unsubscribe", "unsubscribed", "unsubscribed"), ("keep", "none", "active")],
)
def test_a_proposal_is_one_press(place: Path, answer: str, effect: str, follows: str) -> None:
    """Either way; who wrote leaves with the goodbye, or stays."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await ask_to_leave(stage)

            pressed = await stage.press(f"/desk/returned/proposals/{number}/{answer}")

            assert pressed.status_code == 303
            assert (effects(stage), reader_standing(stage)) == ([effect], follows)
            assert "Somebody wrote" not in await seen(stage, "/desk/returned")

    run(scene())


def test_an_issue_shows_what_came_back(place: Path) -> None:
    """By provider and reason in plain words; a handful of readers is no number."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await take(stage, 2_000)
            await come_back(stage, Effect.SUPPRESSED)
            await come_back(stage, Effect.NONE, kind=MailKind.AUTO_REPLY, cause=None)

            words = await seen(stage, "/desk/issues/2/returned")

            assert "English, smaller mail providers 2,000 fewer than 10 0 0 fewer than 10 0" in words
            assert "There is no such mailbox fewer than 10 0" in words
            assert "Do not mail since then: fewer than 10 readers." in words

    run(scene())


def test_nothing_is_decided_without_the_form(place: Path) -> None:
    """A form from elsewhere, or without its token, changes nothing; nor does looking."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            number = await ask_to_leave(stage)
            guard = await begin_guard(stage)
            paths = [f"/desk/returned/proposals/{number}/{each}" for each in ("unsubscribe", "keep")]
            paths += [f"/desk/returned/guards/{guard}/{each}" for each in ("apply", "dismiss")]
            before = stage.contents()

            for path in paths:
                assert (await stage.client.post(path, data={"form_token": "other"})).status_code == 403
                assert (await stage.client.get(path)).status_code in (404, 405)

            assert stage.contents() == before

    run(scene())
