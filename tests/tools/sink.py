"""A mail server that takes everything: Postfix's smtp-sink, which keeps each message in a file."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_START_S = 10.0
_BACKLOG = "128"


@dataclass(frozen=True, slots=True)
class SmtpSink:
    """A running smtp-sink.

    Attributes:
        host, port: where it listens, on the loopback.
        folder: one file per message.
    """

    host: str
    port: int
    folder: Path

    def messages(self) -> list[bytes]:
        """Return the messages taken so far, LF line ends, in no order.

        Each begins with the sink's own lines about the dialogue (``X-Mail-Args: <…>``, ``X-Rcpt-Args: <…>``,
        ``Received:``) and goes on with the message's headers.
        """
        # The sink ends each file with an empty line of its own, as a mailbox file has it.
        return [path.read_bytes().removesuffix(b"\n") for path in sorted(self.folder.iterdir())]


@contextmanager
def running_sink(program: Path, *options: str) -> Iterator[SmtpSink]:
    """Run smtp-sink on a free loopback port until the block ends.

    Args:
        program: smtp-sink.
        options: of smtp-sink besides where to listen and to write, such as ``-8``.
    """
    folder = Path(tempfile.mkdtemp(prefix="sink-"))
    sink = SmtpSink("127.0.0.1", _free_port(), folder)
    command = [str(program), *options, "-d", f"{folder}/message.", f"{sink.host}:{sink.port}", _BACKLOG]
    if os.geteuid() == 0:
        command[1:1] = ["-u", "nobody"]  # it refuses to run as root
        shutil.chown(folder, "nobody")
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _wait_for_greeting(sink, process)
        yield sink
    finally:
        process.terminate()
        process.wait(_START_S)
        shutil.rmtree(folder)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _wait_for_greeting(sink: SmtpSink, process: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            with socket.create_connection((sink.host, sink.port), timeout=_START_S) as connection:
                if connection.recv(4).startswith(b"220"):
                    return
        except ConnectionError:
            time.sleep(0.01)
    raise RuntimeError(f"smtp-sink did not greet on port {sink.port} (exit status {process.poll()})")
