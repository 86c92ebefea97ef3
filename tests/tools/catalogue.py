"""Which programs the tests need beside Python's, where each is found, and what to type when one is missing.

What the machine has is used as it is. What it lacks, `make tools` unpacks from Debian's packages into a
cache folder (tests/tools/debian.py): nothing is installed and no service is set up, as root or not.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Tool:
    """A program the tests run.

    Attributes:
        name: what it is called here and in the cache folder's ``bin``.
        program: where it lies below ``/``; a pattern, of which the last match by number counts.
        packages: Debian's packages that bring it; apt finds the libraries they need.
        advice: what to type when it can't be unpacked. Never “apt-get install postfix”: on somebody's
            machine that starts a mail server and removes the one that is there.
        further: patterns of what else to unpack, besides *packages* and libraries.
        needs: what else must lie below ``/`` for a program of the machine to be of use here.
    """

    name: str
    program: str
    packages: tuple[str, ...]
    advice: str
    further: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_INSTALL = "as root: apt-get install -y --no-install-recommends"
_UNPACK = "make tools  (which needs apt-get and dpkg)"

TOOLS = (
    Tool(
        name="chromium",
        program="usr/lib/chromium/chromium",
        packages=("chromium", "fonts-dejavu-core", "fonts-liberation"),
        advice=f"{_INSTALL} chromium fonts-liberation",
        further=("chromium-common",),
    ),
    Tool(
        # Playwright brings its own Node.js, which needs a library that a small Debian lacks.
        name="node",
        program=glob.escape(f"{sysconfig.get_path('platlib')}/playwright/driver/node").removeprefix("/"),
        packages=("libatomic1",),
        advice=f"{_INSTALL} libatomic1",
    ),
    Tool(
        name="initdb",
        program="usr/lib/postgresql/*/bin/initdb",
        packages=("postgresql",),
        advice=f"{_INSTALL} postgresql",
        further=(r"postgresql-\d+",),
    ),
    Tool(
        name="postgres",
        program="usr/lib/postgresql/*/bin/postgres",
        packages=("postgresql",),
        advice=f"{_INSTALL} postgresql",
        further=(r"postgresql-\d+",),
    ),
    Tool(name="smtp-sink", program="usr/sbin/smtp-sink", packages=("postfix",), advice=_UNPACK),
    Tool(name="smtp-source", program="usr/sbin/smtp-source", packages=("postfix",), advice=_UNPACK),
    # A whole Postfix between us and a far end (tests/tools/postfix.py); it is never installed.
    Tool(name="postfix-master", program="usr/lib/postfix/sbin/master", packages=("postfix",), advice=_UNPACK),
    # Presses “subscribe” from many clients at once: the benchmark's.
    Tool(name="wrk", program="usr/bin/wrk", packages=("wrk",), advice=f"{_INSTALL} wrk"),
    Tool(
        name="reformime",
        program="usr/bin/reformime",
        packages=("maildrop",),
        advice=f"{_INSTALL} maildrop",
        further=("courier-authlib",),
    ),
    # Another's eyes on our DKIM signatures; the tests call the library beside it (tests/tools/dkimpy.py).
    Tool(
        name="dkimverify",
        program="usr/bin/dkimverify",
        packages=("python3-dkim",),
        advice=f"{_INSTALL} python3-dkim",
    ),
    # Runs SpamAssassin and Mail::DKIM, which are libraries: small programs of ours call them.
    Tool(
        name="perl-of-spamassassin",
        program="usr/bin/perl",
        packages=("spamassassin", "libmail-dkim-perl", "libmail-spf-perl"),
        advice=_UNPACK,
        further=(r"perl", r"perl-modules-[\d.]+", r"lib.*-perl"),
        needs=("usr/share/perl5/Mail/SpamAssassin.pm", "usr/share/perl5/Mail/SPF.pm"),
    ),
    Tool(name="rspamd", program="usr/bin/rspamd", packages=("rspamd",), advice=_UNPACK),
    # Makes a write or a sync fail, or kills at one: storage and kill proofs.
    Tool(
        name="strace",
        program="usr/bin/strace",
        packages=("strace",),
        advice=f"{_INSTALL} strace",
    ),
    # What checks deploy/; none of them is ever run as a service.
    Tool(
        name="systemd-analyze",
        program="usr/bin/systemd-analyze",
        packages=("systemd",),
        advice=f"{_INSTALL} systemd",
        further=("libsystemd-shared",),
    ),
    Tool(name="nginx", program="usr/sbin/nginx", packages=("nginx",), advice=_UNPACK),
    Tool(name="apache2", program="usr/sbin/apache2", packages=("apache2-bin",), advice=_UNPACK),
    Tool(name="caddy", program="usr/bin/caddy", packages=("caddy",), advice=_UNPACK),
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
    """Return the program in the cache folder, else the machine's, else None.

    In the cache folder is only what the machine lacked or could not start.
    """
    unpacked = (folder or cache_folder()) / "bin" / wanted.name
    if unpacked.is_file():
        return unpacked
    if not all((Path("/") / need).exists() for need in wanted.needs):
        return None
    if installed := newest(Path("/"), wanted.program):
        return installed
    in_path = shutil.which(wanted.name)
    return Path(in_path) if in_path else None


def newest(top: Path, pattern: str) -> Path | None:
    """Return the match of *pattern* below *top* whose numbers are highest: PostgreSQL 15 goes before 9.6."""
    matches = [match for match in top.glob(pattern) if os.access(match, os.X_OK)]
    return max(
        matches, key=lambda match: [int(digits) for digits in re.findall(r"\d+", str(match))], default=None
    )


def missing(wanted: Tool) -> str:
    """Say in one sentence what to do about a tool that is not there."""
    return f"{wanted.name} is not on this machine; {wanted.advice}"
