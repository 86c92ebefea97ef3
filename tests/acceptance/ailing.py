"""A released issue whose sender's disk fails, and a relay on a healthy one that knows what it took."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.acceptance.commandline import MAILER, CommandLine
from tests.acceptance.killing import Proof

CONNECTIONS = 4
_SETTINGS = """
[site]
public_url = "https://weekly.example.org"
listen = "127.0.0.1:0"
[relay]
host = "127.0.0.1"
port = {port}
tls = "none"
connections = {connections}
[sending]
retry_minutes = [0.002]
"""


@contextmanager
def released(mailer: CommandLine, folder: Path, reader_count: int) -> Iterator[Proof]:
    """Make an installation with a released issue, and run a relay beside it until the block ends."""
    home, log = folder / "home", folder / "relay.log"
    assert mailer("init", home, "--yes").status == 0
    command = [sys.executable, "-m", "mailer.outbox", "--folder", str(folder / "kept"), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout is not None
            port = int(relay.stdout.readline())
            (home / "mailer.toml").write_text(_SETTINGS.format(port=port, connections=CONNECTIONS), "utf-8")
            made = Proof(home, log)
            asyncio.run(_release(made, reader_count))
            yield made
        finally:
            relay.terminate()
            relay.wait(10)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a program ended with: its status, and what it wrote to standard error."""

    status: int
    said: str

    def sentence(self) -> str:
        """Return the one sentence for a person; fails when there is none, or a trace."""
        assert "Traceback" not in self.said, self.said
        (line,) = (line for line in self.said.splitlines() if line.startswith("mailer: "))
        return line.removeprefix("mailer: ")


@contextmanager
def serve(proof: Proof, before: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """Run ``mailer serve``, with *before* put before its command; it is killed when the block ends."""
    command = [*before, str(MAILER), "--settings", str(proof.folder), "serve"]
    with (
        (proof.log.parent / "serve.log").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


def end_of(process: subprocess.Popen[str], proof: Proof, within_s: float = 30) -> Ended:
    """Wait for its end."""
    status = process.wait(within_s)
    return Ended(status, (proof.log.parent / "serve.log").read_text("utf-8"))


def address_of(process: subprocess.Popen[str]) -> str:
    """Return the site's address, once it is up."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("The site is at "):
            return line.split()[-1].rstrip("/")
    raise AssertionError("it ended before the site was up")


def taken_count(proof: Proof) -> int:
    """Return how many copies the relay took."""
    return len(proof.taken()) if proof.log.exists() else 0


def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for *condition*."""
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.02)


def elsewhere(proof: Proof, folder: Path) -> Proof:
    """Return the same issue as another copy of the installation has it."""
    return replace(proof, folder=folder)


async def _release(made: Proof, reader_count: int) -> None:
    house = made.house()
    await house.furnish()
    await house.subscribe([f"reader{number}@example.org" for number in range(reader_count)])
    await house.release()
    await house.database.close()
