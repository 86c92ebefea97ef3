"""Faults row 10: on a full disk no body begins and pages are read; with room it goes on by itself."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from tests.acceptance.ailing import (
    CONNECTIONS,
    address_of,
    elsewhere,
    end_of,
    released,
    serve,
    taken_count,
    until,
)
from tests.acceptance.commandline import CommandLine
from tests.acceptance.killing import Proof, Verdict
from tests.acceptance.small_disk import SmallDisk, small_disk

READERS = 400
# For the start and some of the copies: 400 take more than a megabyte of log.
ROOM = 200_000


@contextmanager
def _on_a_small_disk(mailer: CommandLine, folder: Path) -> Iterator[tuple[Proof, SmallDisk]]:
    """Yield a released issue on a disk that fills up while it is sent."""
    with released(mailer, folder, READERS) as proof, small_disk(folder / "disk") as disk:
        shutil.copytree(proof.folder, disk.seen / "home")
        disk.fill(ROOM)
        yield elsewhere(proof, disk.place / "home"), disk


def _stand_still(proof: Proof) -> None:
    """Wait until some copies are taken, and then none for a second."""
    until(lambda: taken_count(proof) > 0)
    before = -1
    while before != (before := taken_count(proof)):
        time.sleep(1)
    assert before < READERS


def _status(url: str) -> int:
    """Return the status of the first page, without following it anywhere."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


def _stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)


def _verdict(proof: Proof, disk: SmallDisk, folder: Path) -> Verdict:
    """Judge a copy of what is on the disk, once nobody has it open."""
    shutil.copytree(disk.seen / "home", folder / "after")
    return elsewhere(proof, folder / "after").verdict()


def _all_are_taken(proof: Proof) -> bool:
    return len({entry["recipient"] for entry in proof.taken()}) == READERS


def test_row_10_sending_waits_for_room_and_goes_on_by_itself(mailer: CommandLine, tmp_path: Path) -> None:
    """Every reader gets one copy: outcomes that could not be written were kept, and nothing was begun."""
    with _on_a_small_disk(mailer, tmp_path) as (proof, disk), serve(proof, disk.before) as process:
        url = address_of(process)
        _stand_still(proof)

        assert _status(url) == 303  # to the languages that the database offers
        disk.make_room()
        until(lambda: _all_are_taken(proof))
        _stop(process)

        assert end_of(process, proof).status == 0
        found = _verdict(proof, disk, tmp_path)
    assert (found.audience, found.lost, found.wrong, found.duplicates) == (READERS, 0, 0, 0)


def test_row_10_a_stop_does_not_wait_for_room(mailer: CommandLine, tmp_path: Path) -> None:
    """It leaves in seconds and says what is not certain; the next start sends the rest, few of them twice."""
    with _on_a_small_disk(mailer, tmp_path) as (proof, disk):
        with serve(proof, disk.before) as process:
            address_of(process)
            _stand_still(proof)
            _stop(process)
            ended = end_of(process, proof, within_s=20)
        disk.make_room()

        with serve(proof, disk.before) as process:
            until(lambda: _all_are_taken(proof))
            _stop(process)
            assert end_of(process, proof).status == 0

        assert ended.status == 1
        assert "could not write down what the mail server had answered last" in ended.sentence()
        found = _verdict(proof, disk, tmp_path)
    assert (found.audience, found.lost, found.wrong) == (READERS, 0, 0)
    assert found.duplicates <= min(found.unknown, CONNECTIONS)
