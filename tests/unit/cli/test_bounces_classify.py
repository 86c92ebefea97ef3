"""``mailer bounces classify`` says one thing per message, in order, and refuses in one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_MAILER = Path(sys.executable).with_name("mailer")
_SAMPLES = Path(__file__).parents[2] / "samples" / "bounces"


def run(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start the command in *folder*, which holds no settings."""
    command = [str(_MAILER), "bounces", "classify", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)


def test_one_line_for_each_message(tmp_path: Path) -> None:
    """Files are answered in the order given, with what design §8 promises of each recipient."""
    files = [str(_SAMPLES / name) for name in ("dsn-user-unknown.eml", "human-praise.eml", "dsn-delayed.eml")]

    done = run(*files, "--json", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert files == [line["file"] for line in lines]
    assert [line["kind"] for line in lines] == ["bounce", "other", "delay"]
    (recipient,) = lines[0]["recipients"]
    assert recipient.pop("evidence").startswith("text:no-mailbox")
    assert recipient == {
        "recipient": "reader@example.net",
        "status": "5.1.1",
        "reply_code": 550,
        "class": "invalid",
        "verdict": "hard",
    }
    assert [each["verdict"] for each in lines[2]["recipients"]] == ["none"]


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    """Files of a folder and below come in the order of their names; hidden ones don't."""
    for name in ("b.eml", "a/c.eml", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    done = run(tmp_path, "--json", folder=tmp_path)

    read = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert read == [str(tmp_path / "a/c.eml"), str(tmp_path / "b.eml")]


def test_a_table_for_people(tmp_path: Path) -> None:
    """Without --json a line for the message and one for each recipient."""
    done = run(_SAMPLES / "dsn-several-recipients.eml", folder=tmp_path)

    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("bounce")
    assert lines[1].split()[:3] == ["invalid", "hard", "550"]


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Nothing is printed of the other paths, so that no list is taken for whole."""
    done = run(_SAMPLES / "dsn-user-unknown.eml", "/nowhere/x.eml", folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "/nowhere/x.eml is not there" in done.stderr


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    """A folder without messages is more likely a wrong one."""
    done = run(tmp_path, folder=tmp_path)

    assert done.returncode == 1
    assert "no file is in it" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """What may not be read is said, with status 1."""
    locked = tmp_path / "x.eml"
    locked.write_bytes(b"")
    locked.chmod(0)

    done = run(locked, folder=tmp_path)

    assert done.returncode == 1
    assert str(locked) in done.stderr


def test_a_name_of_stray_bytes_is_printed(tmp_path: Path) -> None:
    """A file's name need not be UTF-8; what is none becomes U+FFFD, and the next file is read."""
    for name in (b"a\xff.eml", b"b.eml"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"")

    done = run(tmp_path, "--json", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    read = [json.loads(line)["file"] for line in done.stdout.splitlines()]
    assert read == [f"{tmp_path}/a\ufffd.eml", f"{tmp_path}/b.eml"]
