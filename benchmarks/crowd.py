"""A crowd at the sign-up form: fifty clients that press again as soon as they are answered.

The limits are the usual ones, so that the flood is noticed, and decided, while it goes on. And a stranger
with a clock, who signs up addresses of every state and compares how long the answers take.
"""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks import newsroom, programs
from tests.acceptance.probing import probe, probed_site

CLIENTS = 50
_PRESS = Path(__file__).with_name("press.lua")


def press_all_at_once(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Have wrk sign addresses up, each another; return how fast they were answered.

    Args:
        folder: to work in, on a disk.
        quick: two seconds, to see that it runs.

    Raises:
        RuntimeError: an answer was no page, or somebody who was answered is nowhere to be found.
    """
    here = folder / "crowd"
    newsroom.set_up(here)
    seconds = 2 if quick else 20
    with newsroom.serving(here) as site:
        command = [str(programs.named("wrk")), "--threads", "1", "--connections", str(CLIENTS)]
        command += ["--duration", f"{seconds}s", "--script", str(_PRESS), site]
        ended = subprocess.run(command, capture_output=True, timeout=60, check=True)
    figures: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    if figures.pop("errors"):
        raise RuntimeError(f"not every sign-up was answered: {ended.stdout.decode()}")
    if (stored := _stored(here)) < figures["answered"]:
        raise RuntimeError(f"{figures['answered']} sign-ups were answered, {stored} are stored")
    return {"clients": CLIENTS, "seconds": seconds, **figures}


def compare_states(folder: Path, *, quick: bool) -> dict[str, Any]:
    """Sign up addresses that are new, pending, subscribed, gone and returned; return the middle times.

    Args:
        folder: to work in, on a disk.
        quick: fifty of each, to see that it runs.

    Raises:
        RuntimeError: two answers differ.
    """
    here = folder / "stranger"
    here.mkdir()
    rounds = 50 if quick else 2_000
    with probed_site(here) as site:
        answers = probe(site, rounds)
    if len(set().union(*answers.seen.values())) != 1:
        raise RuntimeError("the answers differ by what the address is")
    medians = {state: round(taken, 3) for state, taken in answers.medians_ms.items()}
    return {
        "rounds": rounds,
        "medians_ms": medians,
        "apart_ms": round(answers.spread_ms, 3),
        "apart_percent": round(100 * answers.spread, 1),
    }


def _stored(folder: Path) -> int:
    """Return how many sign-ups wait or were mailed."""
    with closing(sqlite3.connect(folder / "data" / "mailer.db")) as database:
        counts = [
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - ours
            for table in ("signup_request", "letter_count")
        ]
    return sum(counts)
