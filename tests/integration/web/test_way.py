"""The reader's way: sign up, confirm, read, leave; and looking at a link never takes a step."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from statistics import median

import httpx
import pytest

from tests.integration.web.staging import FORM, READER, SLUG, Stage, run, standing

ONE_CLICK = b"List-Unsubscribe=One-Click"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n'


def standing_of(stage: Stage) -> object:
    return stage.rows("SELECT standing FROM subscription ORDER BY reader_id")[-1][0]


@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_the_way_in_and_out(place: Path, lang: str) -> None:
    """Form, letter, button, welcome; then one press and goodbye."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.sign_up("new@example.org", lang, missing="leave-out")
            assert len(stage.rows("SELECT id FROM signup_request")) == 1
            assert await stage.decide() == 1
            assert standing_of(stage) == "pending"
            assert stage.rows("SELECT language, missing_choice FROM reader")[-1] == (lang, "leave-out")

            confirmed = await stage.client.post(f"/{lang}/confirm/{await stage.secret()}")
            assert (confirmed.status_code, standing_of(stage)) == (200, "active")

            left = await stage.client.post(f"/u/{stage.token(letter=True)}")
            assert (left.status_code, standing_of(stage)) == (200, "unsubscribed")
            kinds = [kind for (kind,) in stage.rows("SELECT kind FROM letter ORDER BY id")]
            assert kinds[-3:] == ["confirm", "welcome", "goodbye"]
            # By the confirmation and the goodbye: sign-ups are looked for, and set nothing off.
            assert len(stage.woken) == 2

    run(scene())


def test_known_and_unknown_addresses_get_the_same_answer(place: Path) -> None:
    """Active, pending, left, never seen: the same status, bytes and headers, in about the same time."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.sign_up("pending@example.org")
            await stage.subscribe("left@example.org")
            await stage.client.post(f"/u/{stage.token()}")
            answers: dict[str, httpx.Response] = {}
            times: dict[str, list[float]] = {}
            for _ in range(9):
                for who in (READER, "pending@example.org", "left@example.org", "never@example.org"):
                    began = time.perf_counter()
                    answers[who] = await stage.sign_up(who)
                    times.setdefault(who, []).append(time.perf_counter() - began)

            assert len({(a.status_code, a.content, str(a.headers)) for a in answers.values()}) == 1
            assert "example.org" not in answers[READER].text
            typical = [median(of_one) for of_one in times.values()]
            assert max(typical) < 3 * min(typical) + 0.01

    run(scene())


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(ONE_CLICK, FORM), (MULTIPART, "multipart/form-data; boundary=b"), (b"", "")],
)
def test_one_click_needs_nothing_but_the_link(place: Path, content: bytes, media_type: str) -> None:
    """RFC 8058: a bare POST, no cookie, no redirect, 200 at once; the copies still queued are left out."""

    async def scene() -> None:
        async with standing(place) as stage:
            headers = {"Content-Type": media_type} if media_type else {}

            answer = await stage.client.post(f"/u/{stage.token()}", content=content, headers=headers)

            assert (answer.status_code, answer.history, standing_of(stage)) == (200, [], "unsubscribed")
            assert {state for (state,) in stage.rows("SELECT state FROM delivery")} == {"skipped"}
            assert [by for (by,) in stage.rows("SELECT unsubscribed FROM delivery WHERE issue_id = 1")] == [1]

    run(scene())


def test_leaving_twice_is_as_good_as_once(place: Path) -> None:
    """The second press changes nothing, and refers to the mail for second thoughts."""

    async def scene() -> None:
        async with standing(place) as stage:
            token = stage.token()
            first = await stage.client.post(f"/u/{token}")
            before = stage.contents()

            second = await stage.client.post(f"/u/{token}")

            assert (first.status_code, second.status_code) == (200, 200)
            assert stage.contents() == before
            assert "/be/back/" in first.text
            assert second.text == (await stage.client.get(f"/u/{token}?done")).text
            assert "<form" not in second.text

    run(scene())


@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_the_goodbye_undoes_a_leaving(place: Path, lang: str) -> None:
    """A page with one button, and the reader is back; later the same link says how to sign up."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.subscribe("back@example.org", lang)
            await stage.client.post(f"/u/{stage.token()}")
            back = f"/{lang}/back/{await stage.secret('goodbye')}"
            looked, before = await stage.client.get(back), stage.contents()
            assert (looked.status_code, looked.text.count("<button")) == (200, 1)
            assert stage.contents() == before

            pressed = await stage.client.post(back)

            assert (pressed.status_code, standing_of(stage)) == (200, "active")
            assert (await stage.client.get(back)).text == pressed.text
            stage.clock.now += timedelta(days=14, seconds=1)
            late = await stage.client.get(back)
            assert (late.status_code, f"/{lang}/#subscribe" in late.text) == (410, True)

    run(scene())


@pytest.mark.parametrize("query", ["", "?lang=ru", "?done"])
def test_looking_at_an_unsubscribe_link_tells_nothing(place: Path, query: str) -> None:
    """Subscribed or left, whatever language was chosen: who has a forwarded issue sees the same page."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.subscribe("watched@example.org", "be")
            link = f"/u/{stage.token()}"
            before = await stage.client.get(f"{link}{query}")

            await stage.client.post(link)
            after = await stage.client.get(f"{link}{query}")

            assert (after.status_code, after.text) == (200, before.text)
            assert after.text.count('<form action="/u/') == (0 if query == "?done" else 1)

    run(scene())


def test_the_page_of_an_unsubscribe_link_speaks_the_browsers_language(place: Path) -> None:
    """Not the reader's, which is nobody else's business; the switch goes before."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.subscribe("by@example.org", "be")
            url, english = f"/u/{stage.token()}", {"Accept-Language": "en"}

            assert '<html lang="en">' in (await stage.client.get(url, headers=english)).text
            assert '<html lang="ru">' in (await stage.client.get(f"{url}?lang=ru", headers=english)).text
            assert '<html lang="en">' in (await stage.client.get(f"{url}?lang=xx", headers=english)).text

    run(scene())


def test_a_form_sent_in_parts_is_taken(place: Path) -> None:
    """Whoever builds their own form may choose the encoding."""

    async def scene() -> None:
        async with standing(place) as stage:
            fields = {
                "address": (None, "new@example.org"),
                "newsletter": (None, SLUG),
                "language": (None, "en"),
            }

            answer = await stage.client.post("/en/subscribe", files=fields)
            await stage.decide()

            assert answer.status_code == 200
            assert (await stage.client.get(f"/en/confirm/{await stage.secret()}")).status_code == 200

    run(scene())


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("be", "частка спасылкі згубілася. Адкрыйце яе з ліста яшчэ раз"),
        ("ru", "часть ссылки потерялась. Откройте её из письма ещё раз"),
        ("en", "a part of it was cut off. Open it from the mail again"),
    ],
)
def test_a_confirm_link_that_was_cut_off_says_so(place: Path, lang: str, said: str) -> None:
    """Mail programs break long links; the reader learns what to do, and the whole link still works."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.sign_up("new@example.org", lang)
            await stage.decide()
            url = f"/{lang}/confirm/{await stage.secret()}"

            cut = await stage.client.get(url[:-5])

            assert (cut.status_code, said in cut.text) == (410, True)
            assert (await stage.client.get(url)).status_code == 200

    run(scene())


def test_a_link_confirms_once_and_in_time(place: Path) -> None:
    """Pressed again it was used; after three days it confirms nothing; one never ours shows the box."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.sign_up("late@example.org")
            await stage.decide()
            url = f"/en/confirm/{await stage.secret()}"
            stage.clock.now += timedelta(hours=72, seconds=1)
            late = [await stage.client.get(url), await stage.client.post(url)]
            never = await stage.client.post("/en/confirm/never-ours")
            assert [answer.status_code for answer in (*late, never)] == [410] * 3
            assert [f'<form action="{url}/again"' in answer.text for answer in late] == [True, True]
            assert '<form action="/en/subscribe"' in never.text
            assert standing_of(stage) == "pending"

            stage.clock.now -= timedelta(hours=1)
            first, before = await stage.client.post(url), stage.contents()
            second = await stage.client.post(url)

            assert (first.status_code, second.status_code, standing_of(stage)) == (200, 410, "active")
            assert "This link has been used" in second.text
            assert stage.contents() == before

    run(scene())


@pytest.mark.parametrize("lang", ["be", "ru", "en"])
def test_a_late_link_is_exchanged_by_one_press(place: Path, lang: str) -> None:
    """The answer is that to a sign-up, whatever the link was worth; only the late one sends a mail."""

    async def scene() -> None:
        async with standing(place) as stage:
            signed_up = await stage.sign_up("late@example.org", lang)
            await stage.decide()
            early = await stage.secret()
            stage.clock.now += timedelta(hours=72, seconds=1)
            await stage.sign_up("other@example.org", lang)
            await stage.decide()
            fresh = await stage.secret()

            answers = [
                await stage.client.post(f"/{lang}/confirm/{secret}/again")
                for secret in (fresh, "never-ours", early, early)
            ]

            assert {(each.status_code, each.text) for each in answers} == {(200, signed_up.text)}
            assert await stage.decide() == 2
            kinds = [kind for (kind,) in stage.rows("SELECT kind FROM letter ORDER BY id")]
            assert kinds.count("confirm") == 4  # the reader of the whole site is the first
            dead = await stage.client.get(f"/{lang}/confirm/{early}")
            assert '<form action="/' in dead.text
            assert "/again" not in dead.text
            await stage.client.post(f"/{lang}/confirm/{await stage.secret()}")
            assert stage.rows("SELECT standing FROM subscription WHERE reader_id = 2") == [("active",)]

    run(scene())


def test_looking_changes_nothing(place: Path) -> None:
    """GET and HEAD of every link leave every row of every table as it is; one POST does not."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.sign_up("new@example.org")
            await stage.decide()
            confirm, leave = f"/en/confirm/{await stage.secret()}", f"/u/{stage.token(letter=True)}"
            paths = [
                "/",
                "/be/",
                "/ru/subscribe",
                "/ru/check-mail",
                "/ru/embed?address=new%40example.org",
                f"{confirm}/again",
                "/api/subscribe",
                f"/en/{SLUG}/2026-W47",
                f"/en/{SLUG}/2026-W01",
                confirm,
                leave,
                f"{leave}?List-Unsubscribe=One-Click",
                "/u/nothing",
                "/robots.txt",
                "/static/site.css",
            ]
            woken, before = len(stage.woken), stage.contents()

            for path in paths:
                for method in ("GET", "HEAD"):
                    answer = await stage.client.request(method, path)
                    assert answer.status_code <= 405
                    assert answer.content == b"" or method == "GET"

            assert stage.contents() == before
            assert len(stage.woken) == woken
            await stage.client.post(confirm)
            assert stage.contents() != before

    run(scene())


def test_no_address_is_stored_in_plain(place: Path) -> None:
    """The database holds what was typed only sealed, whatever became of it."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.subscribe("plain-sight@example.org")
            await stage.sign_up("plain-sight@example.org")

    run(scene())

    stored = b"".join(path.read_bytes() for path in place.glob("mailer.db*"))
    assert READER.encode() not in stored
    assert b"plain-sight" not in stored
