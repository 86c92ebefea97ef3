"""The books: they balance or they don't, and add up line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.domain.books import Books

WHOLE = Books(audience=15, accepted=5, failed=4, skipped=3, unknown=2, pending=1)


@pytest.mark.parametrize("name", ["audience", "accepted", "failed", "skipped", "unknown", "pending"])
def test_one_copy_too_many_is_seen(name: str) -> None:
    """Wherever it stands, the books no longer balance."""
    assert WHOLE.balance
    assert not replace(WHOLE, **{name: getattr(WHOLE, name) + 1}).balance


@pytest.mark.parametrize("name", ["deferred_attempts", "unsubscribed"])
def test_tries_and_departures_are_no_copies(name: str) -> None:
    """They are counted beside the copies."""
    assert replace(WHOLE, **{name: 7}).balance


def test_books_add_up_line_by_line() -> None:
    """Those of an issue are the sum of its languages."""
    one = Books(1, 2, 3, 4, 5, 6, 7, 8)

    assert one + Books(10, 20, 30, 40, 50, 60, 70, 80) == Books(11, 22, 33, 44, 55, 66, 77, 88)
    assert one + Books() == one
