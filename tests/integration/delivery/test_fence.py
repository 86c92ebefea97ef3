"""The restore fence on real files and databases: what shuts it, what must not, and the way back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from mailer.delivery.fence import Fence, Fenced, identify
from mailer.delivery.identity_file import IdentityFile
from mailer.domain.fence import Fault, FenceState, Mark
from mailer.storage import Database, installation, open_database
from mailer.storage.installation import Identity

T = TypeVar("T")
_NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@dataclass
class Place:
    """A data folder and its database."""

    data: Path
    database: Database
    run: Callable[[Coroutine[Any, Any, Any]], Any]

    def fence(self) -> Fence:
        """Return a fence as a process of its own would have it."""
        return Fence(self.database, self.data, clock=lambda: _NOW)

    def identify(self) -> None:
        """Make the identity, as every start does."""
        self.run(identify(self.database, self.data, now=_NOW))

    def count(self) -> FenceState:
        """Count as a sender does once a minute."""
        state: FenceState = self.run(self.fence().count())
        return state

    def look(self) -> Fault | None:
        """Return what a process that starts now would find."""
        state: FenceState = self.run(self.fence().look())
        return state.fault

    def stored(self) -> Mark:
        """Return what the database holds."""
        found: Identity = self.run(self.database.read(installation.find))
        return Mark(found.identity, found.counter)

    def filed(self) -> Mark | Fault:
        """Return what the file says."""
        return IdentityFile(self.data).read()

    def commit_only(self) -> None:
        """Count as a process does that is killed between commit and file."""
        self.run(self.database.write(lambda tx: installation.count(tx, _NOW)))


@pytest.fixture
def place(database: Database, runner: asyncio.Runner, tmp_path: Path) -> Place:
    """A place without an identity."""
    data = tmp_path / "data"
    data.mkdir()
    return Place(data, database, runner.run)


@pytest.fixture
def known(place: Place) -> Place:
    """A place that has sent for a while."""
    place.identify()
    for _ in range(3):
        assert place.count().is_open
    return place


def test_a_new_installation_may_send(place: Place) -> None:
    """Identity and file are made together, and counting keeps them in step."""
    place.identify()

    assert place.look() is None
    assert place.count().is_open
    assert place.filed() == place.stored() == Mark(place.stored().identity, 1)


def test_the_file_is_nobody_elses(known: Place) -> None:
    """Others can't read it, and nothing of its making stays behind."""
    assert (known.data / "identity").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in known.data.iterdir()) == ["identity", "run"]


def test_identifying_again_changes_nothing(known: Place) -> None:
    """Every start may call it."""
    before = known.stored()

    known.identify()

    assert known.stored() == known.filed() == before


def test_a_missing_file_is_never_made_anew_by_itself(known: Place) -> None:
    """Neither a start, nor counting, nor a release that ends makes a copy pass for the original."""
    (known.data / "identity").unlink()

    known.identify()
    known.run(known.fence().note(known.stored()))

    assert known.count().fault is Fault.MISSING
    assert known.filed() is Fault.MISSING


def test_a_crash_while_identifying_is_taken_up(place: Place) -> None:
    """A file that never counted and no row: the next start goes on where the first stopped."""
    IdentityFile(place.data).create(Mark("ab" * 16, 0))

    place.identify()

    assert place.stored() == Mark("ab" * 16, 0)
    assert place.look() is None


def test_a_backup_older_than_the_identity_is_noticed(place: Place) -> None:
    """A file that has counted and a database without identity: the database was put back."""
    IdentityFile(place.data).create(Mark("ab" * 16, 5))

    place.identify()

    assert place.look() is Fault.BEHIND


def test_a_crash_between_commit_and_file_shuts_nothing(known: Place) -> None:
    """Killed there, it leaves a file that lags; the next look brings it up."""
    known.commit_only()
    known.commit_only()
    assert known.filed() != known.stored()

    assert known.look() is None
    assert known.filed() == known.stored()


def test_a_crash_while_writing_the_file_shuts_nothing(known: Place) -> None:
    """A half-written new file stands beside the old one and is written over."""
    (known.data / "identity.new").write_text("9f86")
    known.commit_only()

    assert known.look() is None
    assert known.filed() == known.stored()


def test_an_older_file_is_no_harm(known: Place) -> None:
    """A file put back from a backup is behind, not ahead."""
    kept = (known.data / "identity").read_text()
    assert known.count().is_open
    (known.data / "identity").write_text(kept)

    assert known.count().is_open
    assert known.filed() == known.stored()


def test_a_foreign_file_shuts(known: Place) -> None:
    """A database copied to a folder that has an identity of its own."""
    IdentityFile(known.data).replace(Mark("cd" * 16, 0))

    assert known.look() is Fault.FOREIGN


def test_a_damaged_file_shuts_and_stays_for_who_looks(known: Place) -> None:
    """What is not ours is not written over."""
    (known.data / "identity").write_bytes(b"\xff\xfe")

    assert known.count().fault is Fault.DAMAGED
    assert (known.data / "identity").read_bytes() == b"\xff\xfe"


def test_nothing_is_counted_while_shut(known: Place) -> None:
    """A copy that waits for permission does not run after the original."""
    before = known.stored()
    (known.data / "identity").unlink()

    known.count()

    assert known.stored() == before


def test_a_person_allows_it(known: Place) -> None:
    """The database gets an identity of its own, so that the original's file no longer fits it."""
    old = known.stored()
    (known.data / "identity").unlink()
    running = known.fence()
    assert not known.run(running.look()).is_open

    known.run(known.fence().allow())

    assert known.run(running.look()).is_open
    assert known.filed() == known.stored()
    assert known.stored().identity != old.identity


def test_what_is_refused_says_why(known: Place) -> None:
    """A release is refused by the sentence a person reads."""
    (known.data / "identity").unlink()

    with pytest.raises(Fenced, match="mailer sending allow"):
        known.run(known.fence().check())


def test_a_crash_while_allowing_stays_shut(known: Place) -> None:
    """New identity committed and the file still the old one: a person allows it again."""
    (known.data / "identity").write_text("damaged")
    known.run(known.database.write(lambda tx: installation.adopt(tx, "ef" * 16, _NOW)))
    IdentityFile(known.data).replace(Mark("ab" * 16, 3))
    assert known.look() is Fault.FOREIGN

    known.run(known.fence().allow())

    assert known.look() is None


def test_an_allowed_backup_without_identity_gets_one(place: Place) -> None:
    """Also a database from before the fence can be allowed."""
    IdentityFile(place.data).create(Mark("ab" * 16, 5))

    place.run(place.fence().allow())

    assert place.look() is None


def test_whoever_writes_last_never_takes_the_file_back(known: Place) -> None:
    """A release that was slow to write its counter does not undo the minute's."""
    slow = known.stored()
    known.count()

    known.run(known.fence().note(slow))

    assert known.filed() == known.stored()


def test_many_at_once_leave_file_and_database_in_step(known: Place) -> None:
    """Senders and releases that count at the same time never shut one another out."""
    before = known.stored()

    async def all_at_once() -> list[FenceState]:
        return await asyncio.gather(*(known.fence().count() for _ in range(40)))

    assert all(state.is_open for state in known.run(all_at_once()))
    assert known.filed() == known.stored() == Mark(before.identity, before.counter + 40)


def test_two_first_starts_make_one_identity(place: Place) -> None:
    """Whoever is second takes what the first has made."""

    async def both() -> None:
        await asyncio.gather(*(identify(place.database, place.data, now=_NOW) for _ in range(8)))

    place.run(both())

    assert place.filed() == place.stored()
    assert place.look() is None


def test_a_file_that_can_not_be_written_stops_sending_until_it_can(known: Place) -> None:
    """A sender whose restore would go unnoticed waits, and goes on by itself."""
    fence = known.fence()
    (known.data / "identity.new").mkdir()  # as root, no mode keeps us from writing

    assert known.run(fence.count()).fault is Fault.UNWRITABLE
    assert known.run(fence.look()).fault is Fault.UNWRITABLE
    (known.data / "identity.new").rmdir()

    assert known.run(fence.look()).is_open
    assert known.filed() == known.stored()


@pytest.fixture
def embedded(sqlite_url: str, tmp_path: Path) -> Iterator[Callable[[str, Path], Place]]:
    """Open SQLite places by file and data folder; closed after the test."""
    opened: list[Database] = []
    with asyncio.Runner() as runner:

        def open_place(url: str, data: Path) -> Place:
            opened.append(open_database(url))
            return Place(data, opened[-1], runner.run)

        yield open_place
        for database in opened:
            runner.run(database.close())


def test_a_database_put_back_from_an_hour_ago_is_noticed(
    embedded: Callable[[str, Path], Place], sqlite_url: str, tmp_path: Path
) -> None:
    """The file beside it has counted on since the backup."""
    data, backup = tmp_path / "data", tmp_path / "backup.db"
    data.mkdir()
    place = embedded(sqlite_url, data)
    place.identify()
    place.count()
    place.run(place.database.close())
    shutil.copy(tmp_path / "mailer.db", backup)
    later = embedded(sqlite_url, data)
    later.count()
    later.run(later.database.close())
    shutil.copy(backup, tmp_path / "mailer.db")

    restored = embedded(sqlite_url, data)

    assert restored.look() is Fault.BEHIND


def test_a_copied_or_moved_folder_is_told_apart(
    embedded: Callable[[str, Path], Place], sqlite_url: str, tmp_path: Path
) -> None:
    """Copied without its identity it is fenced; moved or mounted elsewhere whole, it is the same."""
    data = tmp_path / "data"
    data.mkdir()
    place = embedded(sqlite_url, data)
    place.identify()
    place.count()
    place.run(place.database.close())
    shutil.copy(tmp_path / "mailer.db", tmp_path / "copy.db")
    (tmp_path / "copied").mkdir()
    shutil.copytree(data, tmp_path / "moved")

    assert embedded(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "copied").look() is Fault.MISSING
    assert embedded(f"sqlite:///{tmp_path / 'copy.db'}", tmp_path / "moved").look() is None


def test_two_processes_never_see_each_other_as_restored(
    embedded: Callable[[str, Path], Place], sqlite_url: str, tmp_path: Path
) -> None:
    """While one counts, the other looks: what lies between its two reads is no restore."""
    data = tmp_path / "data"
    data.mkdir()
    place = embedded(sqlite_url, data)
    place.identify()

    def busy(work: str) -> list[FenceState]:
        async def go() -> list[FenceState]:
            database = open_database(sqlite_url)
            fence = Fence(database, data, clock=lambda: _NOW)
            states = [await getattr(fence, work)() for _ in range(100)]
            await database.close()
            return states

        return asyncio.run(go())

    with ThreadPoolExecutor() as threads:
        found = list(threads.map(busy, ["count", "look", "count"]))

    assert all(state.is_open for states in found for state in states)
