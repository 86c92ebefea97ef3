"""Logs for operators, on standard error; never an address, a token or a secret.

A log that nobody reads must not stop the sending: a line that standard error does not take at once
is dropped and counted, and the count is said in the next line that gets through.
"""

from __future__ import annotations

import logging
import os
import select
import sys
from typing import TextIO, cast

import structlog

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_STANDARD_ERROR = 2
# A pipe that has room at all takes so many bytes at once, without waiting (POSIX: PIPE_BUF).
_MOST_BYTES = select.PIPE_BUF


def set_up_log(level: str = "warning") -> None:
    """Send log lines of *level* and above to standard error, one line each."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(_sink(sys.stderr)),
        cache_logger_on_first_use=False,
    )


class Sink:
    """A file that takes whole lines, and never makes who writes one wait."""

    def __init__(self, descriptor: int) -> None:
        """Args: descriptor: where lines go; it stays open as long as this is used."""
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        self._lost = 0

    def write(self, line: str) -> int:
        """Write a line, or drop it; one that is longer than a pipe takes at once is cut."""
        if self._lost and self._put(f"level=warning event=log.lines_lost count={self._lost}\n"):
            self._lost = 0
        self._lost += not self._put(line)
        return len(line)

    def flush(self) -> None:
        """Do nothing: no line is kept."""

    def _put(self, line: str) -> bool:
        said = line.encode("utf-8", "backslashreplace")
        if len(said) > _MOST_BYTES:
            said = said[: _MOST_BYTES - 1] + b"\n"
        try:
            if not any(event & select.POLLOUT for _, event in self._room.poll(0)):
                return False
            return os.write(self._descriptor, said) > 0
        except OSError:
            # Nobody reads any more, or the disk is full: a log is not worth a copy.
            return False


def _sink(stream: TextIO) -> TextIO:
    """Return the sink for standard error, or *stream* itself where it stands in for that."""
    try:
        is_real = stream.fileno() == _STANDARD_ERROR
    except (OSError, ValueError):
        is_real = False
    # structlog asks for no more of a file than that it can be written to and flushed.
    return cast("TextIO", Sink(_STANDARD_ERROR)) if is_real else stream
