"""Faults rows 15, 16 and 50: what keeps ``mailer serve`` from starting is said in one sentence."""

from __future__ import annotations

import random
import re
import shutil
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.commandline import Installed
from tests.acceptance.served import served, until

KEYS = ("vault.keys", "tokens.keys")


def test_row_16_serve_refuses_a_damaged_database(installed: Installed) -> None:
    """Nothing is sent from it, and nothing written to it."""
    file = installed.folder / "data" / "mailer.db"
    content = bytearray(file.read_bytes())
    page = len(content) - 4096
    content[page : page + 4096] = random.Random(16).randbytes(4096)
    file.write_bytes(content)

    refused = installed("serve")

    assert refused.status == 1
    assert "the database file is damaged; restore the last backup" in refused.refusal()
    assert file.read_bytes() == content


def test_row_15_serve_refuses_a_database_that_is_not_there(installed: Installed) -> None:
    """No empty one is made in its place."""
    file = installed.folder / "data" / "mailer.db"
    file.unlink()

    assert "is not there; put it back from your backup" in installed("serve").refusal()
    assert not file.exists()


def _lost(keys: Path, name: str, _other: Path) -> None:
    (keys / name).unlink()


def _foreign(keys: Path, name: str, other: Path) -> None:
    shutil.copy(other / name, keys / name)


def _opened(keys: Path, name: str, _other: Path) -> None:
    (keys / name).chmod(0o644)


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_lost, "is missing; copy it back from where you keep the keys"),
        (_foreign, "is not the one this database was made with; put your copy of it back"),
        (_opened, "can be read by others; run “chmod 600"),
    ],
    ids=["lost", "of another installation", "open to others"],
)
def test_row_50_serve_refuses_to_start_without_its_keys(
    installed: Installed,
    sampled: Installed,
    name: str,
    change: Callable[[Path, str, Path], None],
    sentence: str,
) -> None:
    """Rather than send what nobody can unsubscribe from, or seal what nobody can open."""
    installed("issue", "show")  # the first verb notes whose keys they are
    change(installed.folder / "data" / "keys", name, sampled.folder / "data" / "keys")

    refused = installed("serve", environment={"MAILER_SITE__LISTEN": "127.0.0.1:0"})

    assert refused.status == 1
    assert name in refused.refusal()
    assert sentence in refused.refusal()


def test_row_50_serve_refuses_to_start_without_the_key_it_signs_with(installed: Installed) -> None:
    """Rather than let a provider take for forged what [relay] says we sign."""
    file = installed.folder / "mailer.toml"
    lines = installed("dkim", "new").out.decode().splitlines()
    file.write_text("\n".join(line.strip() for line in lines[lines.index("  [relay]") :]), "utf-8")
    key = installed.folder / "data" / "keys" / "dkim.pem"
    key.unlink()

    refused = installed("serve", environment={"MAILER_SITE__LISTEN": "127.0.0.1:0"})

    assert refused.status == 1
    assert str(key) in refused.refusal()
    assert "mailer dkim new" in refused.refusal()


def test_row_50_keys_that_vanish_while_it_runs_stop_nothing(installed: Installed) -> None:
    """It goes on with those it holds: a reader signs up, confirms by the link and is welcomed."""
    box = Mailbox(installed.folder / "data" / "outbox")
    form = {"newsletter": "belarus-weekly", "address": "new@example.org", "language": "en", "missing": ""}

    with served(installed) as url:
        shutil.rmtree(installed.folder / "data" / "keys")
        _post(f"{url}/en/subscribe", form)
        until(lambda: box.count() == 1)
        (link,) = set(re.findall(r"/en/confirm/[\w-]{43}", Outbox(box).get(1).text))
        _post(f"{url}{link}", {})
        until(lambda: box.count() == 2)

    assert "is missing; copy it back" in installed("serve").refusal()


def _post(url: str, fields: Mapping[str, str]) -> None:
    with urllib.request.urlopen(url, data=urllib.parse.urlencode(fields).encode(), timeout=10) as answer:
        assert answer.status == 200
