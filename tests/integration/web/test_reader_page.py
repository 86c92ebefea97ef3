"""The desk's reader page: exact address in, what is known out; nothing of it in a URL, title or log."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from tests.integration.web.staging import OPERATOR, READER, run, standing

ASKED = "asked@example.org"


def title(page: str) -> str:
    return page.partition("<title>")[2].partition("</title>")[0]


def test_a_reader_is_found_by_the_exact_address(place: Path) -> None:
    """With standing, choices, consent and what became of the last mail."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            empty = await stage.client.get("/desk/reader")
            before = stage.contents()
            found = await stage.press("/desk/reader", address=READER.upper())

            assert "There is no list of readers" in empty.text
            assert "<h2" not in empty.text
            assert "belarus-weekly: subscribed, since 2026-11." in found.text
            assert "to version 2 of the words beside the button" in found.text
            assert "belarus-weekly, 2026-W47: still to be sent." in found.text
            assert "Send one mail to confirm now" not in found.text
            assert (title(found.text), found.headers["cache-control"]) == ("A reader · mailer", "no-store")
            assert READER not in str(found.url)
            assert stage.contents() == before

    run(scene())


def test_an_unknown_address_has_the_same_answer(place: Path) -> None:
    """The same headings under one more sentence, and nothing to press."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            found = await stage.press("/desk/reader", address=READER)
            unknown = await stage.press("/desk/reader", address="nobody@example.org")

            assert (unknown.status_code, found.status_code) == (200, 200)
            assert "Nothing is known of this address." in unknown.text
            headings = [re.findall("<h3>(.*?)</h3>", each.text) for each in (found, unknown)]
            assert headings[0] == headings[1] != []
            assert "/reader/send" not in unknown.text
            assert "/reader/erase" not in unknown.text

    run(scene())


@pytest.mark.parametrize("typed", ["", "someone", "a@example.org b@example.org", "x" * 300, "<b>@</b>"])
@pytest.mark.parametrize("path", ["", "/send", "/erase", "/erase/yes"])
def test_what_is_no_address_is_asked_again(place: Path, typed: str, path: str) -> None:
    """Nothing happens, and what was typed is not repeated."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before = stage.contents()
            answer = await stage.press(f"/desk/reader{path}", address=typed)

            assert answer.status_code == 422
            assert 'role="alert"' in answer.text
            assert typed not in answer.text or not typed
            assert stage.contents() == before

    run(scene())


def test_one_mail_is_sent_and_the_log_says_who_sent_it(place: Path) -> None:
    """The name of the operator and no address; a second press is refused and logged by nobody."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            await stage.sign_up(ASKED)
            await stage.decide()
            stage.clock.now += timedelta(hours=1)
            card = await stage.press("/desk/reader", address=ASKED)
            with structlog.testing.capture_logs() as logged:
                sent = await stage.press("/desk/reader/send", address=ASKED)
                again = await stage.press("/desk/reader/send", address=ASKED)

            assert "Send one mail to confirm now" in card.text
            assert "One mail to confirm is on its way" in sent.text
            assert (again.status_code, "in the last five minutes" in again.text) == (409, True)
            assert stage.rows("SELECT count(*) FROM letter_count WHERE kind = 'confirm'") == [(2,)]
            assert stage.woken[-1] == stage.clock.now
            assert logged == [{"event": "reader.asked_again", "operator": OPERATOR, "log_level": "info"}]

    run(scene())


def test_erasing_takes_two_presses(place: Path) -> None:
    """The first only asks; the second erases, is logged, and the page shows no address any more."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before = stage.contents()
            asked = await stage.press("/desk/reader/erase", address=READER)
            assert stage.contents() == before
            with structlog.testing.capture_logs() as logged:
                erased = await stage.press("/desk/reader/erase/yes", address=READER, keeps_block="yes")
                await stage.press("/desk/reader/erase/yes", address=READER)

            assert "This can’t be undone" in asked.text
            assert "Erased: nothing that is stored here" in erased.text
            assert READER not in erased.text
            assert stage.rows("SELECT count(*) FROM reader") == [(0,)]
            assert stage.rows("SELECT reason FROM suppression") == [("blocked",)]
            assert logged == [{"event": "reader.erased", "operator": OPERATOR, "log_level": "info"}]

    run(scene())
