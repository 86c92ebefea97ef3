"""A sender that is stopped loses no copy, and resends no more than it had in the air."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.acceptance.killing import CONNECTIONS
from tests.acceptance.spawning import spawning
from tests.acceptance.stopping import Stage, prepared, until

KILLS, STOPS = 30, 10
"""As many as a test run can afford; tests/soak has more."""
READERS = 1500


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Where senders are stopped."""
    with spawning() as spawner:
        yield prepared(tmp_path_factory.mktemp("stage"), spawner, READERS)


def test_kill_9_loses_nothing(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 1, at random moments: 0 lost, 0 wrong, and per kill at most as many duplicates as connections."""
    found = stage.stopped(signal.SIGKILL, KILLS)

    with capsys.disabled():
        print(f"\nkill -9: {found}")  # noqa: T201 - the figures are what a proof is run for
    assert found.stops == KILLS
    assert (found.verdict.lost, found.verdict.wrong, found.verdict.unexplained) == (0, 0, 0)
    assert found.verdict.duplicates <= found.verdict.unknown <= CONNECTIONS * found.stops


def test_sigterm_sends_nothing_twice(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """Row 3, restarts in the middle of an issue: 0 lost, 0 duplicates, nothing uncertain."""
    found = stage.stopped(signal.SIGTERM, STOPS)

    with capsys.disabled():
        print(f"\nSIGTERM: {found}")  # noqa: T201 - the figures are what a proof is run for
    assert found.stops == STOPS
    assert (found.verdict.lost, found.verdict.wrong) == (0, 0)
    assert (found.verdict.duplicates, found.verdict.unknown) == (0, 0)


def test_the_books_balance_at_every_look(stage: Stage) -> None:
    """``mailer books`` while a sender runs, after it was killed, and while the next one runs."""
    looks = []
    with stage.scene() as scene:
        for name in (signal.SIGKILL, signal.SIGTERM):
            has_begun = scene.has_begun()
            sender = scene.start()
            until(has_begun)
            looks += [scene.run("books", "--json") for _ in range(8)]
            sender.send(name)
            sender.wait()
            looks.append(scene.run("books", "--json"))
        scene.finish()
        looks.append(scene.run("books", "--json"))

    assert [status for status, said in looks if status != 0 or '"books_balance":true' not in said] == []


def test_a_second_sender_on_the_same_data_is_refused(stage: Stage) -> None:
    """One sentence and status 1; the first goes on."""
    with stage.scene() as scene:
        has_begun = scene.has_begun()
        first = scene.start()
        until(has_begun)

        status, said = scene.run("serve")

        assert status == 1
        assert "end it first" in said
        assert "Traceback" not in said
        assert first.is_running()
        first.send(signal.SIGTERM)
        assert first.wait() == 0
