"""The house keeps its own rules: locks, the README's commands, and the form of each file."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HOUSE = Path(__file__).parents[2]
_PROJECT = tomllib.loads((_HOUSE / "pyproject.toml").read_text(encoding="utf-8"))
_MODULES = sorted((_HOUSE / "src" / "mailer").rglob("*.py"))
_LOCKS = {
    "requirements.lock": _PROJECT["project"]["dependencies"],
    "requirements-build.lock": _PROJECT["dependency-groups"]["build"],
    "requirements-test.lock": _PROJECT["dependency-groups"]["test"],
}
_VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def _name(path: Path) -> str:
    return str(path.relative_to(_HOUSE))


def _pins(lock: str) -> dict[str, str]:
    """Read a lock: canonical name to version."""
    text = (_HOUSE / lock).read_text(encoding="utf-8")
    return {
        canonicalize_name(name): version
        for name, version in re.findall(r"^([\w.-]+)==([^\s;]+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("lock", _LOCKS)
def test_lock_names_no_place(lock: str) -> None:
    """A lock names versions and hashes, never the address of an index or a folder of some machine."""
    lines = (_HOUSE / lock).read_text(encoding="utf-8").splitlines()

    stray = [line for line in lines if re.search(r"://|^-|^/| @ |(?:^|\s)(?:/|\./|\.\./|file:)\S", line)]

    assert stray == []


@pytest.mark.parametrize("lock", _LOCKS)
def test_lock_pins_by_hash(lock: str) -> None:
    """Every pinned version has at least one hash."""
    text = (_HOUSE / lock).read_text(encoding="utf-8")

    entries = re.findall(r"^[\w.-]+==.*(?:\n[ ]+--hash=.*)*", text, re.MULTILINE)

    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []
    assert len(entries) == len(_pins(lock))


@pytest.mark.parametrize("lock", _LOCKS)
def test_lock_covers_what_is_asked(lock: str) -> None:
    """Each dependency in pyproject.toml is pinned to a version it allows; else run `make lock`."""
    pins = _pins(lock)

    wanted = [Requirement(line) for line in _LOCKS[lock]]
    unmet = [
        str(one) for one in wanted if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0"))
    ]

    assert unmet == []


def test_locks_agree() -> None:
    """A library in two locks has the same version in both, so that installing one does not undo another."""
    versions: dict[str, set[str]] = {}
    for lock in _LOCKS:
        for name, version in _pins(lock).items():
            versions.setdefault(name, set()).add(version)

    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


def test_build_requirement_is_pinned() -> None:
    """What [build-system] asks for is in the group the build lock is made from."""
    assert set(_PROJECT["build-system"]["requires"]) <= set(_PROJECT["dependency-groups"]["build"])


def test_ci_runs_the_test_command_of_the_readme() -> None:
    """The last command of .ci/run is the one the README tells people to type."""
    readme = (_HOUSE / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    told = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]

    ci = (_HOUSE / ".ci" / "run").read_text(encoding="utf-8").splitlines()

    assert ci[-1] == "make test"
    assert "make test" in told


def test_modules_begin_with_their_purpose() -> None:
    """Line 1 of every module is a docstring that says what the file is for."""
    silent = [_name(path) for path in _MODULES if not path.read_text(encoding="utf-8").startswith('"""')]

    assert silent == []


def test_modules_are_short() -> None:
    """No module has more than 300 lines: one noun or one question per file."""
    lines = {_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in _MODULES}

    assert {name: count for name, count in lines.items() if count > 300} == {}


def test_names_say_what_things_are_for() -> None:
    """No module is named for being useful."""
    assert [_name(path) for path in _MODULES if {path.stem, path.parent.name} & _VAGUE] == []
