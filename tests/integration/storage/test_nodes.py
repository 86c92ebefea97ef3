"""Nodes: who runs, who was heard of when, and who holds something."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from mailer.domain.content import LetterKind
from mailer.storage import Transaction, letters, nodes
from mailer.storage.letters import Letter
from mailer.storage.nodes import Node
from tests.integration.storage.scene import BE, LATER, NOW, SLUG, Store, begin_release, claimed, released_to

ONE, TWO = Node("one", "host", NOW, NOW), Node("two", "host", LATER, LATER)


def test_nodes_are_listed_with_their_last_heartbeat(store: Store) -> None:
    """Oldest first, until they end."""
    for node in (TWO, ONE):
        store.write(partial(nodes.add, node=node))

    store.write(lambda tx: nodes.beat(tx, "one", LATER))

    assert store.read(nodes.everyone) == [replace(ONE, heartbeat_at=LATER), TWO]
    store.write(lambda tx: nodes.remove(tx, "one"))
    assert store.read(nodes.everyone) == [TWO]


def test_whoever_holds_something_is_known(store: Store) -> None:
    """A chunk, a letter or a release, also when it is not on the list."""

    def hold(tx: Transaction) -> None:
        released_to(tx, 1)
        claimed(tx, "has a chunk")
        letter = Letter(LetterKind.WELCOME, BE, SLUG, bytes(12), bytes(12), b"", NOW, LATER)
        letters.add(tx, letter)
        letters.claim(tx, "has a letter", NOW, 1)

    store.write(hold)

    assert store.read(nodes.owners) == {"has a chunk", "has a letter"}


def test_whoever_releases_is_known(store: Store) -> None:
    """So that a release that died can be undone."""
    store.write(lambda tx: begin_release(tx, node="releases"))

    assert store.read(nodes.owners) == {"releases"}


def test_the_databases_time_is_utc(store: Store) -> None:
    """It moves within a transaction too: heartbeats are compared with it."""

    def look_twice(tx: Transaction) -> tuple[datetime, datetime]:
        return nodes.database_time(tx), nodes.database_time(tx)

    first, second = store.read(look_twice)

    assert first.tzinfo is second.tzinfo is UTC
    assert first < second
    assert abs(datetime.now(UTC) - first) < timedelta(seconds=10)
