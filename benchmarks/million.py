"""An issue for 1,000,000 readers: memory, the freeze, and whether the last copies go as fast as the first."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import programs
from benchmarks.programs import Course

_SIZE = 40_000
_CONNECTIONS = 32


def send_a_million(folder: Path, runs: int, *, quick: bool) -> dict[str, Any]:
    """Send the issue *runs* times; return the median of every figure.

    Args:
        folder: to work in, on a disk with some gigabytes of room.
        runs: 1 or more.
        quick: a hundredth of the readers, to see that it runs.
    """
    readers = 10_000 if quick else 1_000_000
    seen = []
    with programs.sink() as port:
        for number in range(runs):
            # The message is made by the program itself; the file is for others.
            figures = programs.ours(Course(folder, port, folder), readers, _CONNECTIONS, _SIZE)
            sys.stderr.write(f"run {number + 1}: {figures}\n")
            if figures["accepted"] != readers or not figures["books_balance"]:
                raise RuntimeError(f"not every copy was taken: {figures}")
            seen.append(figures)
    numbers = [name for name, value in seen[0].items() if isinstance(value, (int, float))]
    return {"runs": runs, **{name: median(each[name] for each in seen) for name in numbers}}
