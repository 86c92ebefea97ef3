"""A newsletter's logo is a file beside its newsletter.toml, and nothing else of the machine."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from PIL import Image

from mailer.domain.picture import parse_picture
from mailer.editorial.logo import LogoShelf

STORED = "0123456789abcdef-560x120.png"
THIN = "0123456789abcdef-560x1.png"


def saved(width: int, height: int) -> bytes:
    """Return a drawing of that size, half of it clear."""
    held = io.BytesIO()
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    image.paste((0, 66, 122, 255), (0, 0, width // 2, height))
    image.save(held, "PNG")
    return held.getvalue()


@pytest.fixture
def shelf(tmp_path: Path) -> LogoShelf:
    folder = tmp_path / "here"
    folder.mkdir()
    return LogoShelf(folder, {STORED, THIN}.__contains__)


@pytest.mark.parametrize(
    ("size", "expected"),
    [((2000, 400), (560, 112)), ((300, 600), (60, 120)), ((100, 50), (100, 50)), ((560, 120), (560, 120))],
)
def test_a_logo_is_made_small_once(
    tmp_path: Path, shelf: LogoShelf, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """Twice the size at which it is shown, never larger than it was, and the same name each time."""
    (tmp_path / "here" / "logo.png").write_bytes(saved(*size))

    names = {shelf.hang("logo.png"), shelf.hang("logo.png")}

    (name,) = names
    picture = parse_picture(name)
    assert (picture.width, picture.height) == expected
    assert list(shelf.pictures) == [name]


def test_a_logo_that_is_stored_keeps_its_name(shelf: LogoShelf) -> None:
    """What is exported can be imported, and nothing is stored again."""
    assert shelf.hang(f"media:{STORED}") == STORED
    assert shelf.pictures == {}


@pytest.mark.parametrize(
    ("logo", "expected"),
    [
        (
            f"media:{STORED.replace('0', '1')}",
            r"^is not stored here; write the name of a file beside this one$",
        ),
        ("media:../../etc/passwd", r"^is no picture of ours; write the name"),
        ("none.png", r"^is not there; save it beside this file, or correct the name$"),
        (".", r"^is no file; write a picture’s name$"),
        ("pipe.png", r"^is no file; write a picture’s name$"),
        ("device.png", r"^is outside this file’s folder"),
        ("line.png", r"^comes to 560 × 1 pixels, too few to be seen; save a larger or less narrow one"),
        ("post.png", r"^comes to 9 × 120 pixels, too few to be seen"),
        (f"media:{THIN}", r"^comes to 560 × 1 pixels, too few to be seen"),
        ("../out.png", r"^is outside this file’s folder; save it beside this file$"),
        ("link.png", r"^is outside this file’s folder"),
        ("/etc/passwd", r"^is outside this file’s folder"),
        ("logo.svg", r"^is an SVG drawing or a web page, which no mail program shows; save it as PNG$"),
        ("circle.png", r"^can’t be read; check its permissions, or save it again$"),
    ],
)
def test_a_logo_that_cant_be_used_says_why(
    tmp_path: Path, shelf: LogoShelf, logo: str, expected: str
) -> None:
    """No path leads out of the folder, and nothing is kept."""
    (tmp_path / "out.png").write_bytes(saved(10, 10))
    (tmp_path / "here" / "link.png").symlink_to(tmp_path / "out.png")
    (tmp_path / "here" / "circle.png").symlink_to(tmp_path / "here" / "circle.png")
    (tmp_path / "here" / "line.png").write_bytes(saved(5600, 10))
    (tmp_path / "here" / "post.png").write_bytes(saved(9, 120))
    os.mkfifo(tmp_path / "here" / "pipe.png")
    (tmp_path / "here" / "device.png").symlink_to("/dev/zero")
    (tmp_path / "here" / "logo.svg").write_text("<svg/>")

    with pytest.raises(ValueError, match=expected):
        shelf.hang(logo)

    assert shelf.pictures == {}
