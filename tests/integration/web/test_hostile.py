"""Whatever a stranger sends, a clear page comes back: never an error trace, never 500."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.web.staging import BASE, FORM, READER, SLUG, Stage, copied, run, standing

TARGETS = [
    ("GET", "/%00"),
    ("GET", "/be/%00/2026-W47"),
    ("GET", f"/be/{SLUG}/%00"),
    ("GET", f"/be/{SLUG}/2026-W47%00"),
    ("GET", "/xx/"),
    ("GET", "/be"),
    ("GET", "/be//"),
    ("GET", f"/%FF%FE/{SLUG}/2026-W47"),
    ("GET", f"/be/{SLUG}/{'9' * 5000}"),
    ("GET", f"/be/{SLUG}/9999-W53"),
    ("GET", f"/be/{SLUG}/0001-01-01..9999-12-31"),
    ("GET", "/u/%00"),
    ("GET", "/u/" + "A" * 36),
    ("GET", "/u/" + "A" * 60_000),
    ("GET", "/u/" + quote("ўўў")),
    ("GET", "/u/a%2Fb"),
    ("POST", "/u/%00"),
    ("POST", "/u/" + "A" * 36),
    ("GET", "/be/confirm/%00"),
    ("GET", "/be/confirm/" + "A" * 60_000),
    ("POST", "/be/confirm/%ff"),
    ("GET", "/xx/confirm/abc"),
    ("POST", "/xx/confirm/abc"),
    ("POST", "/xx/subscribe"),
    ("POST", "/xx/embed"),
    ("GET", "/xx/check-mail"),
    ("POST", "/xx/confirm/abc/again"),
    ("GET", "/be/confirm/%00/again"),
    ("GET", "/static/../app.py"),
    ("GET", "/static/%2e%2e%2fapp.py"),
    ("GET", "/static/app.py"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("DELETE", "/be/"),
    ("PUT", "/u/abc"),
    ("BREW", "/"),
    ("POST", "/"),
]


@pytest.fixture(scope="module")
def read_only_place(built_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy for the tests that store nothing."""
    return copied(built_site, tmp_path_factory.mktemp("hostile"))


@pytest.mark.parametrize(("method", "path"), TARGETS, ids=lambda value: str(value)[:40])
def test_a_strange_address_is_no_page(read_only_place: Path, method: str, path: str) -> None:
    """404, 405 or 410, as a page of ours with all its headers, without what was asked in it."""

    async def scene() -> None:
        async with standing(read_only_place) as stage:
            answer = await stage.client.request(method, path)

            assert answer.status_code in {404, 405, 410}
            assert "<h1" in answer.text
            assert "Traceback" not in answer.text
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["referrer-policy"] == "no-referrer"

    run(scene())


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"", FORM, 422),
        (b"\xff\xfe\x00", FORM, 422),
        (b"address=%00%ff&newsletter=%00&language=%00", FORM, 422),
        (b"newsletter=belarus-weekly&address=" + b"a" * 60_000, FORM, 422),
        (b"&" * 60_000, FORM, 422),
        (b"newsletter=belarus-weekly&address=a@example.org&address=b", FORM, 422),
        (b'{"address": "a@example.org"}', "application/json", 422),
        (b"--b\r\n", "multipart/form-data; boundary=b", 422),
        (b"--b", "multipart/form-data; boundary=\xc3\xa9; charset=unicode_escape", 422),
        (b"address=a@example.org" + b"&x=" + b"y" * 65_536, FORM, 413),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_strange_form_stores_nothing(
    read_only_place: Path, content: bytes, media_type: str, status: int
) -> None:
    """422 with the box again, or 413; no row is written and nobody is woken."""

    async def scene() -> None:
        async with standing(read_only_place) as stage:
            before = stage.contents()

            answer = await stage.client.post(
                "/en/subscribe",
                content=content,
                headers=httpx.Headers({b"Content-Type": media_type.encode("latin-1")}),
            )

            assert answer.status_code == status
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert (stage.contents(), stage.woken) == (before, [])

    run(scene())


@pytest.mark.parametrize(
    "path", ["/u/{token}", "/en/subscribe", "/en/embed", "/en/confirm/x", "/en/confirm/x/again"]
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_64_kb_is_refused(place: Path, path: str, announced: bool) -> None:  # noqa: FBT001 - a table
    """413 whether its length is announced or not, and nothing was done."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * 8192

    async def scene() -> None:
        async with standing(place) as stage:
            before = stage.contents()
            body = b"x" * 9 * 8192 if announced else chunks()

            answer = await stage.client.post(path.format(token=stage.token()), content=body)

            assert answer.status_code == 413
            assert "content-security-policy" in answer.headers
            assert stage.contents() == before

    run(scene())


def test_what_was_typed_comes_back_as_words(read_only_place: Path) -> None:
    """Markup in the address field is shown, not obeyed."""

    async def scene() -> None:
        async with standing(read_only_place) as stage:
            html = (await stage.sign_up('"><script>alert(1)</script>')).text

            assert "<script" not in html
            assert 'value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"' in html

    run(scene())


def test_without_a_database_people_are_told(read_only_place: Path, tmp_path: Path) -> None:
    """503 with a plain page and when to come back; the headers are there too."""

    async def scene() -> None:
        async with standing(copied(read_only_place, tmp_path)) as stage:
            (tmp_path / "mailer.db").write_bytes(b"no database" * 1000)
            for path in ("/be/", f"/be/{SLUG}/2026-W47", "/be/confirm/x"):
                answer = await stage.client.get(path)

                assert (answer.status_code, answer.headers["retry-after"]) == (503, "300")
                assert "Нешта не працуе на нашым баку" in answer.text
                assert "content-security-policy" in answer.headers

    run(scene())


def test_an_error_of_ours_is_a_page_too(read_only_place: Path) -> None:
    """A fault nobody foresaw shows no trace; whoever runs the server finds it in the log."""

    async def scene() -> None:
        async with standing(read_only_place, raise_errors=False) as stage:
            broken = stage.client
            stage.clock.fault = ZeroDivisionError("a@example.org")

            answer = await broken.get("/en/confirm/x")

            assert answer.status_code == 500
            assert "Something does not work on our side" in answer.text
            assert "example.org" not in answer.text.replace("weekly.example.org", "")
            assert "content-security-policy" in answer.headers

    run(scene())


@dataclass
class Visitor:
    """A stage on an event loop of its own, for tests that ask many times."""

    stage: Stage
    runner: asyncio.Runner

    def ask(self, method: str, path: str, *, content: bytes = b"", headers: dict[str, str]) -> httpx.Response:
        """Send one request."""
        return self.runner.run(
            self.stage.client.request(method, BASE + path, content=content, headers=headers)
        )


@pytest.fixture(scope="module")
def visitor(read_only_place: Path) -> Iterator[Visitor]:
    """One site for many questions."""
    with asyncio.Runner() as runner:
        opened = standing(read_only_place)
        yield Visitor(runner.run(opened.__aenter__()), runner)
        runner.run(opened.__aexit__(None, None, None))


words = st.text(max_size=30)
segments = st.one_of(
    st.sampled_from(["be", "ru", "en", "u", "confirm", "subscribe", SLUG, "2026-W47", "static", "desk", ""]),
    words,
)
slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@slow
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT"]),
    path=st.lists(segments, max_size=5),
    query=words,
    accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30),
)
def test_any_address_has_an_answer(
    visitor: Visitor, method: str, path: list[str], query: str, accept: str
) -> None:
    """Path, query and header of any kind: some page, never an error."""
    target = "/" + "/".join(quote(segment, safe="", errors="replace") for segment in path)

    answer = visitor.ask(
        method, f"{target}?lang={quote(query, errors='replace')}", headers={"Accept-Language": accept}
    )

    assert answer.status_code < 500


@slow
@given(
    content=st.binary(max_size=300),
    media_type=st.sampled_from([FORM, "multipart/form-data; boundary=b", "x"]),
)
def test_any_form_has_an_answer(visitor: Visitor, content: bytes, media_type: str) -> None:
    """Bytes of any kind in the subscribe box, in a form elsewhere, or from a program."""
    headers = {"Content-Type": media_type}
    answers = [
        visitor.ask("POST", path, content=content, headers=headers)
        for path in ("/be/subscribe", "/be/embed", "/api/subscribe")
    ]

    assert [answer.status_code for answer in answers] == [422, 200, 415]


@slow
@given(address=words, language=words, missing=words)
def test_any_words_in_the_box_have_an_answer(
    visitor: Visitor, address: str, language: str, missing: str
) -> None:
    """Taken, or the box again."""
    fields = {"newsletter": SLUG, "address": address, "language": language, "missing": missing}
    body = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in fields.items())

    assert visitor.ask(
        "POST", "/be/subscribe", content=body.encode(), headers={"Content-Type": FORM}
    ).status_code in {
        200,
        422,
    }


def test_nothing_is_logged_of_a_reader(
    place: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither address nor token nor secret, whatever happens."""
    caplog.set_level("DEBUG")
    secrets: list[str] = [READER, "new@example.org", "not-an-address"]

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.subscribe("new@example.org")
            await stage.sign_up("not-an-address")
            secrets.extend([stage.token(), await stage.secret()])
            await stage.client.post("/en/embed", data={"address": "new@example.org"})
            program = {"address": "new@example.org", "newsletters": [SLUG], "language": "en"}
            await stage.client.post("/api/subscribe", json=program)
            confirm = f"/en/confirm/{secrets[-1]}"
            for path in (f"/u/{secrets[-2]}", confirm, f"{confirm}/again"):
                await stage.client.get(path)
                await stage.client.post(path)

    run(scene())

    # The client of this test, which is not ours, logs what it asks for.
    ours = [record for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    said = "\n".join(str(record.getMessage()) for record in ours) + "".join(capfd.readouterr())
    assert [secret for secret in secrets if secret in said] == []
