"""A database that was put back or copied sends nothing until a person allows it, and says so."""

from __future__ import annotations

import asyncio
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from mailer.audience.keys import load_keys
from mailer.audience.vault import Vault
from mailer.outbox.mailbox import Mailbox
from mailer.storage import open_database
from tests.acceptance.commandline import MAILER, Installed
from tests.integration.delivery.house import House

_COUNT = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from mailer.delivery.fence import Fence
from mailer.storage import open_database

async def count():
    data = Path(sys.argv[1])
    fence = Fence(open_database(f"sqlite:///{data / 'mailer.db'}"), data, clock=lambda: datetime.now(UTC))
    while True:
        assert (await fence.count()).is_open, fence.state
        print(flush=True)

asyncio.run(count())
"""


def test_a_sender_waits_for_permission_and_goes_on_by_itself(installed: Installed) -> None:
    """Letters too; no restart is needed."""
    _identity(installed).unlink()

    with _serving(installed) as (url, said):
        assert "Nothing is sent: data/identity is missing" in said()
        _sign_up(url, "reader@example.org")
        time.sleep(2)
        assert _kept_count(installed) == 0

        allowed = installed("sending", "allow", "--yes")

        assert allowed.status == 0
        assert "data/identity is missing" in allowed.out.decode()
        _wait(lambda: _kept_count(installed) == 1, within_s=6)


def test_a_restored_database_releases_nothing(installed: Installed) -> None:
    """The refusal is one sentence; allowed, the same command does its work."""
    _write_issue(installed)
    database = installed.folder / "data" / "mailer.db"
    backup = installed.folder / "backup.db"
    _copy(database, backup)
    assert installed("issue", "release").status == 0
    _put_back(backup, database)

    refused = installed("issue", "release")

    assert refused.status == 1
    assert "the database is older than data/identity, so it was put back" in refused.refusal()
    assert installed("issue", "show", "--json").json["state"] == "draft"
    assert installed("sending", "allow", "--yes").status == 0
    assert installed("issue", "release").status == 0


def test_nothing_is_allowed_without_an_answer(installed: Installed) -> None:
    """A script that forgot --yes changes nothing."""
    _identity(installed).unlink()

    assert installed("sending", "allow").status in (1, 2)
    assert not _identity(installed).exists()


def test_allowing_what_is_allowed_changes_nothing(installed: Installed) -> None:
    """The identity stays."""
    before = _identity(installed).read_text()

    assert "allowed already" in installed("sending", "allow", "--yes").out.decode()
    assert _identity(installed).read_text() == before


def test_the_folder_may_move(installed: Installed, tmp_path: Path) -> None:
    """A container made anew, a volume mounted elsewhere: the data brings its identity along."""
    shutil.copytree(installed.folder, tmp_path / "elsewhere")

    said = installed.mailer("sending", "allow", "--yes", folder=tmp_path / "elsewhere").out.decode()

    assert "allowed already" in said


def test_kill_9_at_any_moment_shuts_nothing(installed: Installed) -> None:
    """Between commit and file, or half-way through the file: whoever starts next may send."""
    data, chance = installed.folder / "data", random.Random(7)
    installed("issue", "show")  # whatever verb comes first makes what is missing

    for _ in range(5):
        counting = subprocess.Popen([sys.executable, "-c", _COUNT, data], stdout=subprocess.PIPE, text=True)
        assert counting.stdout is not None
        assert counting.stdout.readline() == "\n"
        time.sleep(chance.random() * 0.05)
        counting.kill()
        counting.communicate()
        assert counting.returncode == -signal.SIGKILL

        assert "allowed already" in installed("sending", "allow").out.decode()


@contextmanager
def _serving(installed: Installed) -> Iterator[tuple[str, Callable[[], str]]]:
    """Run ``mailer serve`` on a free port; yield the site's address and what reads its output so far."""
    log = installed.folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [MAILER, "serve"],
            cwd=installed.folder,
            env=os.environ | {"MAILER_SITE__LISTEN": "127.0.0.1:0"},
            stdout=output,
            stderr=subprocess.DEVNULL,
        )
    try:
        _wait(lambda: "Nothing is sent" in log.read_text("utf-8"))
        (url,) = re.findall(r"http://\S+:\d+", log.read_text("utf-8"))
        yield url, lambda: log.read_text("utf-8")
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait(10)


def _sign_up(url: str, address: str) -> None:
    form = urllib.parse.urlencode(
        {"newsletter": "belarus-weekly", "address": address, "language": "en", "missing": ""}
    )
    with urllib.request.urlopen(f"{url}/en/subscribe", data=form.encode(), timeout=10) as answer:
        assert answer.status == 200


def _kept_count(installed: Installed) -> int:
    return Mailbox(installed.folder / "data" / "outbox").count()


def _write_issue(installed: Installed) -> None:
    folder = installed.write_sample()
    assert installed("commentary", "import", folder).status == 0
    assert installed("issue", "build").status == 0
    asyncio.run(_subscribe(installed.folder / "data", "reader@example.org"))


async def _subscribe(data: Path, address: str) -> None:
    house = House(open_database(f"sqlite:///{data / 'mailer.db'}"), Vault(load_keys(data / "keys")))
    await house.subscribe([address])
    await house.database.close()


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as there, closing(sqlite3.connect(target)) as here:
        there.backup(here)


def _put_back(backup: Path, database: Path) -> None:
    for path in database.parent.glob("mailer.db*"):
        path.unlink()
    shutil.copy(backup, database)


def _identity(installed: Installed) -> Path:
    return installed.folder / "data" / "identity"


def _wait(condition: Callable[[], bool], within_s: float = 20) -> None:
    give_up_at = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up_at, "nothing happened"
        time.sleep(0.05)
