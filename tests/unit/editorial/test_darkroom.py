"""A text's pictures come in with it: found beside it, made ready, named in the stored text."""

from __future__ import annotations

import contextlib
import io
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mailer.domain.picture import SCHEME, parse_picture
from mailer.editorial.darkroom import MOST_IN_A_TEXT
from mailer.editorial.folder import ReadFiles, read_files, read_paths
from mailer.editorial.picture_file import make_picture
from mailer.errors import InputError

HEAD = "---\nheadline: H\n---\n"


def png(colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (30, 20), colour).save(held, "PNG")
    return held.getvalue()


def write(folder: Path, body: str, name: str = "2026-W47/west.be.md") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + body, "utf-8")
    return path


def put(folder: Path, name: str, content: bytes | None = None) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(png() if content is None else content)
    return path


def body_of(read: ReadFiles) -> str:
    (file,) = read.files
    return file.text.body


def problem_of(*paths: Path) -> str:
    with pytest.raises(InputError) as refused:
        read_paths(paths)
    (problem,) = refused.value.problems
    return f"line {problem.line}: {problem.message}"


def test_a_picture_beside_a_text_is_named_in_what_is_stored(tmp_path: Path) -> None:
    """Words and caption stay, the file stays, and the picture's bytes come with the texts."""
    path = write(tmp_path, 'Words\n\n![A map](map.png "Caption")')
    put(tmp_path, "2026-W47/map.png")
    before = path.read_bytes()

    read = read_paths([tmp_path])

    ((name, content),) = read.pictures.items()
    assert body_of(read) == f'Words\n\n![A map]({SCHEME}{name} "Caption")'
    assert parse_picture(name).width == 30
    assert content.startswith(b"\x89PNG")
    assert path.read_bytes() == before
    assert read.notes == ()


def test_reading_again_gives_the_same(tmp_path: Path) -> None:
    """So importing again changes nothing; three languages that show one map have one picture."""
    for language in ("be", "ru", "en"):
        write(tmp_path, "![A map](map.png)", f"2026-W47/west.{language}.md")
    put(tmp_path, "2026-W47/map.png")

    first, second = read_paths([tmp_path]), read_paths([tmp_path])

    assert first == second
    assert len(first.pictures) == 1
    assert len({file.text.body for file in first.files}) == 1


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("map.png", "map.png"),
        ("pictures/map.png", "pictures/map.png"),
        ("pictures/map.png", r"<pictures\map.png>"),
        ("pictures/map.png", "./pictures/map.png"),
        ("my map.png", "<my map.png>"),
        ("my map.png", "my%20map.png"),
        ("100%.png", "100%.png"),
        ("Карта граніцы.png", "<Карта граніцы.png>"),
        (unicodedata.normalize("NFD", "Край/й.png"), "Край/й.png"),
    ],
)
def test_a_picture_is_found(tmp_path: Path, name: str, address: str) -> None:
    """Beside the text or below it, however its name is written, on the disk and in an upload."""
    text = write(tmp_path, f"![A map]({address})").read_bytes()
    put(tmp_path, f"2026-W47/{name}")

    on_disk = read_paths([tmp_path])
    uploaded = read_files([("2026-W47/west.be.md", text)], pictures={f"2026-W47/{name}": png()})

    assert len(on_disk.pictures) == 1
    assert body_of(on_disk) == body_of(uploaded)


OUTSIDE = [
    "../map.png",
    "x/../../map.png",
    "/map.png",
    "<C:\\map.png>",
    "file:///map.png",
    "..%2Fmap.png",
    "a&#10;b.png",
]


@pytest.mark.parametrize("address", [*OUTSIDE, "data:image/png;base64,iVBORw0KGgo="])
def test_a_picture_elsewhere_is_refused(tmp_path: Path, address: str) -> None:
    """A text can't publish a file of the machine by naming it, wherever it comes from."""
    text = write(tmp_path, f"Words\n\n![A map]({address})")
    put(tmp_path, "map.png")

    said = problem_of(tmp_path)

    assert said.startswith("line 6: the picture “")
    assert "is outside the text’s folder; save it beside the text" in said
    assert said.isprintable()
    with pytest.raises(InputError, match="is outside the text’s folder"):
        read_files(
            [("2026-W47/west.be.md", text.read_bytes())], pictures={"map.png": png(), "/map.png": png()}
        )


def test_a_link_may_not_lead_out(tmp_path: Path) -> None:
    """Neither as a file nor as a folder; one to a picture of the same import may stay."""
    put(tmp_path, "secret/map.png")
    inside = tmp_path / "texts"
    write(inside, "![A map](out.png)")
    (inside / "2026-W47" / "out.png").symlink_to(tmp_path / "secret" / "map.png")
    assert "is a link that leads out of the folder" in problem_of(inside)

    write(inside, "![A map](folder/map.png)")
    (inside / "2026-W47" / "folder").symlink_to(tmp_path / "secret")
    assert "is a link that leads out of the folder" in problem_of(inside)

    write(inside, "![A map](near.png)")
    put(inside, "shared/map.png")
    (inside / "2026-W47" / "near.png").symlink_to(inside / "shared" / "map.png")
    assert len(read_paths([inside]).pictures) == 1
    assert "is a link that leads out" in problem_of(inside / "2026-W47" / "west.be.md")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A pipe would be waited for without end."""
    write(tmp_path, "![A map](map.png)")
    os.mkfifo(tmp_path / "2026-W47" / "map.png")
    assert "is no file" in problem_of(tmp_path)

    write(tmp_path, "![A map](folder)")
    (tmp_path / "2026-W47" / "folder").mkdir()
    assert "is no file" in problem_of(tmp_path)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "![A map](nap.png)",
            "line 4: the picture “nap.png” is not there (did you mean “map.png”?); save it",
        ),
        ("![A map](broken.jpg)", "line 4: the picture “broken.jpg” is an SVG drawing or a web page"),
        ("\n\nWords\n![A map]()", "line 7: this picture has no name"),
        (
            f"![A map]({SCHEME}0123456789abcdef-1x1.png)",
            "line 4: “media:0123456789abcdef-1x1.png” is not stored",
        ),
        ("![A map](my map.png)", "line 4: “my map.png” would not be seen as a picture"),
        ("![A](map.png)" * (MOST_IN_A_TEXT + 1), "line 4: 21 pictures are too many for one text"),
    ],
)
def test_a_problem_names_line_and_picture(tmp_path: Path, body: str, said: str) -> None:
    """And what to do; a .jpg that is a page is one too."""
    write(tmp_path, body)
    put(tmp_path, "2026-W47/map.png")
    put(tmp_path, "2026-W47/broken.jpg", b"<html>")

    assert problem_of(tmp_path).startswith(said)


def test_one_bad_picture_keeps_all_texts_out(tmp_path: Path) -> None:
    """Each problem is said, with the others of the import."""
    write(tmp_path, "![A](a.png) ![B](b.png)")
    write(tmp_path, "![C](c.png)", "2026-W47/west.ru.md")
    write(tmp_path, "Words", "2026-W47/west.en.md")

    with pytest.raises(InputError) as refused:
        read_paths([tmp_path])

    assert len(refused.value.problems) == 3


def test_a_stored_picture_may_be_named() -> None:
    """As it stands in a text that was copied from here."""
    name = "0123456789abcdef-1x1.png"
    text = ("2026-W47/west.be.md", f"{HEAD}![A map]({SCHEME}{name})".encode())

    read = read_files([text], holds={name}.__contains__)

    assert body_of(read) == f"![A map]({SCHEME}{name})"
    assert read.pictures == {}


def test_what_readers_would_miss_is_noted(tmp_path: Path) -> None:
    """A picture without words, and one on another site; the text is taken all the same."""
    write(tmp_path, "![](map.png)\n\n![A map](https://example.org/map.png)")
    put(tmp_path, "2026-W47/map.png")

    read = read_paths([tmp_path])

    assert [(note.line, note.message.split(",")[0]) for note in read.notes] == [
        (4, "nothing says what “map.png” shows"),
        (6, "“https://example.org/map.png” lies on another site"),
    ]
    assert body_of(read).endswith("![A map](https://example.org/map.png)")


@settings(deadline=None)  # a picture that is met takes a process
@given(st.text(alphabet="![]()<>:\\`./%&#;2Fab\n", max_size=40), st.text(alphabet="./\\%ab", max_size=8))
def test_any_text_raises_only_the_stated_error(body: str, address: str) -> None:
    """And shows nothing but what came with it."""
    text = ("2026-W47/west.be.md", f"{HEAD}![x]({address})\n{body}".encode())

    with contextlib.suppress(InputError):
        read = read_files(
            [text], pictures={"2026-W47/a": png(), "2026-W47/a/b": png("blue"), "b": png("lime")}
        )
        assert set(read.pictures) <= {make_picture(png(colour)).picture.name for colour in ("red", "blue")}
