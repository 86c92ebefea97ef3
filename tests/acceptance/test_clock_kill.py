"""A process that sends by its clock is killed at the worst moments: one issue, and one copy per reader."""

from __future__ import annotations

import signal
from datetime import timedelta
from pathlib import Path

import pytest

from tests.acceptance.clocked import clocked, until
from tests.acceptance.killing import CONNECTIONS, serving

READERS, CROWD = 20, 1500
AGO, AHEAD = timedelta(minutes=-2), timedelta(hours=2)


def test_killed_between_build_and_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The next process finds the draft and releases it; the editor has moved the release forward."""
    room = clocked(tmp_path)
    room.plan(build=AGO, release=AHEAD)
    room.subscribe(READERS)
    with serving(room.proof.folder) as process:
        until(lambda: room.states() == ["draft"])
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    room.plan(build=AGO, release=AGO)

    with room.relay(), serving(room.proof.folder):
        until(lambda: room.states() == ["sent"])
        found = room.proof.verdict()

    with capsys.disabled():
        print(f"\nkill -9 between build and release: {found}")  # noqa: T201 - the figures
    assert list(room.copies().values()) == [1] * READERS
    assert (found.audience, found.lost, found.duplicates, found.unknown) == (READERS, 0, 0, 0)


def test_killed_between_release_and_first_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The relay is not there yet; what was released waits for the next process."""
    room = clocked(tmp_path)
    room.plan(build=AGO, release=AGO)
    room.subscribe(READERS)
    with serving(room.proof.folder) as process:
        until(lambda: room.states() == ["released"])
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert room.proof.taken() == []

    with room.relay(), serving(room.proof.folder):
        until(lambda: room.states() == ["sent"])
        found = room.proof.verdict()

    with capsys.disabled():
        print(f"\nkill -9 between release and first message: {found}")  # noqa: T201 - the figures
    assert list(room.copies().values()) == [1] * READERS
    assert (found.audience, found.lost, found.duplicates, found.unknown) == (READERS, 0, 0, 0)


def test_killed_while_sending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody is lost; whoever got it twice is one of those that were in the air, and is on record."""
    room = clocked(tmp_path)
    room.plan(build=AGO, release=AGO)
    room.subscribe(CROWD)

    with room.relay():
        with serving(room.proof.folder) as process:
            until(lambda: len(room.proof.taken()) > CROWD // 10)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        assert room.states() == ["released"]
        with serving(room.proof.folder):
            until(lambda: room.states() == ["sent"])
            found = room.proof.verdict()

    with capsys.disabled():
        print(f"\nkill -9 while sending: {found}")  # noqa: T201 - the figures
    assert (found.audience, found.lost, found.wrong) == (CROWD, 0, 0)
    assert found.duplicates <= found.unknown <= CONNECTIONS
