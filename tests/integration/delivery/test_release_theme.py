"""What the check says of a newsletter's own templates, a release holds to, by hand and by the clock."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from mailer.bundled import bundled
from mailer.delivery.firing import fire
from mailer.delivery.release import Held, Terms, release
from mailer.domain.finding import Check
from mailer.editorial import draft
from mailer.rendering.theme_folder import Themes
from mailer.storage import Database
from tests.integration.delivery.clockwork import AUTOMATIC, W47, WEEKLY, Newsroom, at

RELEASE = "2026-11-23 08:00"
OUR_BODY = (bundled("templates/email") / "edition" / "body.html").read_text("utf-8")
FAULTS = {
    "README.md": ("How we made this", "no mail uses this file"),
    "edition/body.html": (
        OUR_BODY.replace("{% block preheader %}", "{% block preheadr %}"),
        "the block “preheader” of our template is missing",
    ),
}


def put(folder: Path, name: str) -> Path:
    """Put a file into the newsletter's own templates that every mail could be made with."""
    file = folder / "themes" / WEEKLY.slug / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(FAULTS[name][0], "utf-8")
    return file


def themed(room: Newsroom, folder: Path) -> Terms:
    return replace(room.terms(RELEASE), themes=Themes(folder / "themes"))


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_theme_holds_the_issue(
    database: Database, runner: asyncio.Runner, tmp_path: Path, name: str
) -> None:
    """Though every mail could be made: what is missing in it, nobody but the check sees."""
    put(tmp_path, name)

    async def scene() -> None:
        room = await Newsroom(database).furnish(W47)
        built = await draft.build(database, WEEKLY, W47, words={}, now=at("2026-11-23 04:00"))

        with pytest.raises(Held) as held:
            await release(database, built.issue.id, themed(room, tmp_path))

        (finding,) = held.value.findings
        assert finding.check is Check.THEME
        assert f"themes/weekly/{name}" in finding.message
        assert FAULTS[name][1] in finding.message
        assert await room.standing() == [("2026-W47", "regular", "draft")]
        assert await room.copies() == {}

    runner.run(scene())


def test_the_clock_waits_until_the_theme_is_mended(
    database: Database, runner: asyncio.Runner, tmp_path: Path
) -> None:
    """Operators are told; the ring after the mending releases."""
    file = put(tmp_path, "README.md")

    async def scene() -> None:
        room = await Newsroom(database, AUTOMATIC).furnish(W47)
        first = await fire(database, AUTOMATIC, themed(room, tmp_path))
        file.unlink()
        second = await fire(database, AUTOMATIC, themed(room, tmp_path))

        happened = [[str(each.happened) for each in fired] for fired in (first, second)]
        assert happened == [["built", "reminded"], ["released"]]

    runner.run(scene())
