"""The relay alone, as a program of its own: ``python -m mailer.outbox --folder DIR --port 0``.

For proofs that kill a sender: the relay must outlive it. The port is the first line of standard
output; SIGTERM and Ctrl-C end it with status 0.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import uvloop

from mailer.errors import MailerError, UsageError
from mailer.outbox.journal import Journal
from mailer.outbox.mailbox import Mailbox
from mailer.outbox.relay import Relay
from mailer.outbox.script import Script, parse_script


@dataclass(frozen=True, slots=True)
class _Call:
    folder: Path
    host: str
    port: int
    script: Script
    log: Path | None
    fsync: bool


def main() -> int:
    """Run until told to stop; return the exit status."""
    try:
        call = _read_call()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(call))
    except MailerError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_status
    return 0


def _read_call() -> _Call:
    parser = argparse.ArgumentParser(prog="python -m mailer.outbox", description="Take mail and keep it.")
    parser.add_argument("--folder", type=Path, required=True, help="where mail is kept; made when missing")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--script", type=Path, help="what to do otherwise than accept, one rule per line")
    parser.add_argument("--log", type=Path, help="a JSON line per copy taken, on the disk before the answer")
    parser.add_argument("--fsync", action="store_true", help="mail survives a power cut once it is answered")
    given = parser.parse_args()
    script = _read_script(given.script) if given.script else ()
    return _Call(given.folder, given.host, given.port, script, given.log, given.fsync)


def _read_script(path: Path) -> Script:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{path} can't be read ({error.strerror}): name a file with a rule per line."
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: save it as UTF-8 text.") from error
    return parse_script(text, str(path))


async def _serve(call: _Call) -> None:
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    journal = Journal(call.log) if call.log else None
    relay = Relay(
        Mailbox(call.folder, fsync=call.fsync), call.script, witness=journal.record if journal else None
    )
    try:
        await relay.start(call.host, call.port)
        sys.stdout.write(f"{relay.port}\n")
        sys.stdout.flush()
        await stopped.wait()
    finally:
        await relay.stop()
        if journal:
            journal.close()


if __name__ == "__main__":
    sys.exit(main())
