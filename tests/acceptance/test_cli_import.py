"""Texts come in whole or not at all, and a second import changes only what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.commandline import Installed, write_sample

Spoil = Callable[[Path], None]


def replaced(name: str, old: str, new: str) -> Spoil:
    """Return what replaces *old*, which stands once in the file *name*, by *new*."""

    def spoil(week: Path) -> None:
        text = (week / name).read_text("utf-8")
        assert text.count(old) == 1
        (week / name).write_text(text.replace(old, new), "utf-8")

    return spoil


def in_windows_1251(week: Path) -> None:
    """Save one file as an old editor does."""
    (week / "west.ru.md").write_bytes((week / "west.ru.md").read_text("utf-8").encode("cp1251", "replace"))


def a_second_text(week: Path) -> None:
    """Write a second file for a cell that has one."""
    (week / "more.md").write_text("---\ntopic: west\nlanguage: ru\nheadline: H\n---\nText.\n", "utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            replaced("west.ru.md", "---\ntrend", "---\ntopic: wast\ntrend"),
            "west.ru.md, line 2: topic is “wast” here and “west” in the file’s name; correct this line",
        ),
        (
            lambda week: (week / "west.ru.md").rename(week / "vest.ru.md"),
            "vest.ru.md: belarus-weekly has no topic “vest” (did you mean “west”?)",
        ),
        (
            lambda week: (week / "west.ru.md").rename(week / "west.pl.md"),
            "west.pl.md, line 1: the file’s name: language “pl” is not known; write one of be, ru, en",
        ),
        (
            replaced("west.ru.md", "trend: worsened", "trend: worse"),
            "west.ru.md, line 2: trend “worse” is not known (did you mean “worsened”?); write one of",
        ),
        (
            replaced("west.ru.md", "trend: worsened", "trend: improved"),
            "west.ru.md, line 2: trend is “improved” here and “worsened” in",
        ),
        (
            replaced("west.ru.md", "trend: worsened", "week: 2026-W60\ntrend: worsened"),
            "west.ru.md, line 2: “2026-W60” is not a week; write it as 2026-W47",
        ),
        (
            lambda week: (week / "border-strip.png").write_text("<svg/>"),
            "line 10: the picture “border-strip.png” is an SVG drawing or a web page",
        ),
        (in_windows_1251, "most likely windows-1251; open it and save it again as UTF-8"),
        (a_second_text, "west.ru.md: "),
    ],
    ids=[
        "topics that differ",
        "an unknown topic",
        "an unknown language",
        "a misspelt trend",
        "trends that differ",
        "no week",
        "no picture",
        "no UTF-8",
        "two texts",
    ],
)
def test_one_broken_file_of_sixty_keeps_all_of_them_out(
    installed: Installed, spoil: Spoil, said: str
) -> None:
    """The one sentence names file and line and what to write; nothing is stored of the other 59 either."""
    texts = installed.folder / "texts"
    for week in ("2026-W41", "2026-W42", "2026-W43", "2026-W44"):
        write_sample(texts / week)
    spoil(texts / "2026-W43")
    before = installed.dump()

    ran = installed("commentary", "import", "texts")

    said_lines = ran.err.splitlines()
    assert ran.status == 1
    assert any(said in line and "2026-W43" in line for line in said_lines), ran.err
    assert len(said_lines) <= 3
    assert "Traceback" not in ran.err
    assert installed.dump() == before


def test_an_import_again_changes_only_what_changed(installed: Installed) -> None:
    """The report counts: all are new, then none, then the one that an editor mended."""
    week = installed.write_sample()

    first = installed("commentary", "import", week, "--json").json
    stored = installed.dump()
    second = installed("commentary", "import", week, "--json").json
    unchanged = installed.dump()
    (week / "west.ru.md").write_text(
        (week / "west.ru.md").read_text("utf-8") + "\nЕщё один абзац.\n", "utf-8"
    )
    third = installed("commentary", "import", week, "--json").json

    assert first == {"changed": 15, "unchanged": 0, "untouched": 0, "pictures": 1, "notes": []}
    assert second == {"changed": 0, "unchanged": 15, "untouched": 0, "pictures": 1, "notes": []}
    assert third == {"changed": 1, "unchanged": 14, "untouched": 0, "pictures": 1, "notes": []}
    assert unchanged == stored
    assert len(set(installed.dump()) ^ set(stored)) == 2


def test_a_trend_that_contradicts_stored_texts_is_refused(installed: Installed) -> None:
    """One language alone can't turn the trend under its translations; all of them together can."""
    week = installed.write_sample()
    installed("commentary", "import", week)
    before = installed.dump()
    for language in ("be", "ru", "en"):
        replaced(f"west.{language}.md", "trend: worsened", "trend: improved")(week)

    alone = installed("commentary", "import", week / "west.ru.md")
    after = installed.dump()
    together = installed("commentary", "import", week, "--json")

    assert "west.ru.md, line 2: trend is “improved”, but the stored" in alone.refusal()
    assert "import every language of this commentary together" in alone.refusal()
    assert after == before
    assert together.json["changed"] == 3


def test_a_rule_that_is_taken_back_is_gone(installed: Installed) -> None:
    """“missing.be: ru” is an editor's decision, and removing the line from the files undoes it."""
    week = installed.write_sample()
    replaced("west.ru.md", "trend: worsened", "missing.be: ru\ntrend: worsened")(week)
    installed("commentary", "import", week)
    with_rule = installed.dump()
    replaced("west.ru.md", "missing.be: ru\n", "")(week)

    again = installed("commentary", "import", week, "--json").json

    assert again["changed"] == 3
    assert any('{"be":"ru"}' in line.replace(" ", "") for line in with_rule)
    assert not any('{"be":"ru"}' in line.replace(" ", "") for line in installed.dump())


def test_new_files_never_overwrite(installed: Installed) -> None:
    """A week is laid out once; what a writer has put into a file stays, and an empty file is passed over."""
    first = installed("commentary", "new", "texts", "--json").json
    written = installed.folder / "texts" / installed.week / "west.be.md"
    written.write_text(written.read_text("utf-8") + "Тэкст пісьменніцы.\n", "utf-8")
    (installed.folder / "texts" / installed.week / "west.ru.md").unlink()

    again = installed("commentary", "new", "texts", "--json").json

    assert first == {"week": installed.week, "written": 15, "kept": 0}
    assert again == {"week": installed.week, "written": 1, "kept": 14}
    assert written.read_text("utf-8").endswith("Тэкст пісьменніцы.\n")
    assert "west.be.md, line 7: headline is empty" in installed("commentary", "import", "texts").refusal()


def test_a_newsletter_that_drops_a_topic_with_texts_is_refused(installed: Installed) -> None:
    """Its commentaries would lose their place; the sentence names the way out."""
    installed("commentary", "import", installed.write_sample())
    file = installed.folder / "newsletter.toml"
    file.write_text(file.read_text("utf-8").replace('slug = "west"', 'slug = "vest"'), "utf-8")
    before = installed.dump()

    ran = installed("newsletter", "import", file)

    assert "topic “west” has commentaries and can't be removed; keep it" in ran.refusal()
    assert installed.dump() == before


def test_an_export_is_what_import_takes(installed: Installed) -> None:
    """Exporting, and importing what came out, changes nothing."""
    file = installed.folder / "exported.toml"
    file.write_bytes(installed("newsletter", "export").out)

    assert installed("newsletter", "import", file, "--json").json == {
        "newsletter": "belarus-weekly",
        "changed": False,
    }
