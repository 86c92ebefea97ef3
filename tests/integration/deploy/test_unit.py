"""deploy/mailer.service is a unit that systemd takes, and that may do little."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from mailer.delivery.timeouts import Timeouts
from tests.tools.catalogue import cache_folder, tool
from tests.tools.required import required

_UNIT = Path(__file__).parents[3] / "deploy" / "mailer.service"
_MOST_EXPOSED = 3.0


@pytest.fixture(scope="module")
def systemd_analyze() -> Path:
    """The program that reads units without a systemd that runs."""
    return required(tool("systemd-analyze"))


def _analyze(program: Path, *arguments: str | Path) -> str:
    # A machine without systemd has no units that ours could stand in order with; the unpacked ones do.
    places = f"{cache_folder() / 'debian' / 'lib' / 'systemd' / 'system'}:"
    ended = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"SYSTEMD_UNIT_PATH": places},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def test_systemd_takes_the_unit(systemd_analyze: Path, tmp_path: Path) -> None:
    """Every line is one it knows; only the program is another, for ours is not installed here."""
    unit = tmp_path / "mailer.service"
    unit.write_text(_UNIT.read_text("utf-8").replace("/usr/local/bin/mailer", "/bin/true"), "utf-8")

    assert "mailer.service:" not in _analyze(systemd_analyze, "verify", "--man=no", unit)


def test_the_service_is_hardly_exposed(systemd_analyze: Path) -> None:
    """By systemd's own figure, of which 10 is worst."""
    said = _analyze(systemd_analyze, "security", "--offline=true", "--no-pager", _UNIT)

    (figure,) = re.findall(r"Overall exposure level for mailer\.service: ([\d.]+)", said)
    assert float(figure) < _MOST_EXPOSED


def test_bodies_in_flight_are_waited_for() -> None:
    """Systemd ends it by force only after the longest wait for a mail server's answer."""
    (stop_s,) = re.findall(r"^TimeoutStopSec=(\d+)$", _UNIT.read_text("utf-8"), re.MULTILINE)

    assert int(stop_s) >= Timeouts().dot_s + 10
