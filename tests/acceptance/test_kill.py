"""A sender that is killed loses no copy, and resends no more than it had in the air."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.acceptance.killing import CONNECTIONS, MAILER, proof, serving, stopped

KILLS = 4
"""As many as a test run can afford; tests/soak has more."""
STOPS = 3


def test_kill_9_loses_nothing(tmp_path: Path) -> None:
    """At random moments: 0 lost, 0 wrong, and per kill at most as many duplicates as connections."""
    found = stopped(tmp_path, signal.SIGKILL, KILLS, reader_count=1000)

    assert found.stops == KILLS
    assert (found.lost, found.wrong) == (0, 0)
    assert found.duplicates <= found.unknown <= CONNECTIONS * found.stops


def test_sigterm_sends_nothing_twice(tmp_path: Path) -> None:
    """Restarts in the middle of an issue: 0 lost, 0 duplicates, nothing uncertain."""
    found = stopped(tmp_path, signal.SIGTERM, STOPS, reader_count=800)

    assert found.stops == STOPS
    assert (found.lost, found.wrong, found.duplicates, found.unknown) == (0, 0, 0, 0)


def test_a_second_sender_on_the_same_data_is_refused(tmp_path: Path) -> None:
    """One sentence and status 1; the first goes on."""
    with proof(tmp_path, 1) as made, serving(made.folder) as first:
        made.until_done()
        second = subprocess.run(
            [*MAILER, "--settings", str(made.folder), "serve"],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )

        assert second.returncode == 1
        assert [line for line in second.stderr.splitlines() if "end it first" in line]
        assert "Traceback" not in second.stderr
        assert first.poll() is None
