"""Forms on other sites and programs: the same rules, and nothing is stored without a press on our page."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.web.api.subscribe import Unreadable, read_json
from tests.integration.web.staging import READER, SLUG, run, standing

FOREIGN = {"Sec-Fetch-Site": "cross-site", "Origin": "https://news.example.com"}
SIGN_UP = {"address": "new@example.org", "newsletters": [SLUG], "language": "be"}


@pytest.mark.parametrize("path", ["/be/embed", "/be/subscribe"])
def test_a_form_elsewhere_stores_nothing(place: Path, path: str) -> None:
    """It shows our box filled in; its button is what counts. Our own address for forms does the same."""

    async def scene() -> None:
        async with standing(place) as stage:
            before = stage.contents()

            typed = {"newsletter": SLUG, "address": "new@example.org", "language": "ru", "missing": "be"}
            answer = await stage.client.post(path, data=typed, headers=FOREIGN)

            assert (answer.status_code, stage.contents(), stage.woken) == (200, before, [])
            assert 'type="email" value="new@example.org"' in answer.text
            assert re.findall(r'value="(\w+)" selected', answer.text) == ["ru", "be"]
            assert '<form action="/be/subscribe" method="post"' in answer.text

    run(scene())


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_elsewhere_can_not_press_our_button(place: Path, site: str) -> None:
    """Neither on another domain nor on a neighbour of ours; our own form and an old browser's are taken."""

    async def scene() -> None:
        async with standing(place) as stage:
            typed = {"newsletter": SLUG, "address": "new@example.org", "language": "en"}
            for headers in ({"Sec-Fetch-Site": site}, {"Sec-Fetch-Site": "same-origin"}, {}):
                await stage.client.post("/en/subscribe", data=typed, headers=headers)

            assert len(stage.rows("SELECT id FROM signup_request")) == 2

    run(scene())


def test_an_address_in_a_link_is_not_read(place: Path) -> None:
    """It would stand in logs and histories; the page then shows an empty box."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.get("/en/embed", params={"address": "new@example.org"})

            assert (answer.status_code, "new@example.org" in answer.text) == (200, False)
            assert 'type="email" value=""' in answer.text

    run(scene())


def test_what_a_form_elsewhere_says_is_shown_harmlessly(place: Path) -> None:
    """Markup stays words, and choices that the box does not offer fall away."""

    async def scene() -> None:
        async with standing(place) as stage:
            typed = {"newsletter": "<b>", "address": '"><script>alert(1)</script>', "language": "xx"}

            answer = await stage.client.post("/en/embed", data=typed)

            assert "<script" not in answer.text
            assert "<b>" not in answer.text

    run(scene())


def test_a_program_gets_one_answer_for_every_address(place: Path) -> None:
    """202 and the same bytes for a reader and for somebody new; the sign-up is decided like any other."""

    async def scene() -> None:
        async with standing(place) as stage:
            asked = [{**SIGN_UP, "address": address} for address in (READER, "new@example.org")]
            answers = [await stage.client.post("/api/subscribe", json=each) for each in asked]

            assert {(each.status_code, each.content, str(each.headers)) for each in answers} == {
                (202, answers[0].content, str(answers[0].headers))
            }
            assert "set-cookie" not in answers[0].headers
            assert await stage.decide() == 2
            newest = stage.rows("SELECT kind FROM letter ORDER BY id DESC LIMIT 2")
            assert newest == [("confirm",), ("already",)]

    run(scene())


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"address": "nobody"}, "address"),
        ({"address": 7}, "address"),
        ({"address": "a@example.org, b@example.org"}, "address"),
        ({"newsletters": []}, "newsletters"),
        ({"newsletters": "belarus-weekly"}, "newsletters"),
        ({"newsletters": ["other"]}, "newsletters"),
        ({"language": "xx"}, "language"),
        ({"language": None}, "language"),
        ({"missing": "hide"}, "missing"),
    ],
)
def test_a_program_is_told_what_to_mend(place: Path, change: dict[str, Any], word: str) -> None:
    """One sentence that names the field and repeats nothing of what was sent."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.post("/api/subscribe", json={**SIGN_UP, **change})

            assert (answer.status_code, f"“{word}”" in answer.json()["error"]) == (422, True)
            assert "example.org" not in answer.text.replace("name@example.org", "")
            assert stage.rows("SELECT id FROM signup_request") == []

    run(scene())


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_page_elsewhere_can_not_send_json(place: Path, media_type: str) -> None:
    """What a browser sends without asking first is refused, and when it asks, nobody lets it in."""

    async def scene() -> None:
        async with standing(place) as stage:
            sent = await stage.client.post(
                "/api/subscribe", content=orjson.dumps(SIGN_UP), headers={"Content-Type": media_type}
            )
            asking = {**FOREIGN, "Access-Control-Request-Method": "POST"}
            asked = await stage.client.options("/api/subscribe", headers=asking)

            assert (sent.status_code, asked.status_code) == (415, 405)
            assert [name for name in (*sent.headers, *asked.headers) if name.startswith("access-")] == []
            assert stage.rows("SELECT id FROM signup_request") == []

    run(scene())


@given(st.binary() | st.recursive(st.none() | st.text(), st.lists).map(orjson.dumps))
def test_any_body_is_json_or_refused(body: bytes) -> None:
    """Bytes of any kind do nothing else."""
    with suppress(Unreadable):
        assert all(isinstance(value, str) for value in read_json(body).values())
