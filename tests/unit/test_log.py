"""The log's way out: no line makes the sender wait, and none goes missing without being counted."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from mailer.log import Sink


class Pipe(NamedTuple):
    """Both ends of a pipe."""

    reading: int
    writing: int

    def fill(self) -> None:
        """Write until there is no room."""
        os.set_blocking(self.writing, False)
        try:
            while os.write(self.writing, b"x" * 4096):
                pass
        except BlockingIOError:
            os.set_blocking(self.writing, True)

    def read(self) -> bytes:
        """Return what there is to be read."""
        os.set_blocking(self.reading, False)
        found = b""
        try:
            while piece := os.read(self.reading, 65_536):
                found += piece
        except BlockingIOError:
            pass
        return found


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    both = Pipe(*os.pipe())
    yield both
    for end in both:
        try:
            os.close(end)
        except OSError:
            continue


def test_a_line_is_written_as_it_is(pipe: Pipe) -> None:
    """With room, every line comes through whole and in order."""
    sink = Sink(pipe.writing)
    sink.write("event=first\n")
    sink.write("event=Тыдзень\n")
    assert pipe.read().decode() == "event=first\nevent=Тыдзень\n"


def test_lines_that_find_no_room_are_dropped_and_counted(pipe: Pipe) -> None:
    """Nobody waits; the first line that gets through again says how many did not."""
    sink = Sink(pipe.writing)
    pipe.fill()
    for _ in range(3):
        sink.write("event=dropped\n")
    pipe.read()
    sink.write("event=next\n")
    sink.write("event=last\n")
    assert pipe.read() == b"level=warning event=log.lines_lost count=3\nevent=next\nevent=last\n"


def test_a_reader_that_is_gone_breaks_nothing(pipe: Pipe) -> None:
    """A pipe that nobody reads any more takes no line, and raises nothing."""
    sink = Sink(pipe.writing)
    os.close(pipe.reading)
    assert sink.write("event=unread\n") == len("event=unread\n")


def test_a_disk_without_room_breaks_nothing(tmp_path: Path) -> None:
    """A log file that may not grow takes no line, and raises nothing."""
    with (tmp_path / "log").open("wb") as file:
        sink = Sink(file.fileno())
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8, limits[1]))
        try:
            sink.write("event=too much for eight bytes\n")
            sink.write("event=more\n")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        sink.write("event=room\n")
    assert (tmp_path / "log").read_bytes().endswith(b"count=1\nevent=room\n")


def test_a_line_longer_than_a_pipe_takes_at_once_is_cut(pipe: Pipe) -> None:
    """It ends with a line end all the same."""
    Sink(pipe.writing).write("x" * 10_000 + "\n")
    said = pipe.read()
    assert len(said) <= 4096
    assert said.endswith(b"x\n")
