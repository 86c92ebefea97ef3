"""Keys are rotated while readers sign up, leave and are mailed: nobody notices, nor does a kill matter."""

from __future__ import annotations

import base64
import shutil
import signal
import sqlite3
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyFolder
from mailer.audience.keys import Keys, load_keys
from mailer.audience.resealing import SLICE
from mailer.audience.vault import Vault
from mailer.domain.token import Token
from tests.acceptance.commandline import MAILER, Installed
from tests.acceptance.served import served, until

READERS = 3_000
_SEALED = (
    "SELECT sealed_address, public_id FROM reader WHERE sealed_address IS NOT NULL"
    " UNION ALL SELECT sealed, public_id FROM signup_request UNION ALL SELECT sealed, seal_id FROM letter"
    " UNION ALL SELECT sealed, seal_id FROM reader_link WHERE sealed IS NOT NULL"
)


@dataclass
class Crowd:
    """Visitors, one after another, for as long as it lasts.

    Attributes:
        served: how many were answered.
        failures: what went wrong for the others.
    """

    url: str
    links: list[str]
    served: int = 0
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Let them come."""
        stop = threading.Event()
        visits = (self._sign_up, self._leave)
        threads = [threading.Thread(target=self._come, args=(stop, visit)) for visit in visits]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(20)

    def _come(self, stop: threading.Event, visit: Callable[[int], None]) -> None:
        number = 0
        while not stop.wait(0.02):
            number += 1
            try:
                visit(number)
                self.served += 1
            except OSError as error:
                self.failures.append(str(error))

    def _sign_up(self, number: int) -> None:
        form = {"newsletter": "belarus-weekly", "address": f"new{number}@example.org", "language": "en"}
        _post(f"{self.url}/en/subscribe", form | {"missing": ""})

    def _leave(self, _: int) -> None:
        _leave(self.url, self.links.pop())


@pytest.fixture
def crowded(sampled: Installed, tmp_path: Path) -> Installed:
    """An installation with readers and an issue that can be sent."""
    table = tmp_path / "readers.csv"
    table.write_text(
        "email\n" + "".join(f"reader{number}@example.net\n" for number in range(READERS)), "utf-8"
    )
    terms = ("--list", "all", "--map", "all=en", "--status", "confirmed")
    consent = ("--source", "a form", "--since", "2025-01-31")
    assert sampled("reader", "import", table, *terms, *consent).status == 0
    return sampled


def test_nobody_notices_a_rotation(crowded: Installed) -> None:
    """Killed twice in the middle and run again, beside sign-ups, leavings and an issue that is sent."""
    keys = KeyFolder(crowded.folder / "data" / "keys")
    before = load_keys(keys)
    rows = _rows(crowded, "SELECT public_id FROM reader")
    links = [before.link.link(Token(public_id, newsletter=1)) for (public_id,) in rows]

    with served(crowded) as url:
        crowd = Crowd(url, links[:1500])
        with crowd.coming():
            assert crowded("issue", "release", "--json").status == 0
            for _ in range(2):
                _kill_in_the_middle(crowded)
            finished = crowded("keys", "rotate", "--json").json
        early = crowded("keys", "retire")
        retired = crowded("keys", "retire", "--now", "--json").json
        # The service that never was restarted goes on with links from before, and with new keys.
        _leave(url, links[-1])
        _post(f"{url}/en/manage", {"address": "reader5@example.net"})
        until(lambda: crowded("issue", "stats", "--json").json["pending"] == 0)
    books = crowded("issue", "stats", "--json").json

    assert crowd.failures == []
    assert crowd.served > 20
    assert (books["failed"], books["unknown"], books["books_balance"]) == (0, 0, True)
    assert (finished["new"], finished["unopened"]) == ({}, 0)
    assert "younger than a day" in early.refusal()
    assert retired == {"retired": [1], "waits_in": None}
    assert [line.id for line in keys.read(VAULT_FILE) if line.purpose == "seal"] == [2]
    _check_all_open(crowded, load_keys(keys))
    with served(crowded) as url:
        _leave(url, links[-2])


def test_no_key_lies_where_it_must_not(installed: Installed) -> None:
    """Neither in the database, nor in any other file but the two, nor is one taken from the environment."""
    assert installed("keys", "rotate").status == 0
    with served(installed) as url:
        form = {"newsletter": "belarus-weekly", "address": "new@example.org", "language": "en", "missing": ""}
        _post(f"{url}/en/subscribe", form)
    folder = installed.folder / "data" / "keys"
    lines = [line for name in (VAULT_FILE, TOKENS_FILE) for line in KeyFolder(folder).read(name)]
    files = [path for path in installed.folder.rglob("*") if path.is_file() and path.parent != folder]

    for content in [path.read_bytes() for path in files]:
        for line in lines:
            assert line.key not in content
            assert line.key.hex().encode() not in content
            assert base64.urlsafe_b64encode(line.key).rstrip(b"=") not in content
    shutil.rmtree(folder)
    environment = {f"MAILER_KEYS__{line.purpose.upper()}": line.written for line in lines}
    assert "is missing; copy it back" in installed("keys", "show", environment=environment).refusal()


def test_credentials_of_the_service_are_its_keys(installed: Installed, tmp_path: Path) -> None:
    """As systemd lends them; what is rotated waits until they have been replaced."""
    lent, data = tmp_path / "credentials", installed.folder / "data"
    (data / "keys").rename(lent)
    for name in (VAULT_FILE, TOKENS_FILE):
        (lent / name).chmod(0o440)
    environment = {"CREDENTIALS_DIRECTORY": str(lent)}

    shown = installed("keys", "show", "--json", environment=environment).json
    rotated = installed("keys", "rotate", environment=environment)
    for name in (VAULT_FILE, TOKENS_FILE):
        (data / "new-keys" / name).replace(lent / name)
    taken_up = installed("keys", "show", "--json", environment=environment).json

    assert shown["files"] == [str(lent / VAULT_FILE), str(lent / TOKENS_FILE)]
    assert (
        f"The new files are in {data / 'new-keys'}: encrypt both with systemd-creds" in rotated.out.decode()
    )
    assert [(key["id"], key["values"]) for key in taken_up["keys"][:2]] == [(1, 0), (2, 1)]
    assert "is missing; copy it back" in installed("keys", "show").refusal()


def _kill_in_the_middle(crowded: Installed) -> None:
    done = _count(crowded, 2)
    process = subprocess.Popen([MAILER, "keys", "rotate"], cwd=crowded.folder, stdout=subprocess.DEVNULL)
    try:
        # Without a pause: there are few slices, and each is soon done.
        while _count(crowded, 2) <= done + SLICE:
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
        assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait(10)
    assert _count(crowded, 1) > 0


def _check_all_open(crowded: Installed, keys: Keys) -> None:
    """Open everything with the new key alone."""
    alone = Vault(replace(keys, seal={2: keys.seal[2]}))
    rows = _rows(crowded, _SEALED)
    assert len(rows) > READERS / 2
    for sealed, seal_id in rows:
        assert alone.open(sealed, seal_id)


def _count(crowded: Installed, key_id: int) -> int:
    """Return how many addresses lie under a key."""
    head = f"hex(substr(sealed_address, 1, 2)) = '01{key_id:02X}'"
    ((count,),) = _rows(crowded, f"SELECT count(*) FROM reader WHERE {head}")
    return int(count)


def _rows(crowded: Installed, statement: str) -> list[tuple[Any, ...]]:
    address = f"file:{crowded.folder / 'data' / 'mailer.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=20)) as database:
        return database.execute(statement).fetchall()


def _leave(url: str, token: str) -> None:
    _post(f"{url}/u/{token}", {"List-Unsubscribe": "One-Click"})


def _post(url: str, fields: Mapping[str, str]) -> None:
    with urllib.request.urlopen(url, data=urllib.parse.urlencode(fields).encode(), timeout=10) as answer:
        assert answer.status == 200
