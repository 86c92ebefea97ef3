"""Taking over 1,000,000 readers: how long it takes, and that it takes no more memory than fewer do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks import newsroom

_FEW = 200_000
_MANY = 1_000_000
_DOMAINS = 3_000


def import_readers(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Import a table of readers with a proven consent, twice, into an installation of its own each time.

    Args:
        folder: to work in, on a disk with a gigabyte of room.
        quick: a hundredth of the readers, to see that it runs.

    Raises:
        RuntimeError: not everybody was taken in.
    """
    few, many = (_FEW // 100, _MANY // 100) if quick else (_FEW, _MANY)
    of_few, of_many = _imported(folder / "few", few), _imported(folder / "many", many)
    return {
        "few": few,
        "many": many,
        "peak_mb_of_few": round(of_few.peak_mb, 1),
        "peak_mb": round(of_many.peak_mb, 1),
        "seconds": round(of_many.seconds, 1),
        "cpu_s": round(of_many.cpu_s, 1),
    }


def _imported(folder: Path, count: int) -> newsroom.Run:
    newsroom.set_up(folder)
    table = folder / "readers.csv"
    with table.open("w", encoding="utf-8") as lines:
        lines.write("email,list,status,confirmed_at\n")
        lines.writelines(
            f"reader{number}@d{number % _DOMAINS}.example.org,Weekly BE,confirmed,2025-03-11 09:00\n"
            for number in range(count)
        )
    call = ("reader", "import", table, "--map", "Weekly BE=be", "--source", "a form", "--json")
    ran = newsroom.run(folder, *call)
    taken = json.loads(ran.output)["subscribed"]
    if taken != count:
        raise RuntimeError(f"{taken} of {count} readers were taken in")
    return ran
