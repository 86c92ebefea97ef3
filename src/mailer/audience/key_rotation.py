"""New keys take the place of old ones while the service runs; the old ones go when nothing needs them.

Three things follow each other: the new keys are written into the files; the installation's word is
written anew, so that files from before are refused; everything sealed is sealed anew. A run that dies
between two of them is finished by the next one, which adds no further key.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from mailer.audience.key_file import LAST_ID, PURPOSES, TOKENS_FILE, VAULT_FILE, KeyFolder, KeyLine, new_key
from mailer.audience.keycheck import remember_keys
from mailer.audience.keyring import Keyring
from mailer.audience.moving.sorting import Tell
from mailer.audience.resealing import BETWEEN_S, Resealed, reseal_everything
from mailer.errors import KeysError
from mailer.storage import Database, resealing

NEW_KEYS: Final = "new-keys"
"""The folder below the data folder where new files wait to become systemd's credentials."""
SETTLED_AFTER: Final = timedelta(days=1)
"""How old a seal key must be before those it follows may go: by then every process seals with it."""
_SEAL = "seal"
# The tokens first: a run that dies between the two files has added no seal key, and the next one does.
_ROTATED: Mapping[str, tuple[str, ...]] = {TOKENS_FILE: ("link", "return-path"), VAULT_FILE: (_SEAL,)}
_ORDER = [purpose for purposes in PURPOSES.values() for purpose in purposes]
_LOCK = "keys.lock"


@dataclass(frozen=True, slots=True)
class Held:
    """One key, as it may be shown.

    Attributes:
        purpose: seal, index, link, return-path or message-id.
        is_newest: of its purpose; it seals or signs.
        made_at: aware UTC; None where nobody wrote it down.
        values: how many values lie sealed under it; None for a key that does not seal.
    """

    purpose: str
    id: int
    is_newest: bool
    made_at: datetime | None
    values: int | None


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did.

    Attributes:
        new: purpose to the id of its new key; empty when an earlier rotation was finished.
        resealed: what was sealed anew.
        waits_in: the folder where new files wait to become systemd's credentials; then nothing is
            sealed with them yet.
    """

    new: Mapping[str, int] = field(default_factory=dict)
    resealed: Resealed = field(default_factory=Resealed)
    waits_in: Path | None = None


@dataclass(frozen=True, slots=True)
class Retired:
    """What a retiring did.

    Attributes:
        gone: ids of the seal keys that were dropped, ascending.
        waits_in: as in Rotated.
    """

    gone: tuple[int, ...]
    waits_in: Path | None = None


async def held(database: Database, ring: Keyring) -> list[Held]:
    """
    Return every key without its bytes, by purpose and age.

    Raises:
        KeysError: the files can't be read.
        StorageError: the database can't be read.
    """
    values = await database.read(resealing.counts)
    lines = [line for name in (VAULT_FILE, TOKENS_FILE) for line in ring.folder.read(name)]
    newest = {line.purpose: max(each.id for each in lines if each.purpose == line.purpose) for line in lines}
    return [
        Held(
            line.purpose,
            line.id,
            line.id == newest[line.purpose],
            line.made_at,
            values.get(line.id, 0) if line.purpose == _SEAL else None,
        )
        for line in sorted(lines, key=lambda line: (_ORDER.index(line.purpose), line.id))
    ]


async def rotate(
    database: Database,
    ring: Keyring,
    data: Path,
    *,
    now: datetime,
    tell: Tell,
    between_s: float = BETWEEN_S,
) -> Rotated:
    """
    Add new keys and seal everything anew with them, or finish a rotation that was broken off.

    Args:
        database: others may use it meanwhile.
        ring: of this process; others learn the keys from the files.
        data: the data folder.
        now: aware UTC.
        tell: moves a progress bar.
        between_s: as reseal_everything has it.

    Raises:
        KeysError: another process changes keys, no id is left, or somebody seals with an old key.
        StorageError: the database can't be read or written.
        OSError: the files can't be written; the old ones stand.
    """
    with _alone(data):
        if (waits := _awaited(ring.folder, data)) is not None:
            return Rotated(waits_in=waits)
        await remember_keys(database, ring.keys, ring.vault)
        earlier = await reseal_everything(database, ring.vault, tell=tell, between_s=between_s)
        if _taken_up(ring.folder, data) or (earlier.count and _is_fresh(_newest_seal(ring.folder), now)):
            return Rotated(resealed=earlier)
        files, new = _with_new_keys(ring.folder, now)
        waits = _write(ring, data, files)
        if waits is not None:
            return Rotated(new, earlier, waits)
        await remember_keys(database, ring.keys, ring.vault)
        resealed = await reseal_everything(database, ring.vault, tell=tell, between_s=between_s)
        return Rotated(new, Resealed(earlier.count + resealed.count, resealed.unopened))


async def retire(
    database: Database, ring: Keyring, data: Path, *, now: datetime, at_once: bool = False
) -> Retired:
    """
    Drop the seal keys under which nothing lies any more; token keys stay, for links live for ever.

    Args:
        database: others may use it meanwhile.
        ring: of this process.
        data: the data folder.
        now: aware UTC.
        at_once: do so although the newest key is younger than SETTLED_AFTER.

    Raises:
        KeysError: something lies under one of them, or may still be sealed with it; nothing is dropped.
        StorageError: the database can't be read.
        OSError: the file can't be written; the old one stands.
    """
    with _alone(data):
        if (waits := _awaited(ring.folder, data)) is not None:
            return Retired((), waits)
        _taken_up(ring.folder, data)
        newest, lines = _newest_seal(ring.folder), ring.folder.read(VAULT_FILE)
        old = tuple(line.id for line in lines if line.purpose == _SEAL and line.id != newest.id)
        if not old:
            return Retired(())
        await _check_empty(database, old)
        if not at_once and _is_fresh(newest, now):
            raise KeysError(_too_early(newest))
        kept = [line for line in lines if line.purpose != _SEAL or line.id == newest.id]
        waits = _write(ring, data, {VAULT_FILE: kept, TOKENS_FILE: ring.folder.read(TOKENS_FILE)})
        try:
            await _check_empty(database, old)
        except KeysError:
            # Somebody wrote with it at this very moment: it must not be lost.
            if waits is None:
                _write(ring, data, {VAULT_FILE: lines})
            else:
                # Left there as they were, they would look like a rotation that systemd has taken up.
                _clear(waits)
            raise
        return Retired(old, waits)


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Let nobody else change keys; the kernel lets go of it when this process dies."""
    (data / "run").mkdir(parents=True, exist_ok=True)
    descriptor = os.open(data / "run" / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise KeysError("another “mailer keys” is changing the keys; wait until it has ended") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _newest_seal(folder: KeyFolder) -> KeyLine:
    return max((line for line in folder.read(VAULT_FILE) if line.purpose == _SEAL), key=lambda line: line.id)


def _is_fresh(newest: KeyLine, now: datetime) -> bool:
    """Tell whether a key came so lately that its rotation may not have ended, or not be known to all."""
    return newest.made_at is not None and now - newest.made_at < SETTLED_AFTER


def _with_new_keys(folder: KeyFolder, now: datetime) -> tuple[dict[str, list[KeyLine]], dict[str, int]]:
    """Return the files with new keys, in the order they are to be written in, and the new ids."""
    files: dict[str, list[KeyLine]] = {}
    new: dict[str, int] = {}
    for name, purposes in _ROTATED.items():
        lines = folder.read(name)
        for purpose in purposes:
            new[purpose] = max(line.id for line in lines if line.purpose == purpose) + 1
            if new[purpose] > LAST_ID:
                raise KeysError(_no_id_left(purpose))
            lines.append(new_key(purpose, new[purpose], now))
        files[name] = lines
    return files, new


def _write(ring: Keyring, data: Path, files: Mapping[str, list[KeyLine]]) -> Path | None:
    """Put files in place and take them up; where systemd lends them, return the folder they wait in."""
    target = KeyFolder(data / NEW_KEYS) if ring.folder.is_lent else ring.folder
    target.path.mkdir(mode=0o700, exist_ok=True)
    for name, lines in files.items():
        target.put(name, lines)
    ring.renew()
    return target.path if ring.folder.is_lent else None


def _awaited(folder: KeyFolder, data: Path) -> Path | None:
    """Return the folder of new files that are not systemd's credentials yet, if there are any."""
    staged = KeyFolder(data / NEW_KEYS)
    if not folder.is_lent or not all((staged.path / name).exists() for name in _ROTATED):
        return None
    return staged.path if any(staged.read(name) != folder.read(name) for name in _ROTATED) else None


def _taken_up(folder: KeyFolder, data: Path) -> bool:
    """Tell whether new files have become systemd's credentials; they need not lie here any longer."""
    staged = data / NEW_KEYS
    if not folder.is_lent or not staged.exists():
        return False
    is_whole = all((staged / name).exists() for name in _ROTATED)
    _clear(staged)
    return is_whole


def _clear(staged: Path) -> None:
    for file in staged.iterdir():
        file.unlink()
    staged.rmdir()


async def _check_empty(database: Database, old: tuple[int, ...]) -> None:
    values = await database.read(resealing.counts)
    for key_id in old:
        if count := values.get(key_id, 0):
            raise KeysError(
                f"{count} values are still sealed with key {key_id}; run “mailer keys rotate” until it says "
                "that all are sealed anew, then retire it"
            )


def _too_early(newest: KeyLine) -> str:
    assert newest.made_at is not None
    settled_at = newest.made_at + SETTLED_AFTER
    return (
        f"key {newest.id} is younger than a day, and a process may still seal with the one before; wait "
        f"until {settled_at:%Y-%m-%d %H:%M} UTC, or restart “mailer serve” on every machine and add --now"
    )


def _no_id_left(purpose: str) -> str:
    return (
        f"key {LAST_ID} is the last that “{purpose}” can have, for a value carries its key's id in one byte; "
        "these keys stay, and for new ones a new installation takes the readers over"
    )
