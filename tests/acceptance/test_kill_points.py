"""A sender that is killed at a call, halted, starved of memory or told twice loses no copy either."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from mailer.audience import departure
from mailer.audience.address import parse_address
from mailer.audience.keys import load_keys
from mailer.domain.token import Token
from mailer.outbox.mailbox import Mailbox
from tests.acceptance.killing import CONNECTIONS, Proof, Verdict
from tests.acceptance.pointed import killed_at_calls
from tests.acceptance.spawning import Child, Spawner, spawning
from tests.acceptance.stopping import Scene, Stage, prepared, until
from tests.integration.delivery.house import utc_now
from tests.tools.catalogue import tool
from tests.tools.required import required

POINTS, STARVED = 24, 3
"""As many as a test run can afford; tests/soak has every point."""
FEW, MANY = 40, 1000
LEAVER = "reader0@example.org"
# reader0's copy is kept and never answered for, reader1's is never kept; the second try of each is answered.
HANGS = "after-dot reader0@example.org hang 1\ndot reader1@example.org hang 1\n"


@pytest.fixture(scope="module")
def spawner() -> Iterator[Spawner]:
    """What starts programs."""
    with spawning() as started:
        yield started


@pytest.fixture(scope="module")
def short(spawner: Spawner, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An issue for few readers."""
    return prepared(tmp_path_factory.mktemp("short"), spawner, FEW)


@pytest.fixture(scope="module")
def long(spawner: Spawner, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An issue for many readers."""
    return prepared(tmp_path_factory.mktemp("long"), spawner, MANY)


def begun(scene: Scene) -> Child:
    """Start a sender and wait until it sends."""
    has_begun = scene.has_begun()
    sender = scene.start()
    until(has_begun)
    return sender


def test_killed_at_a_call_it_loses_nothing(
    short: Stage, long: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    """Row 2, before writes, syncs and sends all over an issue: the database is whole, 0 lost, 0 wrong."""
    found = killed_at_calls(short, long, required(tool("strace")), POINTS)

    with capsys.disabled():
        print(f"\nkill -9 at calls: {found}")  # noqa: T201 - the figures are what a proof is run for
    assert found.stops >= POINTS * 3 // 4
    assert (found.verdict.lost, found.verdict.wrong, found.verdict.unexplained) == (0, 0, 0)
    assert found.verdict.duplicates <= found.verdict.unknown <= CONNECTIONS * found.stops


def test_nobody_takes_over_from_a_sender_that_is_halted(long: Stage) -> None:
    """Row 4: its lock is held while it stands still, so another is refused; afterwards it goes on alone."""
    with long.scene() as scene:
        sender = begun(scene)
        _halt(sender, scene)
        before = scene.proof.taken()
        second, said = scene.run("serve")
        books, _ = scene.run("books")
        after = scene.proof.taken()
        sender.send(signal.SIGCONT)
        scene.end(sender)
        verdict = scene.proof.verdict()

    assert (second, books) == (1, 0)
    assert "end it first" in said
    assert after == before
    assert verdict == Verdict(audience=MANY)


def test_a_halted_sender_comes_back_to_dead_connections(long: Stage) -> None:
    """Row 4: the relay hung up meanwhile, so what was in the air is not certain, and goes out once more."""
    with long.scene() as scene:
        sender = begun(scene)
        sender.send(signal.SIGSTOP)
        scene.relay.stop()
        scene.relay.start()
        sender.send(signal.SIGCONT)
        scene.end(sender)
        verdict = scene.proof.verdict()

    assert (verdict.lost, verdict.wrong, verdict.unexplained) == (0, 0, 0)
    assert verdict.duplicates <= verdict.unknown <= CONNECTIONS


def test_without_memory_it_loses_nothing(long: Stage) -> None:
    """Row 5: whether it dies of it or stands still until it is killed, the next one finds whole books."""
    with long.scene() as scene:
        for _ in range(STARVED):
            sender = begun(scene)
            _starve(sender)
            if sender.wait(within_s=1) is None:
                sender.send(signal.SIGKILL)
                sender.wait()
            scene.look_at_wreck()
        scene.finish()
        verdict = scene.proof.verdict()

    assert (verdict.lost, verdict.wrong, verdict.unexplained) == (0, 0, 0)
    assert verdict.duplicates <= verdict.unknown


@pytest.mark.parametrize(("name", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_told_twice_it_leaves_at_once(short: Stage, name: signal.Signals, status: int) -> None:
    """Row 3: it waits for the answer to what is in the air; told again, it leaves that as not certain."""
    with short.scene(HANGS) as scene:
        sender = scene.start()
        _until_in_the_air(scene, 2)
        sender.send(name)
        waited = sender.wait(within_s=1)
        sender.send(name)
        ended = sender.wait(within_s=1)
        scene.look_at_wreck()
        scene.finish()
        verdict = scene.proof.verdict()

    assert (waited, ended) == (None, status)
    assert verdict == Verdict(audience=FEW, duplicates=1, unknown=2)


@pytest.mark.parametrize("left_first", [True, False], ids=["left, then killed", "killed, then left"])
def test_who_left_is_not_mailed_again_after_a_kill(short: Stage, *, left_first: bool) -> None:
    """Row 48: the copy in the air at the kill is not certain, and stays so."""
    with short.scene(f"dot {LEAVER} hang 1\n") as scene:
        sender = scene.start()
        _until_in_the_air(scene, 1)
        if left_first:
            asyncio.run(_leave(scene.proof, LEAVER))
        sender.send(signal.SIGKILL)
        sender.wait()
        if not left_first:
            asyncio.run(_leave(scene.proof, LEAVER))
        scene.finish()
        theirs = [
            mail.content() for mail in Mailbox(scene.relay.folder / "kept") if LEAVER in mail.recipients
        ]
        _, books = scene.run("books", "--json")

    (issue,) = json.loads(books)["issues"]
    assert (issue["accepted"], issue["unknown"], issue["books_balance"]) == (FEW - 1, 1, True)
    assert [content for content in theirs if b"\r\nList-Unsubscribe:" in content] == []


def test_told_twice_while_it_starts_it_leaves_too(short: Stage) -> None:
    """Row 3: somebody else holds the database, and it would wait for that."""
    with short.scene() as scene, _holding(scene):
        sender = scene.start()
        until(lambda: _listens(sender))
        sender.send(signal.SIGTERM)
        waited = sender.wait(within_s=0.3)
        sender.send(signal.SIGTERM)
        ended = sender.wait(within_s=1)

    assert (waited, ended) == (None, -signal.SIGTERM)


def _until_in_the_air(scene: Scene, count: int) -> None:
    """Wait until the copies of the first *count* readers have been handed over and have no answer."""
    theirs = f"SELECT count(*) FROM delivery WHERE state = 'inflight' AND reader_id <= {count}"
    until(lambda: scene.count(theirs) == count)
    time.sleep(0.3)  # what is written down first goes out next


async def _leave(proof: Proof, address: str) -> None:
    """Unsubscribe a reader, as the link in that copy does."""
    house = proof.house()
    keys = load_keys(proof.folder / "data" / "keys").link
    index = house.vault.index(parse_address(address))
    statement = "SELECT public_id FROM reader WHERE address_index = :index"
    ((public_id,),) = await house.rows(statement, index=index)
    link = keys.link(Token(public_id, issue=1))
    assert await departure.unsubscribe(house.database, house.vault, keys, link=link, now=utc_now())
    await house.database.close()


@contextmanager
def _holding(scene: Scene) -> Iterator[None]:
    """Hold the database's write lock; raises sqlite3.OperationalError where it is taken."""
    path = scene.proof.folder / "data" / "mailer.db"
    with closing(sqlite3.connect(path, timeout=0.1)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


def _listens(sender: Child) -> bool:
    """Tell whether a program has a handler of its own for SIGTERM."""
    (caught,) = re.findall(r"SigCgt:\s+(\w+)", sender.facts())
    return bool(int(caught, 16) & 1 << signal.SIGTERM - 1)


def _halt(sender: Child, scene: Scene) -> None:
    """Halt a sender between two transactions, and let the relay come to rest."""
    while True:
        sender.send(signal.SIGSTOP)
        try:
            with _holding(scene):
                break
        except sqlite3.OperationalError:
            # In the middle of one it holds the database too, and the other is refused after 30 s.
            sender.send(signal.SIGCONT)
        time.sleep(0.01)
    time.sleep(0.2)


def _starve(sender: Child) -> None:
    """Let a program have no more memory than it has now."""
    (size_kb,) = re.findall(r"VmSize:\s+(\d+) kB", sender.facts())
    resource.prlimit(sender.pid, resource.RLIMIT_AS, (int(size_kb) * 1024, resource.RLIM_INFINITY))
