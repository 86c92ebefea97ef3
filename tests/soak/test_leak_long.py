"""A thousand canary readers live through a whole cycle, and nothing that is left behind names one of them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.acceptance.canaries import address, far_end
from tests.acceptance.commandline import Installed
from tests.acceptance.conftest import installed, mailer, template  # noqa: F401 - fixtures
from tests.acceptance.leak_cycle import cycle
from tests.acceptance.leak_life import live
from tests.acceptance.leaking import Search

READERS = 1_000


def test_nothing_names_one_of_a_thousand(
    installed: Installed,  # noqa: F811 - the fixture
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Files, rows, logs, backups, answers, processes: 0 finds."""
    began = time.monotonic()
    with far_end() as far, cycle(installed, far, tmp_path / "tmp", READERS) as one:
        live(one)
        lived = time.monotonic()
        found = Search(map(address, range(4))).through(one.seen)
        searched = time.monotonic()

    size_mb = sum(map(len, one.seen.values())) / 1e6
    with capsys.disabled():
        print(  # noqa: T201 - the figures are what a proof is run for
            f"\n{READERS} readers, {far.taken} mails, {len(one.issues())} copies of the issue;"
            f" {len(found)} finds in {len(one.seen)} documents, {size_mb:.0f} MB; lived {lived - began:.0f} s"
            f", searched {searched - lived:.0f} s"
        )
    assert found == []
