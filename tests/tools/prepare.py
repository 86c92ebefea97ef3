"""What `make tools` runs: see that every test tool is there and starts; unpack those that are not.

A machine that can't have one goes on with the others: its tests say what is missing. Where CI=true, no test
may be left out, so this ends with status 1.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.tools import node
from tests.tools.catalogue import TOOLS, Tool, cache_folder, locate, missing
from tests.tools.debian import NotUnpacked, unpack

# What a shell answers when a program can't be started: no such file, no such library.
_FIRST_STATUS_OF_NO_START = 126


def main() -> int:
    """Bring what is missing and return the exit status."""
    os.umask(0o022)  # root's tests start servers as postgres and nobody, who must be able to read the tools
    lacking = _lacking()
    if lacking:
        _bring(lacking, cache_folder())
        lacking = _lacking()
    for tool in lacking:
        print(f"Without it some tests are left out: {missing(tool)}", file=sys.stderr)
    fetched = _fetch_for_node()
    return 1 if (lacking or not fetched) and os.environ.get("CI") == "true" else 0


def _bring(tools: Sequence[Tool], folder: Path) -> None:
    names = ", ".join(tool.name for tool in tools)
    print(
        f"Unpacking {names} and their libraries into {folder} (once; nothing is installed)", file=sys.stderr
    )
    began = time.monotonic()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two clones may be set up at the same time
            unpack(tools, folder)
    except (NotUnpacked, OSError) as reason:
        print(f"That did not work (is there a network?): {reason}", file=sys.stderr)
    else:
        print(f"Done in {time.monotonic() - began:.0f} s", file=sys.stderr)


def _fetch_for_node() -> bool:
    try:
        node.fetch()
    except (node.NotFetched, OSError) as reason:
        print(f"Without it some tests are left out: {node.MISSING} ({reason})", file=sys.stderr)
        return False
    return True


def _lacking() -> list[Tool]:
    with (
        ThreadPoolExecutor() as threads
    ):  # at once, because Postfix's programs sleep a second before they complain
        starts = threads.map(_starts, map(locate, TOOLS))
        return [tool for tool, does in zip(TOOLS, starts, strict=True) if not does]


def _starts(program: Path | None) -> bool:
    """Tell whether a program can be loaded; how it likes ``--version`` does not matter."""
    if program is None:
        return False
    started = subprocess.run(
        [program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    return 0 <= started.returncode < _FIRST_STATUS_OF_NO_START


if __name__ == "__main__":
    sys.exit(main())
