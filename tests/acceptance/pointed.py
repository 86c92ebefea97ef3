"""Senders that are killed at the Nth write, sync or send that they ask of the kernel.

strace counts each thread's calls of each kind by itself and kills before the call is done, so that "the Nth"
is the Nth of whichever thread gets there first. The counts of a first, unhurt run say how far N goes.
"""

from __future__ import annotations

import re
import signal
import subprocess
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.acceptance.spawning import Child
from tests.acceptance.stopping import Scene, Stage, Tally, until

# uvloop writes to its sockets by write, SQLite to its files by pwrite64; the others are there for the
# day when that changes.
_CALLS = (
    *("write", "writev", "sendto", "sendmsg"),
    *("pwrite64", "pwritev", "fdatasync", "fsync"),
    *("ftruncate", "rename", "unlink"),
)
_TRACED = re.compile(r"\nTracerPid:\s*[1-9]")
_LINE = re.compile(r"(?P<thread>\d+) +(?P<call>\w+)\(")


@dataclass(frozen=True, slots=True)
class Point:
    """A moment in a sender's life: before a thread's *number*-th call of that kind."""

    call: str
    number: int


def killed_at_calls(short: Stage, long: Stage, strace: Path, at_most: int) -> Tally:
    """Kill a sender at each point of a short issue, or at so many of them, spread evenly.

    Args:
        short: an issue whose whole run has few enough points.
        long: an issue that outlives many senders; here they are killed.
        strace: the program.
        at_most: points.
    """
    tally = Tally()
    points = deque(_spread(_points(short, strace), at_most))
    while points:
        with long.scene() as scene:
            is_fresh = True
            while points and (_kill(scene, strace, points[0]) or is_fresh):
                # Threads take turns differently each time: not every run comes as far as the first one.
                tally.stops += scene.look_at_wreck()
                points.popleft()
                is_fresh = False
            scene.finish()
            tally.verdict += scene.proof.verdict()
    return tally


def _points(stage: Stage, strace: Path) -> list[Point]:
    calls = ",".join(_CALLS)
    with stage.scene() as scene:
        trace = scene.proof.folder / "trace"
        sender = scene.start(halted=True)
        with _traced(sender, strace, "-o", str(trace), "-e", f"trace={calls}"):
            until(scene.is_done, within_s=60)
            sender.send(signal.SIGTERM)
            assert sender.wait() == 0
        found = (_LINE.match(line) for line in trace.read_text().splitlines())
        by_thread = Counter((match["call"], match["thread"]) for match in found if match)
    return [
        Point(call, number)
        for call in _CALLS
        for number in range(1, max((n for (name, _), n in by_thread.items() if name == call), default=0) + 1)
    ]


def _spread(points: Sequence[Point], at_most: int) -> list[Point]:
    """Return at most so many, from the first to the last of each kind."""
    if len(points) <= at_most:
        return list(points)
    return [points[number * len(points) // at_most] for number in range(at_most)]


def _kill(scene: Scene, strace: Path, point: Point) -> bool:
    """Run a sender that dies at *point*; return whether it came that far."""
    sender = scene.start(halted=True)
    inject = f"inject={point.call}:signal=KILL:when={point.number}"
    with _traced(sender, strace, "-o", "/dev/null", "-e", f"trace={point.call}", "-e", inject):
        until(lambda: scene.is_done() or not sender.is_running(), within_s=60)
        if sender.is_running():
            sender.send(signal.SIGTERM)
        return sender.wait() == -signal.SIGKILL


@contextmanager
def _traced(child: Child, strace: Path, *options: str) -> Iterator[None]:
    """Let strace follow a halted program, and let that go on; strace ends with it."""
    command = [str(strace), "-f", "-qq", "-p", str(child.pid), *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as tracer:
        until(lambda: _TRACED.search(child.facts()) is not None or tracer.poll() is not None)
        assert tracer.poll() is None, "strace may not follow a process here"
        child.send(signal.SIGCONT)
        try:
            yield
        finally:
            # Whatever is left of either: what strace follows goes on without it.
            tracer.terminate()
