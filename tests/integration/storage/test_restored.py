"""What is told of a database that was put back: the last copy that left, and what waits."""

from __future__ import annotations

from datetime import timedelta

from mailer.domain.issue import IssueMove
from mailer.domain.outcome import Accepted, Stage
from mailer.storage import Transaction, deliveries, issues, restored
from mailer.storage.restored import Waiting
from tests.integration.storage.scene import LATER, NODE, NOW, SLUG, Store, claimed, released_to


def _sent_two(tx: Transaction) -> int:
    """Send two of three copies, the second later; return the issue."""
    issue_id = released_to(tx, 3)
    _, copies = claimed(tx)
    for copy, moment in zip(copies, (NOW, LATER), strict=False):
        deliveries.begin(tx, copy, NODE)
        deliveries.settle(tx, copy, Accepted(Stage.DOT, "250 2.0.0 Ok"), moment)
    return issue_id


def test_a_new_database_has_sent_nothing(store: Store) -> None:
    """No copy, no time, nothing that waits."""
    assert store.read(restored.last_sent_at) is None
    assert store.read(restored.waiting) == []


def test_the_last_copy_taken_is_named(store: Store) -> None:
    """The newest time at which a provider took a copy, and how many are still to go."""
    issue_id = store.write(_sent_two)

    assert store.read(restored.last_sent_at) == LATER
    assert store.read(restored.waiting) == [Waiting(issue_id, SLUG, "2026-W47", 1)]


def test_a_paused_issue_does_not_go_on(store: Store) -> None:
    """What waits for a person anyway is not named."""
    issue_id = store.write(_sent_two)

    store.write(lambda tx: issues.advance(tx, issue_id, IssueMove.PAUSE))

    assert store.read(restored.waiting) == []


def test_a_refused_copy_was_not_sent(store: Store) -> None:
    """Only what was taken counts, not when the rest was ended."""
    issue_id = store.write(_sent_two)
    later = LATER + timedelta(days=1)

    store.write(lambda tx: deliveries.close_waiting(tx, issue_id, later, deadline=True))

    assert store.read(restored.last_sent_at) == LATER
