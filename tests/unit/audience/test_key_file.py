"""Key files are replaced as a whole, say since when a key is there, and may be lent by systemd."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.audience.key_file import TOKENS_FILE, VAULT_FILE, KeyFolder, KeyLine, key_folder
from mailer.audience.keys import create_keys, load_keys
from mailer.errors import KeysError

MADE_AT = datetime(2026, 11, 23, 22, 50, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> KeyFolder:
    """A folder with new keys."""
    create_keys(tmp_path / "keys", made_at=MADE_AT)
    return KeyFolder(tmp_path / "keys")


def test_a_line_says_since_when_a_key_is_there(folder: KeyFolder) -> None:
    """To the second, and it comes back so."""
    assert [(line.purpose, line.id, line.made_at) for line in folder.read(VAULT_FILE)] == [
        ("seal", 1, MADE_AT),
        ("index", 1, MADE_AT),
    ]
    assert (folder.path / VAULT_FILE).read_text().split()[3] == "2026-11-23T22:50:00Z"


def test_a_line_without_a_time_is_whole(folder: KeyFolder) -> None:
    """As those of the first versions are."""
    folder.put(VAULT_FILE, [KeyLine("seal", 1, bytes(32)), KeyLine("index", 1, bytes(32))])

    assert [line.made_at for line in folder.read(VAULT_FILE)] == [None, None]


def test_a_file_is_replaced_as_a_whole(folder: KeyFolder) -> None:
    """By another one, readable by nobody else; who has the old one open reads the old one to its end."""
    lines = [*folder.read(VAULT_FILE), KeyLine("seal", 2, bytes(32), MADE_AT)]
    with (folder.path / VAULT_FILE).open() as old:
        folder.put(VAULT_FILE, lines)

        assert len(old.readlines()) == 2

    assert folder.read(VAULT_FILE) == lines
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.path.iterdir()} == {
        VAULT_FILE: 0o600,
        TOKENS_FILE: 0o600,
    }


def test_what_a_crash_left_is_written_over(folder: KeyFolder) -> None:
    """A new file that is half or somebody may read is none of ours."""
    leftover = folder.path / f"{VAULT_FILE}.new"
    leftover.write_text("seal 2 hal")
    leftover.chmod(0o644)
    lines = folder.read(VAULT_FILE)

    folder.put(VAULT_FILE, lines)

    assert folder.read(VAULT_FILE) == lines
    assert not leftover.exists()


def test_the_stamp_changes_with_the_files(folder: KeyFolder) -> None:
    """Also when the same is written once more, when only the mode changes, and when one goes."""
    stamps = [folder.stamp()]
    folder.put(VAULT_FILE, folder.read(VAULT_FILE))
    stamps.append(folder.stamp())
    (folder.path / TOKENS_FILE).chmod(0o400)
    stamps.append(folder.stamp())
    (folder.path / TOKENS_FILE).unlink()
    stamps.append(folder.stamp())

    assert len(set(stamps)) == 4
    assert folder.stamp() == stamps[-1]


def test_without_credentials_keys_lie_in_the_data_folder(tmp_path: Path) -> None:
    """Also where systemd lends something else."""
    assert key_folder(tmp_path, {}) == KeyFolder(tmp_path / "keys")
    assert key_folder(tmp_path, {"CREDENTIALS_DIRECTORY": ""}) == KeyFolder(tmp_path / "keys")
    assert key_folder(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == KeyFolder(tmp_path / "keys")


def test_credentials_come_before_the_data_folder(folder: KeyFolder) -> None:
    """Their mode shows the mask of an access list where the group's rights stand, which others have not."""
    for name in (VAULT_FILE, TOKENS_FILE):
        (folder.path / name).chmod(0o440)

    lent = key_folder(folder.path.parent, {"CREDENTIALS_DIRECTORY": str(folder.path)})

    assert lent == KeyFolder(folder.path, is_lent=True)
    load_keys(lent)
    (folder.path / VAULT_FILE).chmod(0o444)
    with pytest.raises(KeysError, match="can be read by others"):
        load_keys(lent)


def test_one_credential_of_two_is_refused(folder: KeyFolder, tmp_path: Path) -> None:
    """Old keys in data/ must not stand in for the one that was forgotten."""
    (folder.path / TOKENS_FILE).unlink()

    with pytest.raises(KeysError, match=r"vault\.keys is a credential .* but tokens\.keys is not; name both"):
        key_folder(tmp_path, {"CREDENTIALS_DIRECTORY": str(folder.path)})


def test_a_key_does_not_show() -> None:
    """Neither in a traceback nor in a log."""
    assert repr(KeyLine("seal", 1, bytes(32))) == "KeyLine(purpose='seal', id=1, made_at=None)"
