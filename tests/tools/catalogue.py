"""Which programs the tests need beside Python's, where each is found, and what to type when one is missing.

What the machine has is used as it is. What it lacks, `make tools` unpacks from Debian's packages into a
cache folder (tests/tools/debian.py): nothing is installed and no service is set up, as root or not.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tool:
    """A program the tests run.

    Attributes:
        name: what it is called here and in the cache folder's ``bin``.
        program: where Debian puts it below ``/``; a pattern, of which the last match by number counts.
        packages: Debian's packages that bring it; the libraries they need are found by apt.
        parts: patterns of the packages to unpack besides libraries.
        advice: what to type when it can't be unpacked. Never “apt-get install postfix”: on somebody's
            machine that starts a mail server and removes the one that is there.
    """

    name: str
    program: str
    packages: tuple[str, ...]
    parts: tuple[str, ...]
    advice: str


_POSTFIX_ADVICE = (
    "make tools  (unpacks Debian's postfix package without installing it; needs apt-get and dpkg)"
)
_POSTGRESQL_ADVICE = "as root: apt-get install -y --no-install-recommends postgresql"

TOOLS = (
    Tool(
        name="chromium",
        program="usr/lib/chromium/chromium",
        packages=("chromium", "fonts-dejavu-core", "fonts-liberation"),
        parts=("chromium", "chromium-common", "fonts-dejavu-core", "fonts-liberation.*"),
        advice="as root: apt-get install -y --no-install-recommends chromium fonts-liberation",
    ),
    Tool(
        "initdb", "usr/lib/postgresql/*/bin/initdb", ("postgresql",), (r"postgresql-\d+",), _POSTGRESQL_ADVICE
    ),
    Tool(
        "postgres",
        "usr/lib/postgresql/*/bin/postgres",
        ("postgresql",),
        (r"postgresql-\d+",),
        _POSTGRESQL_ADVICE,
    ),
    Tool("smtp-sink", "usr/sbin/smtp-sink", ("postfix",), ("postfix",), _POSTFIX_ADVICE),
    Tool("smtp-source", "usr/sbin/smtp-source", ("postfix",), ("postfix",), _POSTFIX_ADVICE),
    Tool(
        name="reformime",
        program="usr/bin/reformime",
        packages=("maildrop",),
        parts=("maildrop", "courier-authlib"),
        advice="as root: apt-get install -y --no-install-recommends maildrop",
    ),
)


def tool(name: str) -> Tool:
    """Return the tool of that name."""
    return next(known for known in TOOLS if known.name == name)


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Say where tools are unpacked, the same for every clone on this machine.

    Root's lie where the users whom root's tests turn into (postgres, nobody) can read them too.
    """
    if named := environment.get("MAILER_TEST_TOOLS"):
        return Path(named).absolute()
    if os.geteuid() == 0:
        return Path("/var/cache/mailer-test-tools")
    return Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mailer-test-tools"


def locate(wanted: Tool, *, folder: Path | None = None) -> Path | None:
    """Return the program of the machine, else the one in the cache folder, else None."""
    if installed := newest(Path("/"), wanted.program):
        return installed
    if in_path := shutil.which(wanted.name):
        return Path(in_path)
    unpacked = (folder or cache_folder()) / "bin" / wanted.name
    return unpacked if unpacked.is_file() else None


def newest(top: Path, pattern: str) -> Path | None:
    """Return the match of *pattern* below *top* whose numbers are highest: PostgreSQL 15 goes before 9.6."""
    matches = [match for match in top.glob(pattern) if os.access(match, os.X_OK)]
    return max(
        matches, key=lambda match: [int(digits) for digits in re.findall(r"\d+", str(match))], default=None
    )


def missing(wanted: Tool) -> str:
    """Say in one sentence what to do about a tool that is not there."""
    return f"{wanted.name} is not on this machine; {wanted.advice}"
