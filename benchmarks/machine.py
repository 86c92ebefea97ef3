"""Where and when something was measured: a figure without that says nothing."""

from __future__ import annotations

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from mailer.cli.bench_machine import file_system, syncs_per_s

_PACKAGES = ("mailer", "uvloop", "aiosmtplib", "cryptography")
VERSIONS = ("Python", "SQLite", *_PACKAGES)
"""What *machine* tells the version of."""
_CPUS = Path("/proc/cpuinfo")


def machine(folder: Path) -> dict[str, Any]:
    """Return what this machine is, what *folder* lies on, and the versions of what matters."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": f"{platform.system()} {platform.release()}",
        "file_system": file_system(folder),
        "fdatasync_per_s": round(syncs_per_s(folder)),
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        **{name: metadata.version(name) for name in _PACKAGES},
    }


def _processor() -> str:
    if _CPUS.exists():
        for line in _CPUS.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
