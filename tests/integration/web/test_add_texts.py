"""“Add texts”: the same checks and sentences as the command, all or none, whatever is sent."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from mailer.editorial.folder import read_files
from mailer.errors import InputError
from mailer.storage import commentaries
from tests.integration.web.staging import LATEST, SLUG, Stage, run, standing

TEXT = """\
---
week: 2026-W47
topic: west
language: be
trend: improved
headline: A new headline
state: ready
---
A new body.
"""
TAG = re.compile(r"<[^>]*>")
HOSTILE: dict[str, list[tuple[str, bytes]]] = {
    "no file": [],
    "empty": [("west.be.md", b"")],
    "not UTF-8": [("west.be.md", TEXT.replace("new", "нова").encode("cp1251"))],
    "unknown topic": [("a.md", TEXT.replace("topic: west", "topic: wset").encode())],
    "unknown language": [("a.md", TEXT.replace("language: be", "language: by").encode())],
    "no week": [("a.md", TEXT.replace("2026-W47", "2026-W77").encode())],
    "trend": [("a.md", TEXT.replace("improved", "improves").encode())],
    "other trend than stored": [("a.md", TEXT.encode())],
    "twice": [("a.md", TEXT.encode()), ("b.md", TEXT.encode())],
    "script": [("<script>alert(1)</script>.md", b"<script>alert(1)</script>")],
    "picture": [("a.png", b"\x89PNG")],
    "no zip": [("a.zip", b"no zip")],
    "bomb": [("a.zip", b"")],
    "too many": [(f"{n}.md", b"x") for n in range(201)],
    "far too many": [(f"{n}.md", b"x") for n in range(1001)],
    "one wrong among right ones": [("west.be.md", TEXT.encode()), ("russia.be.md", b"nothing")],
}


def zipped(*entries: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return held.getvalue()


HOSTILE["bomb"] = [("a.zip", zipped(*((f"{n}.md", b"x" * 999_000) for n in range(50))))]


async def upload(stage: Stage, files: list[tuple[str, bytes]], week: str = "2026-W47") -> httpx.Response:
    sent: list[tuple[str, Any]] = [("files", (name, content)) for name, content in files]
    sent = sent or [("files", ("", b""))]
    return await stage.client.post("/desk/texts", data={"form_token": "form token", "week": week}, files=sent)


def test_texts_are_taken_and_listed(place: Path) -> None:
    """New, changed and as it was; the clock looks at once."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            stored = await stage.site.database.read(lambda tx: commentaries.find(tx, SLUG, "west", LATEST))
            assert stored is not None
            assert stored.trend is not None
            text = TEXT.replace("improved", stored.trend)
            other = text.replace("topic: west\nlanguage: be\nweek: 2026-W47\n", "").replace("W47", "W48")
            archive = zipped(
                ("2026-W47/west.be.md", text.encode()), ("new/west.ru.md", other.replace("be", "ru").encode())
            )

            first = await upload(stage, [("texts.zip", archive)])
            again = await upload(stage, [("west.be.md", text.encode())])

            words = " ".join(TAG.sub(" ", first.text).split())
            assert first.status_code == 200
            assert "2 texts taken" in words
            assert (
                "Relations with the West, Belarusian A new headline November 16–22, 2026 changed, ready"
                in words
            )
            assert "Relations with the West, Russian A new headline November 23–29, 2026 new, ready" in words
            assert "See the issue of November 16–22, 2026" in words
            assert "as it was, ready" in again.text
            assert len(stage.rung) == 2
            rows = stage.rows("SELECT body FROM commentary_text WHERE headline = 'A new headline'")
            assert rows == [("A new body.",)] * 2

    run(scene())


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_upload_changes_nothing(place: Path, name: str) -> None:
    """A page that says what is wrong, nothing stored, nothing run."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before = stage.contents()
            answer = await upload(stage, HOSTILE[name])

            assert answer.status_code in {400, 422}
            assert "<script>alert" not in answer.text
            assert len(answer.content) < 100_000
            if answer.status_code == 422:
                assert "Nothing was taken." in answer.text
            assert stage.contents() == before

    run(scene())


def png(colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(held, "PNG")
    return held.getvalue()


@pytest.mark.parametrize("way", ["zip", "several files"])
def test_pictures_come_with_their_texts(place: Path, way: str) -> None:
    """They are named in what is stored, and served; once more changes nothing."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            text = TEXT.replace("trend: improved\n", "").replace("A new body.", "![](map.png)")
            files = [("w.md", text.encode()), ("map.png", png())]
            sent = [("a.zip", zipped(*files))] if way == "zip" else files

            first = await upload(stage, sent)
            again = await upload(stage, sent)

            words = " ".join(TAG.sub(" ", first.text).split())
            assert "1 text taken" in words
            assert "1 picture taken with it." in words
            assert "nothing says what “map.png” shows" in words
            assert "as it was, ready" in again.text
            ((body,),) = stage.rows("SELECT body FROM commentary_text WHERE headline = 'A new headline'")
            name = body.removeprefix("![](media:").removesuffix(")")
            picture = await stage.client.get(f"/media/{name}")
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")

    run(scene())


def test_a_refused_picture_keeps_the_text_out(place: Path) -> None:
    """File, line and picture are named; nothing is stored, and no picture is kept."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before, kept = stage.contents(), list(stage.site.media.folder.iterdir())
            text = TEXT.replace("A new body.", "![A](a.png)\n\n![B](b.png)")

            answer = await upload(stage, [("w.md", text.encode()), ("a.png", png()), ("b.png", b"<svg/>")])

            words = " ".join(unescape(TAG.sub("", answer.text)).split())
            assert answer.status_code == 422
            assert "w.md, line 11: the picture “b.png” is an SVG drawing or a web page" in words
            assert stage.contents() == before
            assert list(stage.site.media.folder.iterdir()) == kept

    run(scene())


def test_the_sentences_are_those_of_the_command(place: Path) -> None:
    """Each with file and line."""
    files = [("2026-W47/west.be.md", TEXT.replace("improved", "improves").encode()), ("x.md", b"\xcf\xf0")]
    with pytest.raises(InputError) as refused:
        read_files(files)

    async def scene() -> str:
        async with standing(place) as stage:
            await stage.log_in()
            return (await upload(stage, [("a.zip", zipped(*files))])).text

    page = " ".join(unescape(TAG.sub("", run(scene()))).split())

    assert len(refused.value.problems) == 2
    for problem in refused.value.problems:
        assert " ".join(str(problem).split()) in page


@pytest.mark.parametrize("week", ["x", "2026-W77", "<script>", "\x00", "9" * 300])
def test_a_strange_week_is_refused(place: Path, week: str) -> None:
    """With the sentence, and nothing stored."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            answer = await upload(stage, [("west.be.md", TEXT.encode())], week=week)

            assert answer.status_code == 422
            assert "is not a week" in answer.text
            assert "<script>" not in answer.text

    run(scene())


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/desk/texts", 21_300_000, 413),
        ("/desk/texts", 20_900_000, 422),
        ("/desk/issues/2/pause", 70_000, 413),
    ],
)
def test_only_this_form_may_be_large(place: Path, path: str, size: int, status: int) -> None:
    """Up to 21 MB here, 64 kB elsewhere."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before = stage.contents()
            files = {"files": ("a.md", b"x" * size)}
            answer = await stage.client.post(path, data={"form_token": "form token"}, files=files)

            assert (answer.status_code, stage.contents()) == (status, before)

    run(scene())


@pytest.mark.parametrize(
    "body", [b"", b"--x", b"--x\r\n\r\n", b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n"]
)
def test_a_broken_form_changes_nothing(place: Path, body: bytes) -> None:
    """Neither an error of ours nor a change."""

    async def scene() -> None:
        async with standing(place) as stage:
            await stage.log_in()
            before = stage.contents()
            headers = {"content-type": "multipart/form-data; boundary=x"}
            answer = await stage.client.post("/desk/texts", content=body, headers=headers)

            assert (answer.status_code in {400, 403}, stage.contents()) == (True, before)

    run(scene())
