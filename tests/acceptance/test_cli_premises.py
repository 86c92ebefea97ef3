"""What would harm readers later is refused at start: other keys, open links, somebody else's data."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.acceptance.commandline import Installed

_REMOTE = {"MAILER_RELAY__HOST": "smtp.example.org"}
_VERBS = (("serve",), ("issue", "show"), ("newsletter", "export"))


@pytest.fixture
def other(installed: Installed, tmp_path: Path) -> Installed:
    """Another installation on the same machine."""
    folder = tmp_path / "other"
    assert installed.mailer("init", folder, "--yes").status == 0
    return Installed(installed.mailer, folder, installed.week)


@pytest.mark.parametrize("file", ["vault.keys", "tokens.keys"])
@pytest.mark.parametrize("verb", _VERBS, ids=" ".join)
def test_keys_of_another_installation_are_refused(
    installed: Installed, other: Installed, file: str, verb: tuple[str, ...]
) -> None:
    """Before anything is read or sealed with them; the sentence names the file."""
    shutil.copy(other.folder / "data" / "keys" / file, installed.folder / "data" / "keys" / file)

    said = installed(*verb)

    assert said.status == 1
    assert f"data/keys/{file} is not the one this database was made with" in said.refusal()


def test_serving_readers_over_http_is_refused(installed: Installed) -> None:
    """As soon as mail leaves this machine; the sentence names the setting."""
    said = installed("serve", environment=_REMOTE | {"MAILER_SITE__PUBLIC_URL": "http://news.example.org"})

    assert said.status == 2
    assert "[site] public_url is http://news.example.org" in said.refusal()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
@pytest.mark.parametrize("verb", _VERBS, ids=" ".join)
def test_root_in_the_services_folder_is_refused(installed: Installed, verb: tuple[str, ...]) -> None:
    """Nothing is left there that the service could not open."""
    os.chown(installed.folder / "data", 65534, -1)
    before = sorted(installed.folder.rglob("*"))

    assert "belongs to nobody, and this runs as root" in installed(*verb).refusal()
    assert sorted(installed.folder.rglob("*")) == before


def test_a_missing_data_folder_is_named(installed: Installed) -> None:
    """Neither keys nor database are made anew."""
    shutil.rmtree(installed.folder / "data")

    assert "data is not there; put it back from your backup" in installed("serve").refusal()
    assert not (installed.folder / "data").exists()
