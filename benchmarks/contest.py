"""The contest: rounds in which every program runs once, in turned order, and their medians."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import programs
from benchmarks.programs import Course
from benchmarks.signing import signatures_per_s
from mailer.cli.bench_edition import fill_up, write_templates
from mailer.domain.period import week

SIZES = (2_000, 40_000)
CONNECTIONS = (10, 32, 64)
DELAY_MS = 25.0
DELAYED_CONNECTIONS = 10

Figures = dict[str, list[float]]
"""What each program did, by its name, one figure a round."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages each program sends in a round: a few seconds' worth."""

    ours: int
    source: int
    plain: int
    committing: int
    signed: int


COUNTS: Mapping[int, Counts] = {
    2_000: Counts(ours=100_000, source=100_000, plain=8_000, committing=6_000, signed=12_000),
    40_000: Counts(ours=24_000, source=24_000, plain=4_000, committing=4_000, signed=10_000),
}
_DELAYED_OURS, _DELAYED_SOURCE = 1_500, 300


def compete(folder: Path, rounds: int, *, quick: bool) -> dict[str, Any]:
    """Run the whole contest.

    Args:
        folder: to work in, on a disk.
        rounds: 1 or more; their median counts.
        quick: a tenth of the messages, to see that everything runs.

    Returns:
        By size as text: the connections ours ran best with, and the median of each program; besides them
        the raw signing rate and what came through the long wire.
    """
    share = 10 if quick else 1
    write_templates(folder / "templates")
    with programs.sink() as port:
        results: dict[str, Any] = {"rounds": rounds}
        for size in SIZES:
            course = Course(folder, port, _message(folder, size))
            results[str(size)] = _at_size(course, size, rounds, share)
        course = Course(folder, port, _message(folder, SIZES[0]))
        results["delayed"] = _delayed(course, rounds, share)
    return results


def _at_size(course: Course, size: int, rounds: int, share: int) -> dict[str, Any]:
    counts = COUNTS[size]
    # Three times each, in turn: one try on a shared machine says little.
    rates: dict[int, list[float]] = {connections: [] for connections in CONNECTIONS}
    for connections in CONNECTIONS * 3:
        found = programs.ours(course, counts.ours // share, connections, size)["messages_per_s"]
        rates[connections].append(found)
    tried = {connections: median(found) for connections, found in rates.items()}
    best = max(tried, key=lambda connections: tried[connections])
    _say(f"{size} bytes: {tried}, best with {best} connections")

    def ours(count: int, *options: str) -> float:
        figures = programs.ours(course, count // share, best, size, *options)
        _prove(figures)
        return float(figures["messages_per_s"])

    entrants: dict[str, Callable[[], float]] = {
        "ours": lambda: ours(counts.ours),
        "source": lambda: programs.source(course, counts.source // share),
        "ours_signed": lambda: ours(counts.signed, "--dkim"),
        "signatures": signatures_per_s,
        "plain": lambda: programs.plain(course, counts.plain // share, best, commits=False),
        "plain_committing": lambda: programs.plain(course, counts.committing // share, best, commits=True),
    }
    return {"connections": best, "tried": tried, **_medians(_rounds(entrants, rounds))}


def _delayed(course: Course, rounds: int, share: int) -> dict[str, float]:
    with programs.delayed(course.port, DELAY_MS) as port:
        far = Course(course.folder, port, course.message)
        entrants: dict[str, Callable[[], float]] = {
            "ours": lambda: programs.ours(far, _DELAYED_OURS // share, DELAYED_CONNECTIONS, SIZES[0])[
                "messages_per_s"
            ],
            "source": lambda: programs.source(far, _DELAYED_SOURCE // share),
        }
        return _medians(_rounds(entrants, rounds))


def _rounds(entrants: Mapping[str, Callable[[], float]], rounds: int) -> Figures:
    """Let everybody run once a round, in turned order every other time: a machine that tires is fair."""
    figures: Figures = defaultdict(list)
    for number in range(rounds):
        names = list(entrants)[:: -1 if number % 2 else 1]
        for name in names:
            figures[name].append(entrants[name]())
            _say(f"  round {number + 1}: {name} {figures[name][-1]:.0f}/s")
    return figures


def _medians(figures: Figures) -> dict[str, float]:
    return {name: round(median(seen), 1) for name, seen in figures.items()}


def _prove(figures: Mapping[str, Any]) -> None:
    if figures["accepted"] != figures["readers"] or not figures["books_balance"]:
        raise RuntimeError(f"not every copy was taken: {figures}")


def _message(folder: Path, size: int) -> Path:
    path = folder / f"message-{size}"
    filler = fill_up(size, folder / "templates", week(2026, 47), datetime(2026, 11, 23, 9, tzinfo=UTC))
    path.write_bytes(filler.message)
    return path


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
