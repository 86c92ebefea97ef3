"""Folders are read whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.domain.period import parse_period
from mailer.editorial.commentary_file import MAX_FILE_BYTES, Defaults
from mailer.editorial.folder import read_files, read_paths
from mailer.errors import InputError

SAMPLE = Path(__file__).parents[3] / "src" / "mailer" / "sample"
TOPICS = ["elite", "society", "security", "west", "russia"]
LANGUAGES = ["be", "ru", "en"]


def write(folder: Path, name: str, *lines: str, body: str = "Body.") -> Path:
    """Write a commentary file whose header has *lines* and a headline."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["---", "headline: H", *lines, "---", body]), "utf-8")
    return path


def problems_of(*paths: Path, root: Path) -> list[str]:
    """Return the problems of an import, file names relative to *root*."""
    with pytest.raises(InputError) as caught:
        read_paths(paths)
    return [str(problem).replace(f"{root}{os.sep}", "") for problem in caught.value.problems]


@pytest.mark.parametrize("part", ["earlier", "latest"])
def test_the_packaged_sample_is_read(part: str) -> None:
    """Five topics in three languages, all ready, the week given by the caller."""
    read = read_paths([SAMPLE / part], defaults=Defaults(period=parse_period("2026-W47")))

    assert {(file.topic, file.language.value) for file in read.files} == {
        (t, lang) for t in TOPICS for lang in LANGUAGES
    }
    assert {file.text.state.value for file in read.files} == {"ready"}


def test_one_broken_file_among_sixty_is_named_and_nothing_is_read(tmp_path: Path) -> None:
    """The message holds file, line and what to write; the other 59 are not imported either."""
    for week in ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]:
        for topic in TOPICS:
            for language in LANGUAGES:
                write(tmp_path, f"{week}/{topic}.{language}.md")
    write(tmp_path, "2026-W46/west.ru.md", "trend: wors")

    assert problems_of(tmp_path, root=tmp_path) == [
        (
            "2026-W46/west.ru.md, line 3: trend “wors” is not known (did you mean “worsened”?); "
            "write one of improved, unchanged, worsened"
        )
    ]


def test_files_come_sorted_and_strangers_are_ignored(tmp_path: Path) -> None:
    """Only *.md counts; README.md and what begins with a dot do not."""
    for name in ["2026-W47/west.be.md", "2026-W46/west.be.MD", "2026-W47/elite.be.md"]:
        write(tmp_path, name)
    for name in ["README.md", "2026-W47/readme.MD", ".git/x.md", "2026-W47/.west.ru.md", "notes.txt"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("no commentary", "utf-8")

    read = read_paths([tmp_path])

    assert [file.text.source for file in read.files] == [
        "2026-W46/west.be.MD",
        "2026-W47/elite.be.md",
        "2026-W47/west.be.md",
    ]


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    """A file that is named itself is read."""
    path = write(tmp_path, "text.txt", "week: 2026-W47", "topic: west", "language: be")

    assert len(read_paths([path]).files) == 1


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    """A folder and a file in it are no two texts for one cell."""
    path = write(tmp_path, "2026-W47/west.be.md")

    assert len(read_paths([tmp_path, path, path.parent / ".." / "2026-W47"]).files) == 1


def test_linked_folders_are_read_and_loops_end(tmp_path: Path) -> None:
    """A folder that is a link counts; one that leads back up ends."""
    path = write(tmp_path, "elsewhere/2026-W47/west.be.md")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "2026-W47").symlink_to(path.parent)
    (path.parent / "back").symlink_to(tmp_path / "texts")

    (file,) = read_paths([tmp_path / "texts"]).files

    assert file.place.endswith("texts/2026-W47/west.be.md")


def test_the_working_directory_says_the_week(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """“commentary import .” in the folder of a week needs no week in the files."""
    path = write(tmp_path, "2026-W47/west.be.md")
    monkeypatch.chdir(path.parent)

    (file,) = read_paths([Path()]).files

    assert (file.period.key, file.place) == ("2026-W47", "west.be.md")


def test_untouched_files_are_passed_over_and_named(tmp_path: Path) -> None:
    """A folder can be imported while one of its texts is awaited."""
    write(tmp_path, "2026-W47/west.be.md")
    blank = tmp_path / "2026-W47" / "west.ru.md"
    blank.write_text("---\nheadline:\ntrend: worsened\nstate: draft\n---\n", "utf-8")

    read = read_paths([tmp_path])

    assert (1, (str(blank),)) == (len(read.files), read.untouched)


def test_problems_of_all_files_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    """Problems of one file and between files stand together, by file and line."""
    write(tmp_path, "2026-W47/a.be.md", "trend: x", "sate: ready")
    write(tmp_path, "2026-W47/b.be.md", "trend: worsened")
    write(tmp_path, "2026-W47/b.en.md", "state: ready", "trend: improved")
    write(tmp_path, "2026-W47/c.be.md", "state: x")

    assert [line.partition(":")[0] for line in problems_of(tmp_path, root=tmp_path)] == [
        "2026-W47/a.be.md, line 3",
        "2026-W47/a.be.md, line 4",
        "2026-W47/b.en.md, line 4",
        "2026-W47/c.be.md, line 3",
    ]


def test_what_can_not_be_read_is_said_in_a_plain_sentence(tmp_path: Path) -> None:
    """No path leads to a Python error."""
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop.md").symlink_to("loop.md")
    (tmp_path / "big.md").write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    names = ["gone.md", "empty", "pipe", "loop.md", "big.md", "x" * 300]

    found = problems_of(*(tmp_path / name for name in names), root=tmp_path)

    assert sorted(found) == sorted(
        [
            "gone.md: there is no such file or folder; check the name",
            f"{tmp_path / 'empty'}: there is no file ending in .md in this folder".replace(
                f"{tmp_path}/", ""
            ),
            "pipe: this is neither a file nor a folder; name one of these",
            "loop.md: it can’t be read (too many levels of symbolic links); check the disk and try again",
            "big.md: the file is larger than 256 kB; is it the right one? Keep only the text in it",
            f"{'x' * 300}: it can’t be read (file name too long); check the disk and try again",
        ]
    )


@pytest.fixture
def as_somebody_else() -> Iterator[None]:
    """Give up root's right to read everything, for one test."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)  # nobody
    yield
    os.seteuid(mine)


@pytest.fixture
def locked_file(tmp_path: Path) -> Path:
    """A file without any permission."""
    path = write(tmp_path, "a.md")
    path.chmod(0)
    return path


def test_a_file_without_permission_is_said_in_a_plain_sentence(
    tmp_path: Path, locked_file: Path, as_somebody_else: None
) -> None:
    """A file of another user is named."""
    assert problems_of(locked_file, root=tmp_path) == [
        "a.md: you may not read it; change its permissions or run this as its owner"
    ]


def test_a_name_that_is_not_utf_8_can_be_printed(tmp_path: Path) -> None:
    """A file name from an older machine does not break the message."""
    path = os.fsencode(tmp_path) + b"/\xcf\xf0.md"
    with open(path, "wb"):  # noqa: PTH123 - pathlib takes no bytes
        pass

    assert problems_of(tmp_path, root=tmp_path) == [
        "??.md, line 1: the file is empty; “mailer commentary new” writes files to fill in"
    ]


def test_files_that_were_handed_over_are_read_as_from_a_folder() -> None:
    """Week, topic and language from the name, the same sentences, all or none."""
    text = b"---\nheadline: H\n---\nBody.\n"

    (read,) = read_files([("2026-W47/west.be.md", text)]).files
    with pytest.raises(InputError) as caught:
        read_files([("west.be.md", text), ("2026-W47/west.ru.md", b"x"), ("2026-W47/west.ru.md", b"\xcf")])

    assert (read.period.key, read.topic, read.language, read.place) == (
        "2026-W47", "west", "be", "2026-W47/west.be.md",
    )  # fmt: skip
    assert [problem.place for problem in caught.value.problems] == [
        "west.be.md", "2026-W47/west.ru.md", "2026-W47/west.ru.md",
    ]  # fmt: skip
