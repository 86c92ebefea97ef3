"""The command line, and installations to use it on."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.commandline import CommandLine, Installed, command_line


@pytest.fixture(scope="session")
def mailer() -> Iterator[CommandLine]:
    """Run ``mailer`` with arguments."""
    with command_line() as commands:
        yield commands


@pytest.fixture(scope="session")
def template(mailer: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("template") / "newsroom"
    assert mailer("init", folder, "--yes").status == 0
    settings = folder / "mailer.toml"
    # A free port: the usual one may be somebody's.
    settings.write_text(settings.read_text("utf-8").replace('"127.0.0.1:8080"', '"127.0.0.1:0"'), "utf-8")
    assert mailer("newsletter", "import", "newsletter.toml", folder=folder).status == 0
    asked = mailer("commentary", "new", tmp_path_factory.mktemp("asked"), "--json", folder=folder)
    return Installed(mailer, folder, asked.json["week"])


@pytest.fixture
def installed(template: Installed, tmp_path: Path) -> Installed:
    """An installation with a newsletter and without texts or readers, for one test."""
    folder = tmp_path / "newsroom"
    shutil.copytree(template.folder, folder)
    return Installed(template.mailer, folder, template.week)


@pytest.fixture(scope="session")
def sample_template(mailer: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("template") / "sample"
    assert mailer("init", folder, "--sample", "--yes").status == 0
    asked = mailer("commentary", "new", tmp_path_factory.mktemp("asked"), "--json", folder=folder)
    return Installed(mailer, folder, asked.json["week"])


@pytest.fixture
def sampled(sample_template: Installed, tmp_path: Path) -> Installed:
    """An installation of ``mailer init --sample``, for one test."""
    folder = tmp_path / "sample"
    shutil.copytree(sample_template.folder, folder)
    return Installed(sample_template.mailer, folder, sample_template.week)
