"""One site is built for the whole run; each test gets a copy of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.web.staging import build, copied


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and a database: one reader, two released issues."""
    folder = tmp_path_factory.mktemp("site")
    build(folder)
    return folder


@pytest.fixture
def place(built_site: Path, tmp_path: Path) -> Path:
    """A copy of that folder for one test."""
    return copied(built_site, tmp_path)
