"""Whatever is uploaded becomes texts or one sentence: no path is followed, no bomb goes off."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.editorial.commentary_file import MAX_FILE_BYTES
from mailer.editorial.unpacking import MOST_BYTES, MOST_FILES, unpack
from mailer.errors import InputError

TEXT = b"---\nheadline: H\n---\nBody\n"


def zipped(*entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return held.getvalue()


def encrypted() -> bytes:
    held = bytearray(zipped(("a.md", TEXT)))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        held[held.index(mark) + offset] |= 1
    return bytes(held)


def lying_about_its_size() -> bytes:
    held = bytearray(zipped(("a.md", b"x" * 5_000_000)))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = held.index(mark) + offset
        held[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(held)


HOSTILE = {
    "nothing": ([], "no file was chosen"),
    "no name": ([("", TEXT)], "a name in it is empty"),
    "picture": ([("a.png", b"\x89PNG")], "no text was chosen"),
    "pictures": (
        [("a.png", bytes(11_000_000)), ("b.png", bytes(11_000_000)), ("a.md", TEXT)],
        "pictures .* 20 MB",
    ),
    "bomb of pictures": (
        [("a.zip", zipped(("a.md", TEXT), *((f"{n}.png", bytes(5_000_000)) for n in range(5))))],
        "pictures .* 20 MB",
    ),
    "one name twice": ([("a.md", TEXT), ("a.png", b"1"), ("a.png", b"2")], "two different pictures"),
    "picture from the root": (
        [("a.zip", zipped(("a.md", TEXT), ("/a.png", b"x")))],
        "leads out of its folder",
    ),
    "page": ([("a.html", b"<script>")], "neither a text"),
    "no zip": ([("a.zip", TEXT)], "damaged"),
    "cut zip": ([("a.zip", zipped(("a.md", TEXT * 99))[:-30])], "damaged"),
    "torn zip": (
        [("a.zip", zipped(("a.md", TEXT), method=zipfile.ZIP_STORED).replace(b"Body", b"Torn"))],
        "damaged",
    ),
    "empty zip": ([("a.zip", zipped())], "no file ending in .md"),
    "zip of pictures": ([("a.zip", zipped(("a.png", b"x")))], "no file ending in .md"),
    "zip in zip": ([("a.zip", zipped(("b.zip", zipped(("a.md", TEXT)))))], "no file ending in .md"),
    "upwards": ([("a.zip", zipped(("../a.md", TEXT)))], "leads out of its folder"),
    "upwards later": ([("a.zip", zipped(("x/../../a.md", TEXT)))], "leads out of its folder"),
    "upwards as on Windows": ([("a.zip", zipped(("x\\..\\..\\a.md", TEXT)))], "leads out of its folder"),
    "from the root": ([("a.zip", zipped(("/etc/a.md", TEXT)))], "leads out of its folder"),
    "a drive": ([("a.zip", zipped(("C:/a.md", TEXT)))], "leads out of its folder"),
    "line break": ([("a.zip", zipped(("a\nb.md", TEXT)))], "not printable"),
    "endless name": ([("a.zip", zipped(("a" * 300 + ".md", TEXT)))], "longer than 200"),
    "endless upload name": ([("a" * 300 + ".md", TEXT)], "longer than 200"),
    "locked": ([("a.zip", encrypted())], "locked by a password"),
    "too many": ([("a.md", TEXT)] * (MOST_FILES + 1), "201 files are too many"),
    "too many in a zip": ([("a.zip", zipped(*((f"{n}.md", b"") for n in range(201))))], "201 texts"),
    "endless entries": ([("a.zip", zipped(*((f"{n}", b"") for n in range(2001))))], "2000 entries"),
    "bomb": ([("a.zip", zipped(*((f"{n}.md", b"x" * 250_000) for n in range(50))))], "more than 10 MB"),
    "bombs": ([("a.zip", zipped(("a.md", b"x" * 250_000)))] * 50, "more than 10 MB"),
    "large": (
        [("a.md", b"x" * (MOST_BYTES // 2)), ("b.md", b"x" * (MOST_BYTES // 2 + 1))],
        "more than 10 MB",
    ),
    "lies": ([("a.zip", lying_about_its_size())], "damaged"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_upload_is_refused(name: str) -> None:
    """In one sentence that names the file and can be printed."""
    uploads, said = HOSTILE[name]

    with pytest.raises(InputError, match=said) as refused:
        unpack(uploads)

    assert len(refused.value.problems) == 1
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 600


def test_a_text_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    """No more than shows that it is too large; the check of each file then says so."""
    ((_, content),) = unpack([("a.zip", zipped(("a.md", b"x" * 50_000_000)))]).texts

    assert len(content) == MAX_FILE_BYTES + 1


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_a_zip_gives_its_files_with_their_folders(method: int) -> None:
    """Folders, notes, hidden files and what a Mac adds are passed over; Windows’ slashes are turned."""
    archive = zipped(
        ("2026-W47/", b""),
        ("2026-W47/russia.be.md", TEXT),
        ("2026-W47\\west.be.MD", TEXT),
        ("README.md", b"notes"),
        (".hidden/a.md", b""),
        ("2026-W47/.a.md", b""),
        ("__MACOSX/2026-W47/._russia.be.md", b"\0"),
        ("2026-W47\\Map.PNG", b"map"),
        ("__MACOSX/2026-W47/._Map.PNG", b"\0"),
        ("2026-W47/film.mp4", b""),
        method=method,
    )

    found = unpack([("texts.zip", archive), ("C:\\texts\\elite.ru.md", TEXT), ("a.jpg", b"a")])

    assert found.texts == [
        ("2026-W47/russia.be.md", TEXT),
        ("2026-W47/west.be.MD", TEXT),
        ("elite.ru.md", TEXT),
    ]
    assert found.pictures == {"2026-W47/Map.PNG": b"map", "a.jpg": b"a"}


def _broken(archive: bytes, places: Sequence[tuple[int, int]]) -> bytes:
    held = bytearray(archive)
    for place, byte in places:
        held[place % len(held)] = byte
    return bytes(held)


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8))
def test_a_damaged_zip_raises_only_our_error(places: list[tuple[int, int]]) -> None:
    """Any bytes of it may be wrong."""
    archive = _broken(zipped(("2026-W47/a.md", TEXT), ("b.md", TEXT * 50)), places)

    _only_ours(lambda: unpack([("a.zip", archive)]))


@given(st.text(max_size=30), st.binary(max_size=50))
def test_any_upload_raises_only_our_error(name: str, content: bytes) -> None:
    """Whatever its name and content."""
    _only_ours(lambda: unpack([(name, content), (name + ".zip", content), (name + ".md", content)]))


def _only_ours(work: Callable[[], object]) -> None:
    with contextlib.suppress(InputError):
        work()
