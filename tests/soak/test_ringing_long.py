"""The claims of tests/acceptance/test_ringing.py, a thousand times over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.ringing import READERS, periods, rung
from tests.integration.delivery.clockwork import AUTOMATIC, WEEKLY

ROUNDS, RELEASES = 1000, 100


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'mailer.db'}"
    create: Callable[[], str] = request.getfixturevalue("new_postgres_database")
    return create()


def test_a_thousand_weeks_are_built_once_each(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And the draft of each week before is called late once."""
    happened, issues = rung(url, WEEKLY, ROUNDS)

    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {dict(happened)}, {len(issues)} issues")  # noqa: T201 - the figures
    assert happened == {"built": ROUNDS, "expired": ROUNDS - 1}
    assert [key for key, _, _ in issues] == [period.key for period in periods(ROUNDS)]


def test_a_hundred_weeks_are_released_once_each(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One copy per reader, whoever was first."""
    happened, issues = rung(url, AUTOMATIC, RELEASES)

    with capsys.disabled():
        print(f"\n{url.partition(':')[0]}: {dict(happened)}, {len(issues)} issues")  # noqa: T201 - the figures
    assert happened == {"built": RELEASES, "released": RELEASES}
    assert issues == [(period.key, "released", READERS) for period in periods(RELEASES)]
