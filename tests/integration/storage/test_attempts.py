"""Tries that did not end well are read newest first, and found without reading all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, insert, text

from mailer.domain.delivery import DeliveryState
from mailer.domain.outcome import Stage
from mailer.storage import attempts
from mailer.storage.tables import attempt
from tests.integration.storage.scene import Store

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def tried(tx: Connection, issue_id: int, reader_id: int, minutes: int) -> None:
    values = {
        "issue_id": issue_id,
        "reader_id": reader_id,
        "number": 1,
        "outcome": DeliveryState.DEFERRED,
        "stage": Stage.RCPT,
        "reply": f"450 {minutes}",
        "at": NOW + timedelta(minutes=minutes),
    }
    tx.execute(insert(attempt).values(values))


def test_the_newest_come_first(store: Store) -> None:
    """Of one issue alone, at most as many as are asked for."""
    for issue_id, reader_id, minutes in [(1, 1, 2), (1, 2, 3), (1, 3, 1), (2, 1, 4)]:
        store.write(partial(tried, issue_id=issue_id, reader_id=reader_id, minutes=minutes))

    found = store.read(lambda tx: attempts.newest(tx, 1, 2))

    assert [each.reply for each in found] == ["450 3", "450 2"]
    assert (found[0].outcome, found[0].stage, found[0].at) == (
        DeliveryState.DEFERRED,
        Stage.RCPT,
        NOW + timedelta(minutes=3),
    )


def test_they_are_found_by_an_index(store: Store) -> None:
    """A million tries cost a page that asks each second no more than twenty."""
    if not store.database.is_embedded:
        return  # PostgreSQL's planner reads a small table whole

    plan = store.read(
        lambda tx: tx.execute(
            text("EXPLAIN QUERY PLAN SELECT * FROM attempt WHERE issue_id = 1 ORDER BY at DESC LIMIT 20")
        ).all()
    )

    assert [row.detail for row in plan] == ["SEARCH attempt USING INDEX attempt_by_issue_id_at (issue_id=?)"]


def test_copies_that_wait_for_another_try_are_counted_by_language(store: Store) -> None:
    """An issue without copies has none."""
    assert store.read(lambda tx: attempts.put_off(tx, 1)) == {}
