"""Two processes that ring at once make one issue; tests/soak does it a thousand times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.ringing import READERS, periods, rung
from tests.integration.delivery.clockwork import AUTOMATIC, WEEKLY

ROUNDS, RELEASES = 30, 5


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mailer.db'}"
    create: Callable[[], str] = request.getfixturevalue("new_postgres_database")
    return create()


def test_each_week_is_built_once(url: str) -> None:
    """And the draft of the week before is called late once."""
    happened, issues = rung(url, WEEKLY, ROUNDS)

    assert happened == {"built": ROUNDS, "expired": ROUNDS - 1}
    assert [key for key, _, _ in issues] == [period.key for period in periods(ROUNDS)]


def test_each_week_is_released_once(url: str) -> None:
    """One copy per reader, whoever was first."""
    happened, issues = rung(url, AUTOMATIC, RELEASES)

    assert happened == {"built": RELEASES, "released": RELEASES}
    assert issues == [(period.key, "released", READERS) for period in periods(RELEASES)]
