"""A PostgreSQL server of the tests' own: a fresh cluster in a temporary folder, reached by a Unix socket.

Nothing is durable here, on purpose (fsync off): a test cluster lives for one run.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg

_START_S = 30.0
# sun_path holds 108 bytes with its final zero, and PostgreSQL adds "/.s.PGSQL.5432".
_LONGEST_FOLDER = 107 - len("/.s.PGSQL.5432")
_SETTINGS = ("listen_addresses=", "fsync=off", "full_page_writes=off", "jit=off", "max_connections=100")


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server.

    Attributes:
        folder: its temporary folder, which holds the socket.
    """

    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database, as SQLAlchemy reads it."""
        return f"postgresql+asyncpg://postgres@/{database}?host={self.folder}"

    def create_database(self, *, template_url: str | None = None) -> str:
        """Make a database and return its address.

        Args:
            template_url: of a database to copy, to which nobody may be connected; None makes an empty one.
        """
        name = f"test_{next(self._numbers)}"
        template = "template1" if template_url is None else _name_in(template_url)
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute(f"DROP DATABASE {_name_in(url)} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        async def execute() -> None:
            connection = await asyncpg.connect(user="postgres", database="postgres", host=str(self.folder))
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        # In a thread of its own, because the test that asks may be inside an event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(execute())).result()


@contextmanager
def running_postgres(initdb: Path, postgres: Path) -> Iterator[PostgresServer]:
    """Run a server on a new cluster until the block ends.

    Args:
        initdb: makes the cluster.
        postgres: the server, of the same version.
    """
    folder = _short_folder()
    identity = _identity(folder)
    data = folder / "data"
    try:
        subprocess.run(
            [initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            **identity,
        )
        settings = [word for setting in _SETTINGS for word in ("-c", setting)]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [postgres, "-D", data, "-k", folder, *settings], stdout=log, stderr=log, **identity
            )
        try:
            _wait_until_ready(data, server, folder / "log")
            yield PostgresServer(folder)
        finally:
            server.send_signal(signal.SIGINT)  # a fast shutdown: who is connected is sent away
            server.wait(_START_S)
    finally:
        shutil.rmtree(folder)


def _name_in(url: str) -> str:
    return urlsplit(url).path.removeprefix("/")


def _short_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if len(os.fsencode(folder)) > _LONGEST_FOLDER:
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    return folder


def _identity(folder: Path) -> dict[str, Any]:
    """Say as whom and where to run: PostgreSQL refuses root, so root turns into postgres or nobody."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    running: dict[str, Any] = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL}
    if os.geteuid() != 0:
        return running
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = known.get("postgres") or known["nobody"]
    shutil.chown(folder, user.pw_uid, user.pw_gid)
    return running | {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _wait_until_ready(data: Path, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the last line of postmaster.pid to say “ready”, as pg_ctl does."""
    give_up_at = time.monotonic() + _START_S
    while time.monotonic() < give_up_at and server.poll() is None:
        status = data / "postmaster.pid"
        if status.exists() and status.read_text().rstrip().endswith("ready"):
            return
        time.sleep(0.01)
    raise RuntimeError(f"PostgreSQL did not start: {log.read_text(errors='replace')[-500:]}")
