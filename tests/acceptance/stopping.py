"""Senders that are stopped in the middle of an issue, as often as a proof asks.

Each scene is a copy of one installation with a released issue, with a relay of its own that outlives the
senders. A scene is played until its issue is sent; then its relay's log is held against its ledger.
"""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.acceptance.killing import CONNECTIONS, MAILER, SETTINGS, Proof, Verdict
from tests.acceptance.spawning import Child, Spawner

_OPEN = "SELECT count(*) FROM chunk WHERE next_at IS NOT NULL OR owner IS NOT NULL"
_UNSENT = "SELECT count(*) FROM issue WHERE state <> 'sent'"
_STATES = ("queued", "inflight", "accepted", "deferred", "failed", "skipped", "unknown")
# A moment between a program's first step and the middle of its work.
_STARTING_S, _SENDING_S = 0.4, 0.15
_SENDING_SHARE = 0.8


@dataclass(slots=True)
class Outlet:
    """The relay of a scene: a program of its own, which writes down what it takes before it says so."""

    folder: Path
    spawner: Spawner
    port: int = 0
    _program: Child | None = None

    def start(self, script: str = "") -> None:
        """Listen, on the same port as before; *script* says what to answer (mailer.outbox.script)."""
        said, rules = self.folder / "relay.out", self.folder / "script"
        said.write_text("")
        rules.write_text(script)
        words = ["--folder", self.folder / "kept", "--log", self.log, "--script", rules, "--port", self.port]
        self._program = self.spawner.start("outbox", *map(str, words), log=said)
        until(lambda: said.read_text().endswith("\n"))
        self.port = int(said.read_text())

    def stop(self) -> None:
        """Hang up on everybody and leave."""
        assert self._program is not None
        self._program.send(signal.SIGTERM)
        assert self._program.wait() == 0

    @property
    def log(self) -> Path:
        """What was taken."""
        return self.folder / "taken.log"


@dataclass(slots=True)
class Scene:
    """One installation with a released issue, and its relay."""

    proof: Proof
    relay: Outlet
    spawner: Spawner

    def run(self, *words: str) -> tuple[int | None, str]:
        """Run another command of ``mailer`` here; return its status and what it wrote."""
        said = self.proof.folder / "said"
        said.write_text("")
        command = self.spawner.start("mailer", "--settings", self.proof.folder, *words, log=said)
        return command.wait(), said.read_text("utf-8")

    def start(self, *, halted: bool = False) -> Child:
        """Start ``mailer serve``."""
        folder = self.proof.folder
        return self.spawner.start(
            "mailer", "--settings", folder, "serve", log=folder / "serve.log", halted=halted
        )

    def has_begun(self) -> Callable[[], bool]:
        """Return a question: has the relay taken anything from now on, or is everything sent?"""
        before = self.proof.log.stat().st_size
        return lambda: self.proof.log.stat().st_size > before or self.is_done()

    def is_done(self) -> bool:
        """Tell whether no copy waits or awaits its resend, while a sender runs."""
        return not self.count(_OPEN)

    def is_sent(self) -> bool:
        """Tell whether the issue is called sent."""
        return not self.count(_UNSENT)

    def look_at_wreck(self) -> bool:
        """Hold what a stopped sender left against itself; return whether there is anything left to send.

        A copy is looked at: whoever opens the database first puts it in order, and that must be the next
        sender.
        """
        wreck = self.proof.folder / "wreck"
        wreck.mkdir()
        for name in ("mailer.db", "mailer.db-wal"):
            if (path := self.proof.folder / "data" / name).exists():
                shutil.copy(path, wreck / name)
        with closing(sqlite3.connect(wreck / "mailer.db")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert _counted(database) == _proven(database)
            ((waiting,),) = database.execute(_OPEN)
        shutil.rmtree(wreck)
        return bool(waiting)

    def finish(self) -> None:
        """Let a sender run until the issue is called sent."""
        is_up = self._is_up()
        sender = self.start()
        until(is_up)
        self.end(sender)

    def end(self, sender: Child) -> None:
        """Let a sender go on until the issue is called sent, and end it."""
        until(self.is_sent, within_s=60)
        sender.send(signal.SIGTERM)
        assert sender.wait() == 0
        assert not self.look_at_wreck()

    def _is_up(self) -> Callable[[], bool]:
        """Return a question: has a sender said from now on that its pages are there?"""
        log = self.proof.folder / "serve.log"
        before = log.stat().st_size if log.exists() else 0
        return lambda: log.exists() and b"The site is at" in log.read_bytes()[before:]

    def count(self, statement: str) -> int:
        """Return the number that *statement* finds, while a sender may run."""
        address = f"file:{self.proof.folder / 'data' / 'mailer.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=10)) as database:
            ((count,),) = database.execute(statement)
            return int(count)


@dataclass(slots=True)
class Tally:
    """What came of many stops.

    Attributes:
        stops: those that left something to be sent.
        verdict: over every scene.
    """

    stops: int = 0
    verdict: Verdict = field(default_factory=Verdict)

    def __str__(self) -> str:
        return f"stops {self.stops}, {self.verdict}"


@dataclass(slots=True)
class Stage:
    """Where scenes are played, one after another."""

    folder: Path
    spawner: Spawner
    chance: random.Random = field(default_factory=lambda: random.Random(20261123))

    @contextmanager
    def scene(self, script: str = "") -> Iterator[Scene]:
        """Set up a scene whose relay plays *script*; its traces are removed when the block ends well."""
        folder = self.folder / "scene"
        home = folder / "home"
        shutil.copytree(self.folder / "master", home)
        relay = Outlet(folder, self.spawner)
        relay.start(script)
        settings = SETTINGS.format(port=relay.port, connections=CONNECTIONS)
        (home / "mailer.toml").write_text(settings, "utf-8")
        yield Scene(Proof(home, relay.log), relay, self.spawner)
        relay.stop()
        shutil.rmtree(folder)

    def stopped(self, name: signal.Signals, times: int) -> Tally:
        """Stop senders with a signal at random moments, so many times; let every issue be sent."""
        tally = Tally()
        while tally.stops < times:
            with self.scene() as scene:
                while tally.stops < times and self._stop(scene, name):
                    tally.stops += 1
                scene.finish()
                tally.verdict += scene.proof.verdict()
        return tally

    def _stop(self, scene: Scene, name: signal.Signals) -> bool:
        """Start a sender and stop it; return whether there was something left to send."""
        has_begun = scene.has_begun()
        sender = scene.start()
        is_sending = self.chance.random() < _SENDING_SHARE
        if is_sending:
            until(has_begun)
        time.sleep(self.chance.random() * (_SENDING_S if is_sending else _STARTING_S))
        sender.send(name)
        ended = sender.wait()
        # A program that has not come to its first step yet leaves at any signal.
        assert ended == 0 if name is signal.SIGTERM and is_sending else ended in (0, -name)
        return scene.look_at_wreck()


def prepared(folder: Path, spawner: Spawner, reader_count: int) -> Stage:
    """Make the installation that every scene is a copy of, in a new folder."""
    home = folder / "master"
    folder.mkdir(exist_ok=True)
    subprocess.run([*MAILER, "init", str(home), "--yes"], check=True, capture_output=True)
    asyncio.run(_release(Proof(home, folder), reader_count))
    return Stage(folder, spawner)


def until(condition: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for *condition*."""
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.005)


async def _release(proof: Proof, reader_count: int) -> None:
    house = proof.house()
    await house.furnish()
    await house.subscribe([f"reader{number}@example.org" for number in range(reader_count)])
    await house.release()
    await house.database.close()


def _counted(database: sqlite3.Connection) -> dict[tuple[int, str], int]:
    """Return how many copies stand where, by chunk and state, from the counters."""
    columns = ", ".join(("id", *_STATES))
    return {
        (number, state): count
        for number, *counts in database.execute(f"SELECT {columns} FROM chunk")
        for state, count in zip(_STATES, counts, strict=True)
        if count
    }


def _proven(database: sqlite3.Connection) -> dict[tuple[int, str], int]:
    """Return the same from the copies themselves."""
    rows = database.execute("SELECT chunk_id, state, count(*) FROM delivery GROUP BY chunk_id, state")
    return {(number, state): count for number, state, count in rows}
