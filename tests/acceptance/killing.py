"""An installation whose sender is stopped, a relay that outlives it, and what the relay's log proves."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from mailer.audience.keys import load_keys
from mailer.audience.vault import Vault
from mailer.storage import open_database
from tests.integration.delivery.house import House

MAILER = (str(Path(sys.executable).with_name("mailer")),)
CONNECTIONS = 8
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
_SETTLED = ("accepted", "unknown")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an issue, by the relay's log and the ledger.

    Attributes:
        audience: readers.
        lost: copies that the relay never took, and those never settled.
        wrong: copies with other bytes or another Message-ID than the reader's first one.
        duplicates: copies that the relay took beyond the first of each reader.
        unexplained: duplicates beyond the tries on record of which the sender was not certain.
        unknown: tries on record of which the sender was not certain.
    """

    audience: int = 0
    lost: int = 0
    wrong: int = 0
    duplicates: int = 0
    unexplained: int = 0
    unknown: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        return Verdict(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))

    def __str__(self) -> str:
        return ", ".join(f"{each.name} {getattr(self, each.name)}" for each in fields(self))


@dataclass(frozen=True, slots=True)
class Proof:
    """One installation, and the relay's own log."""

    folder: Path
    log: Path

    def house(self) -> House:
        """Open the database."""
        keys = load_keys(self.folder / "data" / "keys")
        return House(open_database(f"sqlite:///{self.folder / 'data' / 'mailer.db'}"), Vault(keys))

    def taken(self) -> list[dict[str, object]]:
        """Return what the relay took, one entry per copy, in order."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def verdict(self) -> Verdict:
        """Hold the relay's log against the ledger, once nothing runs that could change either."""
        taken = self.taken()
        copies = Counter(str(entry["recipient"]) for entry in taken)
        kinds = {(entry["recipient"], entry["message_id"], entry["sha256"]) for entry in taken}
        ledger = asyncio.run(self._ledger())
        assert copies.keys() <= ledger.keys()
        extra = {address: count - 1 for address, count in copies.items()}
        missing = {address for address in ledger if not copies[address]}
        unsettled = {address for address, (state, _) in ledger.items() if state not in _SETTLED}
        return Verdict(
            audience=len(ledger),
            lost=len(unsettled | missing),
            wrong=len(kinds) - len(copies),
            duplicates=sum(extra.values()),
            unexplained=sum(max(0, count - ledger[address][1]) for address, count in extra.items()),
            unknown=sum(unknown for _, unknown in ledger.values()),
        )

    async def _ledger(self) -> dict[str, tuple[str, int]]:
        """Return state and uncertain tries of every copy, by address."""
        house = self.house()
        rows = await house.rows(
            "SELECT r.sealed_address, r.public_id, d.state, (SELECT count(*) FROM attempt a"
            " WHERE a.issue_id = d.issue_id AND a.reader_id = d.reader_id AND a.outcome = 'unknown')"
            " FROM delivery d JOIN reader r ON r.id = d.reader_id"
        )
        await house.database.close()
        return {
            house.vault.open(bytes(sealed), bytes(own)).decode(): (state, unknown)
            for sealed, own, state, unknown in rows
        }


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
