"""An installation whose sender is killed, and a relay that outlives it and knows what it took."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mailer.audience.keys import load_keys
from mailer.audience.vault import Vault
from mailer.domain.books import Books
from mailer.storage import open_database
from tests.integration.delivery.house import House

MAILER = (str(Path(sys.executable).with_name("mailer")),)
CONNECTIONS = 4
SETTINGS = """
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an issue whose sender was stopped again and again.

    Attributes:
        audience: readers.
        lost: copies that the ledger calls settled and the relay never took, and copies never settled.
        wrong: copies with other bytes or another Message-ID than the reader's first one.
        duplicates: copies that the relay took beyond the first of each reader.
        unknown: tries of which the sender could not be certain.
        stops: how often it was stopped while it was sending.
    """

    audience: int
    lost: int
    wrong: int
    duplicates: int
    unknown: int
    stops: int


@dataclass(slots=True)
class Proof:
    """One installation with one released issue, and the relay's own log."""

    folder: Path
    log: Path
    chance: random.Random = field(default_factory=lambda: random.Random(20261123))
    stops: int = 0

    def house(self) -> House:
        """Open the database."""
        keys = load_keys(self.folder / "data" / "keys")
        return House(open_database(f"sqlite:///{self.folder / 'data' / 'mailer.db'}"), Vault(keys))

    def taken(self) -> list[dict[str, object]]:
        """Return what the relay took, one entry per copy, in order."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop_while_sending(self, name: signal.Signals) -> bool:
        """Start the sender, stop it at a random moment of its work; return whether it was at work still."""
        before = len(self.taken())
        with serving(self.folder) as process:
            _wait(lambda: len(self.taken()) > before or self.is_done())
            time.sleep(self.chance.random() * 0.15)
            was_sending = not self.is_done()
            process.send_signal(name)
            status = process.wait(30)
            assert status == (0 if name is signal.SIGTERM else -name)
        self.stops += was_sending
        return was_sending

    def finish(self) -> None:
        """Run the sender until the issue is sent."""
        with serving(self.folder) as process:
            self.until_done()
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0

    def until_done(self) -> None:
        """Wait until the issue is sent."""
        _wait(self.is_done, within_s=60)

    def is_done(self) -> bool:
        """Tell whether no copy waits, and the books balance."""

        async def look() -> bool:
            house = self.house()
            found: Books = await house.books()
            held = await house.rows("SELECT 1 FROM chunk WHERE next_at IS NOT NULL OR owner IS NOT NULL")
            await house.database.close()
            return found.pending == 0 and not held

        return asyncio.run(look())

    def verdict(self) -> Verdict:
        """Hold the relay's log against the ledger."""
        taken = self.taken()
        copies = Counter(str(entry["recipient"]) for entry in taken)
        kinds = {(entry["recipient"], entry["message_id"], entry["sha256"]) for entry in taken}

        async def ledger() -> tuple[dict[str, str], int]:
            house = self.house()
            rows = await house.rows(
                "SELECT r.sealed_address, r.public_id, d.state FROM delivery d"
                " JOIN reader r ON r.id = d.reader_id"
            )
            states = {
                house.vault.open(bytes(sealed), bytes(own)).decode(): state for sealed, own, state in rows
            }
            ((unknown,),) = await house.rows("SELECT count(*) FROM attempt WHERE outcome = 'unknown'")
            await house.database.close()
            return states, int(unknown)

        states, unknown = asyncio.run(ledger())
        settled = {"accepted", "unknown"}
        return Verdict(
            audience=len(states),
            lost=sum(state not in settled or not copies[address] for address, state in states.items()),
            wrong=len(kinds) - len(copies),
            duplicates=sum(copies.values()) - len(copies),
            unknown=unknown,
            stops=self.stops,
        )


def stopped(folder: Path, name: signal.Signals, times: int, reader_count: int) -> Verdict:
    """Stop a sender so many times at random moments, let it finish, and say what became of the issue."""
    with proof(folder, reader_count) as made:
        while made.stops < times and not made.is_done():
            made.stop_while_sending(name)
        made.finish()
        return made.verdict()


@contextmanager
def proof(folder: Path, reader_count: int) -> Iterator[Proof]:
    """Make an installation with a released issue, and run a relay beside it until the block ends."""
    home, log = folder / "home", folder / "relay.log"
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)
    command = [sys.executable, "-m", "mailer.outbox", "--folder", str(folder / "kept"), "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout is not None
            port = int(relay.stdout.readline())
            settings = SETTINGS.format(port=port, connections=CONNECTIONS)
            (home / "mailer.toml").write_text(settings, "utf-8")
            made = Proof(home, log)
            asyncio.run(_release(made, reader_count))
            yield made
        finally:
            relay.terminate()
            relay.wait(10)


@contextmanager
def serving(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``mailer serve``; it is killed when the block ends, unless it has ended."""
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen([*MAILER, "--settings", str(folder), "serve"], stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


async def _release(made: Proof, reader_count: int) -> None:
    house = made.house()
    await house.furnish()
    await house.subscribe([f"reader{number}@example.org" for number in range(reader_count)])
    await house.release()
    await house.database.close()


def _wait(condition: Callable[[], bool], within_s: float = 20) -> None:
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.02)
