"""What Node.js needs for the tests: pinned without a registry's address, and missed aloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.node import FOLDER, MISSING, required_packages


def test_the_lock_names_hashes_and_no_registry() -> None:
    """A machine fetches from wherever it fetches, and takes only what the lock has the hash of."""
    packages = json.loads((FOLDER / "package-lock.json").read_text("utf-8"))["packages"]
    fetched = [package for place, package in packages.items() if place]

    assert all(package["integrity"].startswith("sha512-") for package in fetched)
    assert [package for package in fetched if "resolved" in package] == []


@pytest.mark.parametrize(
    ("machine", "ending"), [({}, pytest.skip.Exception), ({"CI": "true"}, pytest.fail.Exception)]
)
def test_without_them_a_test_says_what_to_type(
    tmp_path: Path, machine: dict[str, str], ending: type[BaseException]
) -> None:
    """Left out on a person's machine, failed where CI=true."""
    with pytest.raises(ending, match="make tools") as ended:
        required_packages({"MAILER_TEST_TOOLS": str(tmp_path), **machine})

    assert str(ended.value) == MISSING
