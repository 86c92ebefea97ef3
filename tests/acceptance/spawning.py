"""Programs that a proof starts and stops by the hundred, forked from one that has imported them.

Importing ``mailer`` takes a second; a fork takes milliseconds and is the same program from there on.
``python -m tests.acceptance.spawning`` reads one JSON request a line, and is the parent of what it starts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Child:
    """A program that was started."""

    pid: int
    spawner: Spawner

    def send(self, name: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has ended."""
        # It stays in the table until wait(), so that its number is nobody else's.
        os.kill(self.pid, name)

    def is_running(self) -> bool:
        """Tell whether it has not ended yet."""
        return "\nState:\tZ" not in self.facts()

    def facts(self) -> str:
        """Return what the kernel knows of it (proc(5), status)."""
        return (Path("/proc") / str(self.pid) / "status").read_text()

    def wait(self, within_s: float = 30) -> int | None:
        """Return its status as subprocess does, once; None when it has not ended *within_s*."""
        status: int | None = self.spawner.ask({"wait": self.pid, "within_s": within_s})
        return status


class Spawner:
    """Starts programs."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, program: str, *arguments: str | Path, log: Path, halted: bool = False) -> Child:
        """Start ``mailer`` or ``outbox`` with *arguments*.

        Args:
            log: what it writes is added there.
            halted: it waits for SIGCONT before its first step.
        """
        words = [str(argument) for argument in arguments]
        return Child(self.ask({"start": program, "words": words, "log": str(log), "halted": halted}), self)

    def ask(self, request: Mapping[str, Any]) -> Any:
        """Return the answer to a request."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        return json.loads(self._server.stdout.readline())


@contextmanager
def spawning() -> Iterator[Spawner]:
    """Run the program that forks; what it started ends with the block."""
    command = [sys.executable, "-m", "tests.acceptance.spawning"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        yield Spawner(server)
        assert server.stdin is not None
        server.stdin.close()


def main() -> None:
    """Serve requests until standard input ends, then end what still runs."""
    programs = _programs()
    running: set[int] = set()
    for line in sys.stdin:
        request = json.loads(line)
        answer: int | None
        if "start" in request:
            answer = _start(programs[request["start"]], request)
            running.add(answer)
        else:
            answer = _wait(request["wait"], request["within_s"])
            if answer is not None:
                running.discard(request["wait"])
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer
    for pid in running:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _programs() -> dict[str, Callable[[], object]]:
    # Imported here, so that no fork has to; the client needs none of it.
    from mailer.cli import verbs  # noqa: F401
    from mailer.cli.main import run
    from mailer.outbox.__main__ import main as outbox

    return {"mailer": run, "outbox": outbox}


def _start(program: Callable[[], object], request: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid == 0:
        _become(program, request)
    if request["halted"]:
        # A SIGCONT that came before its SIGSTOP would be lost.
        os.waitpid(pid, os.WUNTRACED)
    return pid


def _become(program: Callable[[], object], request: Mapping[str, Any]) -> NoReturn:
    status = 0
    try:
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for descriptor, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
            os.dup2(source, descriptor)
        sys.argv = [request["start"], *request["words"]]
        if request["halted"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        status = int(program() or 0)  # type: ignore[call-overload]
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _wait(pid: int, within_s: float) -> int | None:
    give_up_at = time.monotonic() + within_s
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > give_up_at:
            return None
        time.sleep(0.002)


if __name__ == "__main__":
    main()
