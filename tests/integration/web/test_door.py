"""The desk is shut to whoever has not logged in, and to forms that are not its own."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mailer.editorial.operators import set_password
from mailer.web.app import create_app
from tests.integration.web.staging import BASE, FORM, OPERATOR, Stage, run, standing

PASSWORD = "correct horse battery"
LOOPBACK = "http://127.0.0.1:8080"
POSTS = [
    "/desk/logout",
    "/desk/newsletters/belarus-weekly/build",
    "/desk/issues/1/approve",
    "/desk/issues/1/cancel",
    "/desk/issues/1/pause",
    "/desk/issues/1/resume",
    "/desk/issues/1/build",
    "/desk/texts",
    "/desk/sending",
    "/desk/reader",
    "/desk/reader/send",
    "/desk/reader/erase",
    "/desk/reader/erase/yes",
    "/desk/reader/undo",
    "/desk/reader/undo/yes",
    "/desk/returned/guards/1/apply",
    "/desk/returned/guards/1/dismiss",
    "/desk/returned/proposals/1/unsubscribe",
    "/desk/returned/proposals/1/keep",
    "/desk/returned/letters/1/done",
]
GETS = [
    "/desk",
    "/desk/",
    "/desk/issues/1",
    "/desk/issues/1/progress",
    "/desk/issues/1/approve",
    "/desk/issues/1/cancel",
    "/desk/issues/1/editions/be",
    "/desk/issues/1/editions/be/sandbox",
    "/desk/texts",
    "/desk/sending",
    "/desk/reader",
    "/desk/returned",
    "/desk/returned/guards/1",
    "/desk/returned/letters/1",
    "/desk/issues/1/returned",
    "/desk/nothing",
    "/desk/outbox",
]
FOREIGN = {
    "origin": {"Origin": "https://evil.example.org"},
    "other port": {"Origin": f"{BASE}:8443"},
    "null": {"Origin": "null"},
    "nonsense": {"Origin": "weekly.example.org"},
    "broken": {"Origin": "http://["},
    "empty": {"Origin": ""},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site", "Origin": BASE},
    "none": {"Sec-Fetch-Site": "none"},
}


async def typed(stage: Stage, password: str, **fields: str) -> httpx.Response:
    data = {"name": OPERATOR, "password": password, **fields}
    return await stage.client.post("/desk/login", data=data, headers={"Origin": BASE})


def test_every_post_of_the_desk_is_tried_here(place: Path) -> None:
    """The list above is whole."""

    async def scene() -> set[str]:
        async with standing(place) as stage:
            routes = [
                route for route in create_app(stage.site).routes if "POST" in getattr(route, "methods", ())
            ]
            return {getattr(route, "path", "") for route in routes}

    patterns = {path for path in run(scene()) if path.startswith("/desk/") and path != "/desk/login"}

    assert patterns == {path.replace("/1/", "/{id}/").replace("belarus-weekly", "{slug}") for path in POSTS}


@pytest.mark.parametrize("path", GETS)
def test_a_stranger_is_led_to_the_login(place: Path, path: str) -> None:
    """Whether there is such a page or not; what stood there is asked for again after the login."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.get(path)

            assert answer.status_code == 303
            assert answer.headers["location"].startswith("/desk/login")
            assert answer.headers["cache-control"] == "no-store"
            assert answer.content == b""

    run(scene())


def test_a_fragment_without_a_session_leads_the_whole_page_to_the_login(place: Path) -> None:
    """The login must not be shown inside the page."""

    async def scene() -> None:
        async with standing(place) as stage:
            answer = await stage.client.get("/desk/issues/1/progress", headers={"HX-Request": "true"})

            assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/desk/login")

    run(scene())


def test_a_post_that_is_not_the_desks_own_changes_nothing(place: Path) -> None:
    """Without a session, with one that has ended, without the form's token, from another site."""

    async def scene() -> None:
        async with standing(place) as stage:
            before = stage.contents()
            for path in POSTS:
                answer = await stage.press(path)
                assert (answer.status_code, answer.headers["location"][:11]) == (303, "/desk/login")
            assert stage.contents() == before

            await stage.log_in()
            before = stage.contents()
            for path in POSTS:
                assert (await stage.client.post(path)).status_code == 403
                assert (await stage.press(path, form_token="other token")).status_code == 403
                for headers in FOREIGN.values():
                    answer = await stage.client.post(path, data={"form_token": "form token"}, headers=headers)
                    assert answer.status_code == 403
            assert stage.contents() == before

            stage.clock.now += timedelta(hours=12)
            assert (await stage.press(POSTS[2])).headers["location"] == "/desk/login"
            assert stage.contents() == before

    run(scene())


@pytest.mark.parametrize("cookie", ["", "x", "x" * 5000, "токен", "form token", "%00"])
def test_a_strange_cookie_opens_nothing(place: Path, cookie: str) -> None:
    """Whatever it holds."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            stage.client.cookies.clear()
            header = b"__Host-mailer_session=" + cookie.encode()
            answer = await stage.client.get("/desk/", headers=[(b"cookie", header)])

            assert answer.headers["location"] == "/desk/login"

    run(scene())


@pytest.mark.parametrize(
    ("base", "name", "flags"),
    [(BASE, "__Host-mailer_session", {"Secure"}), (LOOPBACK, "mailer_session", set())],
)
def test_logging_in_and_out(place: Path, base: str, name: str, flags: set[str]) -> None:
    """The cookie no script can read, of which the database holds a hash; logging out ends it everywhere."""

    async def scene() -> None:
        async with standing(place, base=base) as stage:
            await set_password(stage.site.database, OPERATOR, PASSWORD)
            data = {"name": OPERATOR, "password": PASSWORD, "next": "/desk/issues/1"}
            answer = await stage.client.post("/desk/login", data=data, headers={"Origin": base})

            assert (answer.status_code, answer.headers["location"]) == (303, "/desk/issues/1")
            cookie = answer.headers["set-cookie"]
            attributes = set(cookie.split("; ")[1:])
            assert attributes == {"HttpOnly", "Max-Age=43200", "Path=/", "SameSite=lax"} | flags
            value = cookie.removeprefix(f"{name}=").partition(";")[0]
            ((stored,),) = stage.rows("SELECT token_hash FROM desk_session")
            assert bytes(stored) == hashlib.sha256(value.encode()).digest()

            front = (await stage.client.get("/desk/")).text
            assert (await stage.client.get("/desk/login")).headers["location"] == "/desk/"
            (token, *_) = re.findall(r'name="form_token" value="([^"]+)"', front)
            left = await stage.client.post("/desk/logout", data={"form_token": token})
            assert left.headers["location"] == "/desk/login"
            assert stage.rows("SELECT * FROM desk_session") == []
            old = {"cookie": f"{name}={value}"}
            assert (await stage.client.get("/desk/", headers=old)).status_code == 303

    run(scene())


def test_a_wrong_password_says_nothing(place: Path) -> None:
    """Unknown name, wrong password and too early a try have the same answer, and set no cookie."""

    async def scene() -> None:
        async with standing(place) as stage:
            await set_password(stage.site.database, OPERATOR, PASSWORD)
            wrong = await typed(stage, "wrong")
            early = await typed(stage, PASSWORD)
            unknown = await stage.client.post("/desk/login", data={"name": OPERATOR[::-1], "password": "x"})
            stage.clock.now += timedelta(seconds=1)

            assert {each.status_code for each in (wrong, early, unknown)} == {403}
            assert wrong.text == early.text == unknown.text.replace(OPERATOR[::-1], OPERATOR)
            assert "set-cookie" not in early.headers
            assert (await typed(stage, PASSWORD)).status_code == 303

    run(scene())


def test_a_login_form_of_another_site_is_not_looked_at(place: Path) -> None:
    """Not even the right password counts."""

    async def scene() -> None:
        async with standing(place) as stage:
            await set_password(stage.site.database, OPERATOR, PASSWORD)
            before = stage.contents()
            data = {"name": OPERATOR, "password": PASSWORD}
            for headers in FOREIGN.values():
                assert (await stage.client.post("/desk/login", data=data, headers=headers)).status_code == 403
            assert stage.contents() == before

    run(scene())


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example.org/",
        "//evil.example.org",
        "/desk/../en/",
        "/desk/./x",
        "/desk//x",
        "/en/",
        "/desk/\r\nX: y",
        "\\",
    ],
)
def test_the_login_leads_to_the_desk_alone(place: Path, wanted: str) -> None:
    """Whatever a link to it says."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await stage.client.get("/desk/login", params={"next": wanted})

            assert re.findall(r'name="next" value="([^"]*)"', page.text) == ["/desk/"]

    run(scene())


def test_before_the_first_operator_the_login_says_what_to_do(place: Path) -> None:
    """The command, and no door."""

    async def scene() -> None:
        async with standing(place) as stage:
            page = await stage.client.get("/desk/login")

            assert "mailer operator password NAME" in page.text
            for body in (b"\xff", b"name=%00&password=%00"):
                answer = await stage.client.post("/desk/login", content=body, headers={"content-type": FORM})
                assert answer.status_code == 403

    run(scene())


def test_the_desk_may_run_its_own_script_and_nothing_else(place: Path) -> None:
    """The policy of every page: no words of a page are ever run, no other site is asked."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            for path in ("/desk/", "/desk/issues/1", "/desk/nothing-at-all", "/desk/issues/9"):
                answer = await stage.client.get(path)
                policy = answer.headers["content-security-policy"]
                assert policy.startswith("default-src 'none'; ")
                assert "unsafe" not in policy
                assert answer.headers["cache-control"] == "no-store"
            assert (
                "script-src 'self'; connect-src 'self'"
                in (await stage.client.get("/desk/")).headers["content-security-policy"]
            )

    run(scene())
