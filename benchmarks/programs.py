"""The programs that are measured, each on its own and each through the same few arguments."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.tools.catalogue import locate, missing, tool

_MAILER = Path(sys.executable).with_name("mailer")
_LONGEST_S = 1200.0
_BACKLOG = "1024"
# What the design compares with: smtp-source -d -s 10.
_SESSIONS = "10"


@dataclass(frozen=True, slots=True)
class Course:
    """What every program is given.

    Attributes:
        folder: to work in, on a disk.
        port: of the mail server, on loopback.
        message: a file with the message's bytes, CRLF line ends.
    """

    folder: Path
    port: int
    message: Path


def named(name: str) -> Path:
    """Return where a program of the test tools lies.

    Raises:
        RuntimeError: it is not there; the message says what to type.
    """
    wanted = tool(name)
    found = locate(wanted)
    if found is None:
        raise RuntimeError(missing(wanted))
    return found


@contextmanager
def sink() -> Iterator[int]:
    """Run Postfix's smtp-sink, which takes mail and throws it away; yield its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    # It refuses to run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    command = [str(named("smtp-sink")), *user, f"127.0.0.1:{port}", _BACKLOG]
    with _running(command) as process:
        _wait_for(port, process)
        yield port


@contextmanager
def delayed(port: int, delay_ms: float) -> Iterator[int]:
    """Put a wire before *port* that takes *delay_ms* each way; yield its own port."""
    command = [sys.executable, "-m", "benchmarks.delay", "--to", str(port), "--ms", str(delay_ms)]
    with _running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


def ours(course: Course, count: int, connections: int, size: int, *options: str) -> dict[str, Any]:
    """Run ``mailer bench send``; return its figures."""
    command = [str(_MAILER), "bench", "send", "--relay", f"127.0.0.1:{course.port}", "--json"]
    for name, number in (("--readers", count), ("--connections", connections), ("--size", size)):
        command += [name, str(number)]
    figures: dict[str, Any] = json.loads(_output([*command, *options], course.folder))
    return figures


def plain(course: Course, count: int, connections: int, *, commits: bool) -> float:
    """Run aiosmtplib's sendmail, *commits* or not after each reply; return messages a second."""
    command = [sys.executable, "-m", "benchmarks.plain", "--port", str(course.port)]
    command += ["--message", str(course.message), "--count", str(count), "--connections", str(connections)]
    if commits:
        command += ["--commit", str(course.folder)]
    try:
        return float(_output(command, Path.cwd()))
    finally:
        for file in course.folder.glob("plain.db*"):
            file.unlink()


def source(course: Course, count: int) -> float:
    """Run Postfix's smtp-source, which remembers nothing; return messages a second."""
    lines = course.folder / "lines"
    # It takes lines, and puts the CRLF on by itself.
    lines.write_bytes(course.message.read_bytes().replace(b"\r\n", b"\n"))
    command = [str(named("smtp-source")), "-d", "-s", _SESSIONS, "-m", str(count), "-F", str(lines)]
    command += ["-f", "weekly@example.org", "-t", "reader@example.org", f"127.0.0.1:{course.port}"]
    began = time.perf_counter()
    _output(command, course.folder)
    return count / (time.perf_counter() - began)


def _output(command: list[str], folder: Path) -> bytes:
    ended = subprocess.run(command, cwd=folder, capture_output=True, timeout=_LONGEST_S, check=False)
    if ended.returncode != 0:
        words = ended.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise RuntimeError(f"{Path(command[0]).name} ended with status {ended.returncode}: {' '.join(words)}")
    return ended.stdout


@contextmanager
def _running(command: list[str], stdout: int = subprocess.DEVNULL) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if connection.recv(3) == b"220":
                    return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"{Path(process.args[0]).name} did not start")  # type: ignore[index, arg-type]
