"""The command line as a person or a script meets it: what it prints, and its status."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MAILER = Path(sys.executable).with_name("mailer")
SAMPLE = ROOT / "src" / "mailer" / "sample"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command ended with.

    Attributes:
        out, err: what it wrote to standard output and standard error.
    """

    status: int
    out: bytes
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output; fails when there is anything beside it."""
        assert self.out.count(b"\n") == 1, self
        assert self.out.endswith(b"\n"), self
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value

    def refusal(self) -> str:
        """Return the one sentence of a refusal, without the program's name; fails on anything else."""
        assert self.status in (1, 2), self
        assert self.out == b"", self
        assert self.err.startswith("mailer: "), self
        assert self.err.endswith("\n"), self
        assert self.err.count("\n") == 1, self
        for sign in ("Traceback", "Errno", "╭", "Usage:"):
            assert sign not in self.err, self
        return self.err.removeprefix("mailer: ").rstrip("\n")


class CommandLine:
    """Runs ``mailer`` in processes of their own, forked from one that has imported it."""

    def __init__(self, server: subprocess.Popen[str], scratch: Path) -> None:
        self.pid = server.pid
        self._server = server
        self._scratch = scratch

    def __call__(
        self,
        *arguments: str | Path,
        folder: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        stdin: Path = Path("/dev/null"),
        stdout: Path | None = None,
        largest_file: int | None = None,
    ) -> Ran:
        """Run ``mailer`` with *arguments* in *folder* and wait for it.

        Args:
            environment: added to ours; no MAILER_ variable of ours is seen.
            stdout: where its output goes instead of into the answer.
            largest_file: bytes; writing a longer file fails, as on a full disk.
        """
        out = self._scratch / "out"
        status, err = self._ask(
            {
                "arguments": [str(argument) for argument in arguments],
                "folder": str(folder),
                "environment": dict(environment or {}),
                "stdin": str(stdin),
                "stdout": str(stdout or out),
                "largest_file": largest_file,
            }
        )
        return Ran(status, b"" if stdout else out.read_bytes(), err)

    def shell(self, *command: str) -> int:
        """Run another program where the commands run, and return its status."""
        return self._ask({"shell": command})[0]

    def _ask(self, request: Mapping[str, Any]) -> tuple[int, str]:
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        status, said = json.loads(self._server.stdout.readline())
        return status, said


@contextmanager
def command_line(before: Sequence[str] = ()) -> Iterator[CommandLine]:
    """Start the process that forks; *before* is put before its command."""
    with tempfile.TemporaryDirectory() as scratch:
        server = subprocess.Popen(
            [*before, sys.executable, "-m", "tests.acceptance.forking"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with server:
            yield CommandLine(server, Path(scratch))
            assert server.stdin is not None
            server.stdin.close()


@dataclass(frozen=True, slots=True)
class Installed:
    """An installation that ``mailer init`` made, with the sample newsletter and nothing else.

    Attributes:
        folder: with mailer.toml.
        week: the last one that has ended, as ``2026-W47``.
    """

    mailer: CommandLine
    folder: Path
    week: str

    def __call__(self, *arguments: str | Path, **how: Any) -> Ran:
        """Run a command in its folder."""
        return self.mailer(*arguments, folder=self.folder, **how)

    def dump(self) -> list[str]:
        """Return everything its database holds, as SQL."""
        address = f"file:{self.folder / 'data' / 'mailer.db'}?mode=ro"
        with closing(sqlite3.connect(address, uri=True)) as database:
            return list(database.iterdump())

    def everything(self) -> tuple[list[str], list[str]]:
        """Return the names of all files and what the database holds, to be compared with a later look."""
        # Looking at the database leaves the two files that SQLite keeps beside an open one.
        names = [str(path) for path in self.folder.rglob("*") if not path.name.endswith(("-wal", "-shm"))]
        return sorted(names), self.dump()

    def write_sample(self, week: str | None = None) -> Path:
        """Write the sample texts as files of *week*, else of the last one; return their folder."""
        return write_sample(self.folder / (week or self.week))


def write_sample(folder: Path) -> Path:
    """Copy the fifteen texts of the latest sample week into *folder*, and return it."""
    folder.mkdir(parents=True)
    for file in (SAMPLE / "latest").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
