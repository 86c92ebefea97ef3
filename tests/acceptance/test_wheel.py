"""The wheel holds all that the product needs: built, installed alone, and used from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.commandline import MAILER, ROOT


@dataclass(frozen=True, slots=True)
class FromWheel:
    """The product as a wheel installs it.

    Attributes:
        wheel: the file.
        program: the installed ``mailer``.
        folder: empty at first; commands are run in it.
    """

    wheel: Path
    program: Path
    folder: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Run the installed command line."""
        # Nothing of this checkout must help.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.run(
            [self.program, *arguments], cwd=self.folder, env=environment, check=False, capture_output=True
        )


@pytest.fixture(scope="module")
def installed_wheel(tmp_path_factory: pytest.TempPathFactory) -> FromWheel:
    """Build the wheel without a network, and install it beside the libraries that are there."""
    built = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", built, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = built.glob("*.whl")
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=False)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(home), "platbase": str(home)}))
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--ignore-installed")
    subprocess.run([*pip, "--prefix", home, wheel], check=True, capture_output=True)
    # The libraries, but not the editable install that lies among them: .pth files in a folder that is
    # named by a .pth file are not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    program = home / "bin" / "mailer"
    lines = program.read_text("utf-8").splitlines(keepends=True)
    program.write_text("".join([f"#!{home}/bin/python\n", *lines[1:]]), "utf-8")
    return FromWheel(wheel, program, tmp_path_factory.mktemp("empty"))


def test_the_wheel_carries_what_is_no_code(installed_wheel: FromWheel) -> None:
    """Every template, migration, sample text, string and page of the checkout is in it, and no test."""
    with zipfile.ZipFile(installed_wheel.wheel) as wheel:
        names = set(wheel.namelist())

    wanted = {
        f"mailer/_bundled/{path.relative_to(ROOT)}"
        for top in ("templates", "migrations")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    } | {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src" / "mailer").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - names == set()
    assert [name for name in names if name.startswith("tests") or "__pycache__" in name] == []


def test_it_is_the_wheel_that_runs(installed_wheel: FromWheel) -> None:
    """Not the checkout, which would have everything."""
    python = installed_wheel.program.with_name("python")

    found = subprocess.run(
        [python, "-c", "import mailer; print(mailer.__file__)"],
        cwd=installed_wheel.folder,
        env={"PATH": os.environ["PATH"]},
        check=True,
        capture_output=True,
        text=True,
    ).stdout

    assert Path(found).is_relative_to(installed_wheel.program.parents[1])


def test_the_sample_is_the_same_from_the_wheel(installed_wheel: FromWheel) -> None:
    """From an empty folder it prints, byte for byte, what the checkout prints."""
    arguments = ("issue", "preview", "--sample", "--language", "be", "--format", "message")

    ran = installed_wheel(*arguments)
    here = subprocess.run([MAILER, *arguments], check=True, capture_output=True)

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout == here.stdout
    assert b"multipart/alternative" in ran.stdout


def test_an_installation_can_be_made_from_the_wheel(installed_wheel: FromWheel) -> None:
    """Settings, keys, tables and newsletter come from inside it."""
    made = installed_wheel("init", "newsroom", "--yes")
    stored = installed_wheel("--settings", "newsroom", "newsletter", "import", "newsroom/newsletter.toml")

    assert (made.returncode, made.stderr) == (0, b"")
    assert (stored.returncode, stored.stdout) == (0, b"belarus-weekly: stored\n")


def test_the_demo_runs_from_the_wheel(installed_wheel: FromWheel) -> None:
    """Pages, mails and their templates too."""
    ran = installed_wheel("demo", "--readers", "1", "--once")

    assert ran.returncode == 0, ran.stderr
    assert b"The books balance." in ran.stdout
