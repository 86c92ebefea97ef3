"""An installation to be measured, made and run by the commands that a person types."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_MAILER = Path(sys.executable).with_name("mailer")
_START_S = 30.0
_LONGEST_S = 1200.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a command took.

    Attributes:
        output: its standard output.
        peak_mb: the most memory that it held at a time.
        cpu_s: of processor, all cores together.
    """

    output: bytes
    seconds: float
    peak_mb: float
    cpu_s: float


def set_up(folder: Path) -> None:
    """Make an installation in *folder*; every mail stays in it."""
    run(folder.parent, "init", folder.name, "--sample", "--yes")


def run(folder: Path, *arguments: str | Path) -> Run:
    """Run a command in *folder*.

    Raises:
        RuntimeError: it ended with another status than 0.
    """
    output = folder / "output"
    began = time.perf_counter()
    with output.open("wb") as out, (folder / "errors").open("wb") as errors:
        process = subprocess.Popen([_MAILER, *arguments], cwd=folder, stdout=out, stderr=errors)
        # The system keeps these figures of each process for whoever waits for it.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        words = (folder / "errors").read_text("utf-8", "replace").strip().splitlines()[-1:]
        raise RuntimeError(f"mailer {arguments[0]} ended with status {process.returncode}: {' '.join(words)}")
    seconds = time.perf_counter() - began
    return Run(output.read_bytes(), seconds, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve the installation in *folder*; yield its address, without a slash at its end."""
    log = folder / "log"
    free_port = os.environ | {"MAILER_SITE__LISTEN": "127.0.0.1:0"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [_MAILER, "serve"], cwd=folder, env=free_port, stdout=output, stderr=output
        )
    with process:
        try:
            yield _address(log, process)
        finally:
            process.terminate()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at and process.poll() is None:
        if said := re.search(r"The site is at (http://[^/\s]+)", log.read_text("utf-8", "replace")):
            return said[1]
        time.sleep(0.05)
    raise RuntimeError("mailer serve did not start")
