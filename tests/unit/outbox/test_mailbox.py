"""The mailbox keeps every byte, in order, whatever happens to the process."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.errors import NotFound, StorageError
from mailer.outbox.mailbox import Mailbox


def filled(folder: Path, count: int) -> Mailbox:
    mailbox = Mailbox(folder)
    for number in range(1, count + 1):
        mailbox.add("sender@example.org", [f"reader{number}@example.org"], b"Subject: %d\r\n\r\n" % number)
    return mailbox


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary())
def test_content_comes_back_byte_for_byte(tmp_path: Path, content: bytes) -> None:
    """Whatever bytes a message has, the file gives them back."""
    kept = Mailbox(tmp_path).add("s@example.org", ["r@example.org"], content)

    again = Mailbox(tmp_path).get(kept.number)

    assert again.content() == content
    assert again == kept


def test_the_envelope_is_kept(tmp_path: Path) -> None:
    """Sender, recipients and time are read back as they were given."""
    began = datetime.now(UTC)

    Mailbox(tmp_path).add("", ["a@example.org", "юля@example.net"], b"x")

    mail = Mailbox(tmp_path).get(1)
    assert (mail.envelope_from, mail.recipients) == ("", ("a@example.org", "юля@example.net"))
    assert began <= mail.received_at <= datetime.now(UTC)
    assert mail.size_bytes == 1


def test_an_address_that_is_no_text_is_kept_too(tmp_path: Path) -> None:
    """Half a surrogate pair, which UTF-8 can't write, is read back as it was given."""
    Mailbox(tmp_path).add("\udcff@example.org", ["\ud800@example.org"], b"x")

    mail = Mailbox(tmp_path).get(1)

    assert (mail.envelope_from, mail.recipients) == ("\udcff@example.org", ("\ud800@example.org",))


def test_grep_finds_an_address(tmp_path: Path) -> None:
    """A plain search of the folder finds each address, in any script."""
    Mailbox(tmp_path).add("s@example.org", ["юля@example.net"], b"x")

    found = subprocess.run(["grep", "-rlF", "юля@example.net", tmp_path], check=True, capture_output=True)

    assert found.stdout.decode().endswith("000000/000000001.mail\n")


def test_numbering_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A second start never uses a number again."""
    filled(tmp_path, 3)

    kept = Mailbox(tmp_path).add("s@example.org", ["r@example.org"], b"x")

    assert kept.number == 4


def test_two_writers_never_overwrite_each_other(tmp_path: Path) -> None:
    """Two relays on one folder lose nothing: each message has a number of its own."""
    one, other = filled(tmp_path, 1), Mailbox(tmp_path)

    numbers = [box.add("s@example.org", ["r@example.org"], b"x").number for box in (other, one, other, one)]

    assert numbers == [2, 3, 4, 5]
    assert one.count() == 5


def test_what_a_killed_process_left_is_no_mail(tmp_path: Path) -> None:
    """A half-written file is not listed, and is out of the way of the next message."""
    filled(tmp_path, 1)
    (tmp_path / f"incoming-{os.getpid()}.part").write_bytes(b"half")

    mailbox = Mailbox(tmp_path)
    mailbox.add("s@example.org", ["r@example.org"], b"whole")

    assert [mail.content() for mail in mailbox] == [b"Subject: 1\r\n\r\n", b"whole"]
    assert not list(tmp_path.glob("*.part"))


def test_a_name_left_by_a_killed_process_does_not_empty_its_mail(tmp_path: Path) -> None:
    """Killed between giving the name and removing the old one, the message stays whole."""
    kept = filled(tmp_path, 1).get(1)
    os.link(kept.path, tmp_path / f"incoming-{os.getpid()}.part")

    Mailbox(tmp_path).add("s@example.org", ["r@example.org"], b"next")

    assert kept.content() == b"Subject: 1\r\n\r\n"


@pytest.mark.parametrize(
    "damage", [b"", b"\0" * 100, b"{}\n", b"[]\nx", b'{"from": "a", "to": 1}\n', b"\xff\n"]
)
def test_a_damaged_file_hides_only_itself(tmp_path: Path, damage: bytes) -> None:
    """After a power cut the others are still listed."""
    mailbox = filled(tmp_path, 3)
    mailbox.get(2).path.write_bytes(damage)

    assert [mail.number for mail in mailbox] == [1, 3]
    with pytest.raises(NotFound, match="2"):
        mailbox.get(2)


def test_newest_pages_backwards(tmp_path: Path) -> None:
    """The newest come first, and *before* goes on from there."""
    mailbox = filled(tmp_path, 5)

    assert [mail.number for mail in mailbox.newest(2)] == [5, 4]
    assert [mail.number for mail in mailbox.newest(9, before=4)] == [3, 2, 1]
    assert mailbox.newest(2, before=1) == []


def test_folders_stay_small(tmp_path: Path) -> None:
    """No folder has more than 1,000 files, and order goes on across them."""
    mailbox = filled(tmp_path, 1_002)

    sizes = [len(list(bucket.iterdir())) for bucket in sorted(tmp_path.iterdir())]
    assert sizes == [999, 3]
    assert [mail.number for mail in mailbox.newest(4)] == [1_002, 1_001, 1_000, 999]
    assert [mail.number for mail in mailbox] == list(range(1, 1_003))
    assert mailbox.count() == 1_002


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Before the first mail there is nothing, and nothing is made."""
    mailbox = Mailbox(tmp_path / "outbox")

    assert (mailbox.count(), mailbox.newest(5), list(mailbox)) == (0, [], [])
    assert not (tmp_path / "outbox").exists()


def test_a_folder_that_vanishes_is_made_again(tmp_path: Path) -> None:
    """Somebody who empties the outbox by hand does not stop the mail."""
    mailbox = filled(tmp_path / "outbox", 2)
    (tmp_path / "outbox").rename(tmp_path / "old")

    kept = mailbox.add("s@example.org", ["r@example.org"], b"x")

    assert kept.content() == b"x"


def test_a_removed_mail_is_not_found(tmp_path: Path) -> None:
    """A file removed between list and opening is a NotFound that names it."""
    kept = filled(tmp_path, 1).get(1)
    kept.path.unlink()

    with pytest.raises(NotFound, match="number 1"):
        kept.content()


def test_a_folder_that_can_not_be_written_is_one_sentence(tmp_path: Path) -> None:
    """A file in the folder's place is named as a storage error, without the address."""
    (tmp_path / "outbox").write_text("I am a file")

    with pytest.raises(StorageError, match="name another folder") as raised:
        Mailbox(tmp_path / "outbox").add("s@example.org", ["r@example.org"], b"x")

    assert "@" not in str(raised.value)


def test_mail_may_be_synced(tmp_path: Path) -> None:
    """With fsync the same files come out."""
    kept = Mailbox(tmp_path, fsync=True).add("s@example.org", ["r@example.org"], b"x")

    assert Mailbox(tmp_path).get(1) == kept
