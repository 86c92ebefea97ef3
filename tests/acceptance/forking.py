"""Runs the command line in processes of their own without the second that importing it takes each time.

``python -m tests.acceptance.forking`` reads one JSON request a line, forks, becomes ``mailer`` there, and
answers with its status. What the process writes goes to real files, so that a traceback, a half-written
line or output in the wrong place shows as it would in a terminal.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from typing import Any, NoReturn

from mailer.cli import verbs  # noqa: F401 - imported here, so that no fork has to
from mailer.cli.main import run

_LONGEST_S = 60


def main() -> None:
    """Serve requests until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        if "shell" in request:
            answer = subprocess.run(request["shell"], check=False).returncode, ""
        else:
            answer = _run(request)
        print(json.dumps(answer), flush=True)  # noqa: T201 - the answer


def _run(request: dict[str, Any]) -> tuple[int, str]:
    """Return the status of a command, and what it wrote to standard error."""
    # A pipe: no limit on the length of files keeps a command from saying what it met.
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writing, 2)
        _become_mailer(request)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as file:
        said = file.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def _become_mailer(request: dict[str, Any]) -> NoReturn:
    status = 70
    try:
        _prepare(request)
        run()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else 1
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        traceback.print_exc()
        status = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                status = 120  # what the interpreter says of output it could not write
        os._exit(status)


def _prepare(request: dict[str, Any]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for descriptor, path, mode in (
        (0, request["stdin"], os.O_RDONLY),
        (1, request["stdout"], flags),
    ):
        os.dup2(os.open(path, mode, 0o600), descriptor)
    # Streams of this process's own: those of the server may have been opened on another kind of file.
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(descriptor, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
        for descriptor, mode in ((0, "r"), (1, "w"), (2, "w"))
    )
    for name in [name for name in os.environ if name.startswith("MAILER_")]:
        del os.environ[name]
    os.environ.update(request["environment"])
    time.tzset()
    # A command that waits for ever ends with this signal instead of holding up the tests.
    signal.alarm(_LONGEST_S)
    os.chdir(request["folder"])
    sys.argv = ["mailer", *request["arguments"]]
    if request["largest_file"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest_file"], resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
