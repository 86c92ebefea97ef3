"""Keys are made once, never written over, and read only when they are whole and nobody else's to read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from mailer.audience.keys import TOKENS_FILE, VAULT_FILE, create_keys, load_keys, seeded_keys
from mailer.errors import KeysError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with new keys."""
    made = tmp_path / "keys"
    create_keys(made)
    return made


def line(folder: Path, name: str, number: int, change: Callable[[str], str]) -> None:
    """Change one line of a key file."""
    lines = (folder / name).read_text().splitlines(keepends=True)
    lines[number - 1] = change(lines[number - 1])
    (folder / name).write_text("".join(lines))


def test_new_keys_are_readable_by_nobody_else(folder: Path) -> None:
    """Folder and files."""
    assert [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())] == [0o700, 0o600, 0o600]


def test_keys_come_back_whole(folder: Path) -> None:
    """32 bytes for every purpose, all different, the same each time."""
    keys = load_keys(folder)

    every = [keys.seal[1], keys.index, keys.link.keys[1], keys.return_path.keys[1], keys.message_id]
    assert {len(key) for key in every} == {32}
    assert len(set(every)) == 5
    assert load_keys(folder) == keys


def test_two_installations_have_different_keys(folder: Path, tmp_path: Path) -> None:
    """They are random."""
    create_keys(tmp_path / "other")

    assert load_keys(folder) != load_keys(tmp_path / "other")


@pytest.mark.parametrize("kept", [VAULT_FILE, TOKENS_FILE])
def test_keys_are_never_written_over(folder: Path, kept: str) -> None:
    """Where one file is left, the other is not made anew beside it: it would open no old address."""
    (lost,) = {VAULT_FILE, TOKENS_FILE} - {kept}
    (folder / lost).unlink()
    before = (folder / kept).read_bytes()

    with pytest.raises(KeysError, match=f"{kept} exists already; keys are never written over"):
        create_keys(folder)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {kept: before}


@pytest.mark.parametrize("name", [VAULT_FILE, TOKENS_FILE])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """With the warning that a new one is worthless."""
    (folder / name).unlink()

    with pytest.raises(
        KeysError, match=rf"{name} is missing; copy it back .* \(a new one opens no old address\)"
    ):
        load_keys(folder)


@pytest.mark.parametrize("name", [VAULT_FILE, TOKENS_FILE])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_keys_that_others_may_touch_are_refused(folder: Path, name: str, mode: int) -> None:
    """The sentence is the command."""
    (folder / name).chmod(mode)

    with pytest.raises(KeysError, match=f"can be read by others; run “chmod 600 {folder / name}”"):
        load_keys(folder)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_keys_may_be_read_only(folder: Path, mode: int) -> None:
    """Nobody writes them again."""
    for path in folder.iterdir():
        path.chmod(mode)

    load_keys(folder)


DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda _: "\n",
    "a word less": lambda text: text.rpartition(" ")[0] + "\n",
    "a word more": lambda text: text.rstrip() + " more\n",
    "another purpose": lambda text: "other" + text,
    "no number": lambda text: text.replace(" 1 ", " one "),
    "a number too large": lambda text: text.replace(" 1 ", " 256 "),
    "a number too small": lambda text: text.replace(" 1 ", " 0 "),
    "a key too short": lambda text: text[:-9] + "\n",
    "a key too long": lambda text: text.rstrip()[:-1] + "AAAA\n",
    "no key": lambda text: text.replace("=", "*"),
    "twice": lambda text: text + text,
}


@pytest.mark.parametrize("name", [VAULT_FILE, TOKENS_FILE])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_line_is_named(folder: Path, name: str, damage: Callable[[str], str]) -> None:
    """By file and number; no part of a key is repeated."""
    key = (folder / name).read_text().split()[2]
    line(folder, name, 1, damage)

    with pytest.raises(KeysError) as refusal:
        load_keys(folder)

    assert name in str(refusal.value)
    assert ", line " in str(refusal.value)
    assert "restore the file from your copy" in str(refusal.value)
    assert key[:20] not in str(refusal.value)


@pytest.mark.parametrize(("name", "number", "purpose"), [(VAULT_FILE, 2, "index"), (TOKENS_FILE, 1, "link")])
def test_a_purpose_without_a_key_is_named(folder: Path, name: str, number: int, purpose: str) -> None:
    """A file cut short."""
    line(folder, name, number, lambda _: "")

    with pytest.raises(KeysError, match=f"{name} has no key for “{purpose}”; restore the file"):
        load_keys(folder)


@pytest.mark.parametrize(
    ("name", "number", "purpose"), [(VAULT_FILE, 2, "index"), (TOKENS_FILE, 3, "message-id")]
)
def test_some_purposes_have_one_key_only(folder: Path, name: str, number: int, purpose: str) -> None:
    """An index can't be computed anew, and a Message-ID must not change between two tries."""
    line(folder, name, number, lambda text: text + text.replace(" 1 ", " 2 "))

    with pytest.raises(KeysError, match=f"must hold exactly one key for “{purpose}”"):
        load_keys(folder)


def test_a_rotated_key_stands_beside_the_old(folder: Path) -> None:
    """Of purposes that can be rotated."""
    line(folder, VAULT_FILE, 1, lambda text: text + text.replace(" 1 ", " 255 "))

    assert set(load_keys(folder).seal) == {1, 255}


@pytest.mark.parametrize("content", [b"\xff\xfe", None], ids=["not text", "a folder"])
def test_what_cannot_be_read_is_named(folder: Path, content: bytes | None) -> None:
    """As when a disk or a copy is broken."""
    path = folder / VAULT_FILE
    path.unlink()
    if content is None:
        path.mkdir(0o700)
    else:
        path.write_bytes(content)
        path.chmod(0o600)

    with pytest.raises(KeysError, match=f"{VAULT_FILE} can't be read; restore it from your copy"):
        load_keys(folder)


def test_keys_do_not_show(folder: Path) -> None:
    """Neither in a traceback nor in a log."""
    keys = load_keys(folder)

    for shown in (repr(keys), str(keys), repr(keys.link), f"{keys.return_path}"):
        assert repr(keys.index) not in shown
        assert repr(keys.link.keys[1]) not in shown


def test_the_samples_keys_follow_from_their_seed() -> None:
    """The packaged sample has the same bytes on every run."""
    assert seeded_keys(b"seed") == seeded_keys(b"seed") != seeded_keys(b"another")
