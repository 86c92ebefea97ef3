"""A machine that has run out of something, for as long as a test looks at what happens then."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path


@contextmanager
def starting_nothing() -> Iterator[None]:
    """Let this process open one more file and no second one, so that it can't start another process.

    A folder can still be looked into, and a file be read.
    """
    taken = {int(each.name) for each in Path("/proc/self/fd").iterdir()}
    free = (number for number in count() if number not in taken)
    _, most = next(free), next(free)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
