"""A full disk and a folder that can't be written: one sentence, and nothing half-done."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.commandline import CommandLine, Installed, command_line, write_sample

_SIZE = 2_000_000


@dataclasses.dataclass(frozen=True, slots=True)
class SmallDisk:
    """A disk of 2 MB, which only the commands run on it see.

    Attributes:
        place: where the commands find it.
    """

    mailer: CommandLine
    place: Path

    @property
    def seen(self) -> Path:
        """The same place as this process sees it."""
        return Path(f"/proc/{self.mailer.pid}/root{self.place}")

    def fill(self) -> None:
        """Leave no byte."""
        self.mailer.shell("sh", "-c", f"cat /dev/zero > '{self.place}/filling' 2> /dev/null")

    def empty(self) -> None:
        """Make room again."""
        (self.seen / "filling").unlink()

    def close_to_writing(self) -> None:
        """Make it read-only."""
        assert self.mailer.shell("mount", "-o", "remount,ro", str(self.place)) == 0

    def names(self) -> list[str]:
        """Return everything on it."""
        return sorted(str(path.relative_to(self.seen)) for path in self.seen.rglob("*"))


@pytest.fixture
def small_disk() -> Iterator[SmallDisk]:
    """A file system of its own; without the right to mount one, the tests beside these stand alone."""
    with tempfile.TemporaryDirectory() as place:
        mount = f"mount -t tmpfs -o size={_SIZE} tmpfs '{place}'"
        before = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
        if subprocess.run([*before, mount], check=False, capture_output=True).returncode != 0:
            pytest.skip("no file system may be mounted here: run as root, or allow user namespaces")
        with command_line([*before, f'{mount} && exec "$@"', "sh"]) as commands:
            assert commands.shell("true") == 0  # now it is mounted
            yield SmallDisk(commands, Path(place))


@pytest.mark.parametrize("room", [0, 50, 1_000, 40_000, 100_000])
def test_an_init_that_runs_out_of_room_leaves_nothing(mailer: CommandLine, tmp_path: Path, room: int) -> None:
    """Wherever it stops, there are neither half keys nor half settings, and the next try starts afresh."""
    folder = tmp_path / "news" / "room"

    said = mailer("init", folder, "--yes", largest_file=room).refusal()

    assert "room" in said or "space" in said
    assert list(tmp_path.iterdir()) == []
    assert mailer("init", folder, "--yes").status == 0


def test_new_files_that_run_out_of_room_leave_nothing(small_disk: SmallDisk, installed: Installed) -> None:
    """An empty file of a cell would be taken for somebody's work the next time."""
    small_disk.fill()
    before = small_disk.names()
    here = dataclasses.replace(installed, mailer=small_disk.mailer)

    said = here("commentary", "new", small_disk.place / "texts").refusal()

    assert "(No space left on device), so no file was; make room there" in said
    assert small_disk.names() == before


def test_on_a_full_disk_every_verb_says_so(small_disk: SmallDisk, template: Installed) -> None:
    """Nothing is stored, and with some room the same command does its work."""
    shutil.copytree(template.folder, small_disk.seen / "newsroom")
    here = dataclasses.replace(template, mailer=small_disk.mailer, folder=small_disk.place / "newsroom")
    write_sample(small_disk.seen / "newsroom" / here.week)
    small_disk.fill()

    said = [
        here(*verb.split()).refusal()
        for verb in (f"commentary import {here.week}", "issue build", "commentary new more", "serve")
    ]
    new = small_disk.mailer("init", small_disk.place / "new", "--yes", folder=small_disk.place).refusal()
    small_disk.empty()

    assert all("the disk" in sentence and "full" in sentence for sentence in said), said
    assert "No space left on device" in new
    assert not (small_disk.seen / "new").exists()
    assert here("commentary", "import", here.week, "--json").json["changed"] == 15


def test_on_a_read_only_disk_every_verb_says_so(small_disk: SmallDisk, template: Installed) -> None:
    """Each names the reason, and leaves no file."""
    shutil.copytree(template.folder, small_disk.seen / "newsroom")
    here = dataclasses.replace(template, mailer=small_disk.mailer, folder=small_disk.place / "newsroom")
    write_sample(small_disk.seen / "newsroom" / here.week)
    here("issue", "build")
    small_disk.close_to_writing()
    before = small_disk.names()

    said = {
        verb: here(*verb.split()).refusal()
        for verb in (
            "init ../new --yes",
            f"commentary import {here.week}",
            "commentary new more",
            "newsletter import newsletter.toml",
            "issue build",
            "issue release",
            "serve",
            "demo --once --keep ../demo",
        )
    }

    assert all("ead-only" in each or "may be written" in each for each in said.values()), said
    assert small_disk.names() == before


@pytest.mark.parametrize("verb", ["init", "demo --once --keep", "commentary new"])
def test_a_file_in_the_place_of_the_folder_is_named(installed: Installed, verb: str) -> None:
    """The file stays as it is."""
    (installed.folder / "notes").write_text("Mine.")

    said = installed(*verb.split(), "notes").refusal() if verb != "init" else None
    said = said or installed("init", "notes", "--yes").refusal()

    assert "notes" in said
    assert (installed.folder / "notes").read_text() == "Mine."


def test_output_that_cannot_be_written_is_said(installed: Installed) -> None:
    """A script that redirects to a full disk learns of it by the status."""
    ran = installed("newsletter", "export", stdout=Path("/dev/full"))

    assert ran.status == 1
    assert "what this command prints can't be written" in ran.refusal()


def test_init_overwrites_nothing(mailer: CommandLine, tmp_path: Path) -> None:
    """Whichever of its three names is taken, it is kept, and no key is made."""
    for name in ("mailer.toml", "newsletter.toml", "data"):
        folder = tmp_path / f"with {name}"
        folder.mkdir()
        (folder / name).write_text("Mine.")

        said = mailer("init", folder, "--yes").refusal()

        assert f"{name} exists already and stays as it is; choose an empty folder" in said
        assert [(path.name, path.read_text()) for path in folder.iterdir()] == [(name, "Mine.")]


def test_what_init_writes_is_closed_to_others(mailer: CommandLine, tmp_path: Path) -> None:
    """Keys, database and the file that will hold a password can be read by their owner alone."""
    mailer("init", tmp_path / "new", "--yes")

    modes = {
        name: oct((tmp_path / "new" / name).stat().st_mode & 0o777)
        for name in ("mailer.toml", "data", "data/keys", "data/keys/vault.keys", "data/keys/tokens.keys")
    }

    assert set(modes.values()) <= {"0o600", "0o700"}, modes
