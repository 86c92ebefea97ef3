"""200,000 reports that nobody wrote: the reader never raises, stays quick, and keeps nothing."""

from __future__ import annotations

import resource
import statistics
import time
from pathlib import Path

from mailer.bounces.reading import read_report
from mailer.domain.notice_judgement import judge_notice
from tests.tools.bounces_score import samples_folder
from tests.tools.mutation import mutated

_OWN = Path(__file__).parents[1] / "samples" / "bounces"
_COUNT = 200_000
_WARM_UP = 5_000
_MAX_GROWTH_MB = 20


def test_mutated_reports_are_read_in_bounded_memory() -> None:
    """No exception leaves the reader over 200,000 mutated reports, and its memory stays flat."""
    folders = [_OWN, *([folder / "messages"] if (folder := samples_folder()) else [])]
    seeds = [path.read_bytes() for folder in folders for path in sorted(folder.glob("*.eml"))]
    took_ms: list[float] = []
    peak_mb = 0.0

    for number, raw in enumerate(mutated(seeds, _COUNT, seed=2026)):
        began = time.process_time()
        mail = read_report(raw)
        for notice in mail.notices:
            judge_notice(notice, mail.kind)
        took_ms.append((time.process_time() - began) * 1000)
        if number == _WARM_UP:
            peak_mb = _peak_mb()

    p99 = statistics.quantiles(took_ms, n=100)[98]
    print(f"mean {statistics.fmean(took_ms):.2f} ms, p99 {p99:.2f} ms, longest {max(took_ms):.0f} ms")  # noqa: T201 - the figures, with -s
    print(f"memory {peak_mb:.0f} MB after {_WARM_UP}, {_peak_mb():.0f} MB after {_COUNT}")  # noqa: T201 - as above
    # A float for each message is the test's own.
    assert _peak_mb() - peak_mb < _MAX_GROWTH_MB


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
