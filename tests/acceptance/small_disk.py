"""A disk of a few megabytes that only programs started on it see, and a ballast that fills it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_BYTES = 8_000_000


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A mounted one.

    Attributes:
        place: where programs on it find it.
        keeper: the process that keeps it mounted.
    """

    place: Path
    keeper: int

    @property
    def seen(self) -> Path:
        """The same place as this process sees it; SQLite would follow the link and miss it."""
        return Path(f"/proc/{self.keeper}/root{self.place}")

    @property
    def before(self) -> list[str]:
        """What to put before a command to run it there."""
        return ["nsenter", f"--target={self.keeper}", "--user", "--mount", "--preserve-credentials", "--"]

    def fill(self, room: int) -> None:
        """Leave *room* bytes of what there is."""
        found = os.statvfs(self.seen)
        with (self.seen / "ballast").open("ab") as ballast:
            ballast.write(bytes(found.f_bavail * found.f_frsize - room))

    def make_room(self) -> None:
        """Take the ballast out."""
        (self.seen / "ballast").unlink()


@contextmanager
def small_disk(place: Path) -> Iterator[SmallDisk]:
    """Mount one at *place* until the block ends; without the right to, the test is left out."""
    place.mkdir()
    mount = f"mount -t tmpfs -o size={_BYTES} tmpfs '{place}' && echo mounted && exec sleep 600"
    command = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as keeper:
        assert keeper.stdout is not None
        if not keeper.stdout.readline():
            pytest.skip("no file system may be mounted here: run as root, or allow user namespaces")
        try:
            yield SmallDisk(place, keeper.pid)
        finally:
            keeper.kill()
