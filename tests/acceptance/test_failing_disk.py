"""Faults row 12: a disk that fails under a write or a sync ends the process, and loses no copy."""

from __future__ import annotations

import re
import signal
from pathlib import Path

from tests.acceptance.ailing import CONNECTIONS, end_of, released, serve, taken_count, until
from tests.acceptance.commandline import CommandLine
from tests.acceptance.killing import Proof

READERS = 200
# The 25th of a thread's calls falls into the sending, after some ten commits of the start. Only one call
# fails: the next sync would succeed, and must not be asked for.
FAULTS = ("fdatasync:error=EIO:when=25", "pwrite64:error=EIO:when=150")


def _failing(proof: Proof, strace: Path, fault: str) -> list[str]:
    """Run the sender until a call of it fails; return the calls of the ledger's thread from there on."""
    trace = proof.log.parent / "trace"
    calls = "trace=fdatasync,fsync,pwrite64,ftruncate"
    before = [str(strace), "-f", "--seccomp-bpf", "-o", str(trace), "-e", calls, "-e", f"inject={fault}"]
    with serve(proof, before) as process:
        ended = end_of(process, proof)
    assert ended.status == 1, ended
    assert "the disk failed while it was written" in ended.sentence()
    lines = trace.read_text("utf-8").splitlines()
    (first, *_) = (number for number, line in enumerate(lines) if line.endswith("(INJECTED)"))
    return [
        line for line in lines[first + 1 :] if re.search(r"\b(fdatasync|fsync|pwrite64|ftruncate)\(", line)
    ]


def test_row_12_an_error_of_the_disk_ends_the_process(
    mailer: CommandLine, strace: Path, tmp_path: Path
) -> None:
    """Status 1 and one sentence; nothing is written or synced after it; then no copy is lost, few doubled."""
    with released(mailer, tmp_path, READERS) as proof:
        afterwards = [_failing(proof, strace, fault) for fault in FAULTS]

        assert afterwards == [[], []]
        assert taken_count(proof) < READERS  # it failed while there was work
        with serve(proof) as process:
            until(lambda: len({entry["recipient"] for entry in proof.taken()}) == READERS)
            process.send_signal(signal.SIGTERM)
            assert end_of(process, proof).status == 0
        found = proof.verdict()
    assert (found.audience, found.lost, found.wrong) == (READERS, 0, 0)
    assert found.duplicates <= min(found.unknown, CONNECTIONS * len(FAULTS))
