"""What ``make bench`` runs: ``python -m benchmarks [PART]``; ``--help`` names the parts.

A quick run only shows that everything runs: its figures are printed and not kept.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks.contest import compete
from benchmarks.crowd import compare_states, press_all_at_once
from benchmarks.imports import import_readers
from benchmarks.machine import machine
from benchmarks.messages import print_an_issue
from benchmarks.million import send_a_million
from benchmarks.page import PAGE, save
from benchmarks.returned import return_an_issue
from benchmarks.signups import sign_up_while_sending
from mailer.cli.bench_machine import file_system, is_in_memory

_PARTS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "contest": lambda folder, rounds, quick: compete(folder, rounds, quick=quick),
    "signups": lambda folder, _rounds, quick: {
        **sign_up_while_sending(folder, quick=quick),
        "crowd": press_all_at_once(folder, quick=quick),
        "stranger": compare_states(folder, quick=quick),
    },
    "imports": lambda folder, _rounds, quick: import_readers(folder, quick=quick),
    "returned": lambda folder, _rounds, quick: return_an_issue(folder, quick=quick),
    "messages": lambda folder, rounds, quick: print_an_issue(folder, rounds, quick=quick),
    "million": lambda folder, rounds, quick: send_a_million(folder, rounds, quick=quick),
}


def main() -> int:
    """Measure one part; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("part", nargs="?", choices=_PARTS, default="contest")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="see that it runs; figures are not kept")
    call = parser.parse_args()
    if is_in_memory(file_system(Path.cwd())):
        sys.stderr.write(
            "The working directory is in memory, where nothing is durable; go to one on a disk.\n"
        )
        return 2
    folder = Path(tempfile.mkdtemp(prefix="mailer-bench-", dir=Path.cwd()))
    try:
        where = machine(folder)
        figures = _PARTS[call.part](folder, call.rounds, call.quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{json.dumps(figures, indent=2)}\n")
    if not call.quick:
        save(call.part, figures, where)
        sys.stdout.write(f"{PAGE} is written anew.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
