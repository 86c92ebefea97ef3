"""Operators and their logins are kept alike on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailer.storage import operators
from mailer.storage.operators import Operator, Session
from tests.integration.storage.scene import Store

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def began(store: Store, token_hash: bytes, *, at: datetime = NOW) -> Session:
    session = Session(token_hash, 1, "form token", at, at + timedelta(hours=12))
    store.write(lambda tx: operators.begin_session(tx, session))
    return session


def test_tries_are_counted_until_a_new_password(store: Store) -> None:
    """The same operator with another hash, and nothing to wait for."""
    store.write(lambda tx: operators.save(tx, "Ганна", "one"))
    store.write(lambda tx: operators.note_try(tx, 1, failures=3, locked_until=NOW))
    counted = store.read(lambda tx: operators.by_name(tx, "Ганна"))
    store.write(lambda tx: operators.save(tx, "Ганна", "two"))

    assert counted == Operator(1, "Ганна", "one", 3, NOW)
    assert store.read(lambda tx: operators.by_name(tx, "Ганна")) == Operator(1, "Ганна", "two", 0, None)
    assert store.read(lambda tx: operators.by_name(tx, "ганна")) is None
    assert store.read(operators.count) == 1


def test_a_session_lasts_until_its_end(store: Store) -> None:
    """Its time, a logout, or a new password; another begins and the ended ones are swept."""
    store.write(lambda tx: operators.save(tx, "anna", "one"))
    first, second = began(store, b"1" * 32), began(store, b"2" * 32)

    end = NOW + timedelta(hours=12)
    assert store.read(lambda tx: operators.session(tx, b"1" * 32, end - timedelta(seconds=1))) == first
    assert store.read(lambda tx: operators.session(tx, b"1" * 32, end)) is None
    store.write(lambda tx: operators.end_session(tx, b"1" * 32))
    assert store.read(lambda tx: operators.session(tx, b"1" * 32, NOW)) is None
    assert store.read(lambda tx: operators.session(tx, b"2" * 32, NOW)) == second

    third = began(store, b"3" * 32, at=end)
    assert store.read(lambda tx: operators.session(tx, b"2" * 32, NOW)) is None
    assert store.read(lambda tx: operators.session(tx, b"3" * 32, end)) == third
    store.write(lambda tx: operators.save(tx, "anna", "two"))
    assert store.read(lambda tx: operators.session(tx, b"3" * 32, end)) is None
