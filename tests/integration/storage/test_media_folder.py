"""Pictures are on the disk, whole, before anything names them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mailer.errors import StorageError
from mailer.storage.media import Media

NAME, OTHER = "0123456789abcdef-2x1.png", "fedcba9876543210-2x1.jpg"


def test_a_picture_is_kept_and_found(tmp_path: Path) -> None:
    """For everyone to read, and nothing beside it is left."""
    media = Media(tmp_path)

    media.keep({NAME: b"pixels", OTHER: b"more"})

    assert sorted(each.name for each in media.folder.iterdir()) == [NAME, OTHER]
    assert stat.S_IMODE((media.folder / NAME).stat().st_mode) == 0o644
    assert (media.find(NAME), media.holds(NAME)) == (b"pixels", True)


def test_keeping_again_touches_nothing(tmp_path: Path) -> None:
    """The file stays the same one; nothing to keep makes no folder."""
    media = Media(tmp_path)
    media.keep({})
    assert not media.folder.exists()
    media.keep({NAME: b"pixels"})
    before = (media.folder / NAME).stat().st_ino

    media.keep({NAME: b"pixels"})

    assert (media.folder / NAME).stat().st_ino == before


@pytest.mark.parametrize("damaged", [b"", b"pix", b"PIXELS"])
def test_a_damaged_picture_is_mended_by_keeping_it_again(tmp_path: Path, damaged: bytes) -> None:
    """A disk that was full leaves half a file; an empty one counts as none."""
    media = Media(tmp_path)
    media.keep({NAME: b"pixels"})
    (media.folder / NAME).write_bytes(damaged)
    assert (media.find(NAME), media.holds(NAME)) == (damaged or None, bool(damaged))

    media.keep({NAME: b"pixels"})

    assert media.find(NAME) == b"pixels"


@pytest.mark.parametrize("name", ["", "..", "../secret", "secret", "0123456789abcdef-2x1.svg", "\0"])
def test_only_names_of_ours_are_looked_for(tmp_path: Path, name: str) -> None:
    """Whoever asks for another file gets none."""
    media = Media(tmp_path)
    media.folder.mkdir()
    (tmp_path / "secret").write_bytes(b"secret")
    (media.folder / "secret").write_bytes(b"secret")

    assert (media.find(name), media.holds(name)) == (None, False)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """With what to do."""
    (tmp_path / "media").write_bytes(b"a file in its place")

    with pytest.raises(StorageError, match=r"can't be written .* so nothing was stored; make room there"):
        Media(tmp_path).keep({NAME: b"pixels"})


def test_two_at_once_keep_one(tmp_path: Path) -> None:
    """A name that appears meanwhile is written over by the same bytes."""
    one, other = Media(tmp_path), Media(tmp_path)
    one.keep({NAME: b"pixels"})

    other._put(NAME, b"pixels")

    assert [each.name for each in one.folder.iterdir()] == [NAME]
    assert one.find(NAME) == b"pixels"
