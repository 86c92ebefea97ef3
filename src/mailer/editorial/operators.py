"""Operators' passwords: set, made, and checked so that guessing is slow and tells nothing.

A hash costs 0.15 s and 64 MiB on purpose (argon2id), so they are made one at a time on a thread of their
own. After each wrong try the next one from the same place has to wait, twice as long every time; an unknown
name takes as long to refuse as a known one.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final, TypeAlias

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mailer.editorial.login_waits import LoginWaits, wait_after
from mailer.errors import UsageError
from mailer.storage import Database, Transaction, operators
from mailer.storage.operators import Operator

LEAST_CHARACTERS: Final = 12
_MOST_CHARACTERS: Final = 200
_MOST_NAME_CHARACTERS: Final = 64
# Letters and digits that nobody mistakes for each other, also when read out.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 4
_GROUP_CHARACTERS: Final = 5
# Of a random password, with today's parameters: what an unknown name is checked against.
_NOBODYS_HASH: Final = (
    "$argon2id$v=19$m=65536,t=3,p=4$TijGUGyH0LqKZrMJjuUmkQ$kgFkgKCnt3O+d4C7FI1AgcBe9XLOz7VqYex6byXrAmk"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A login that was not let in.

    Attributes:
        wait_until: no try of this operator from that place counts before; None for a name that nobody has.
            Not for the eyes of whoever tried: it tells whether the name exists.
    """

    wait_until: datetime | None = None


Answer: TypeAlias = Operator | Refused


def make_password() -> str:
    """Return a new password of 20 random letters and digits in groups, good to read and to type."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS))
    return "-".join(groups)


async def set_password(database: Database, name: str, password: str) -> None:
    """Store an operator, or a new password of one; whoever is logged in with the old one is logged out.

    Raises:
        UsageError: the name or the password can't be taken.
    """
    name, password = checked_name(name), checked_password(password)
    hashed = await _on_its_thread(password, None)
    assert isinstance(hashed, str)
    await database.write(lambda tx: operators.save(tx, name, hashed))


def checked_name(name: str) -> str:
    """Return an operator's name as it is stored.

    Raises:
        UsageError: it can't be one.
    """
    name = _normal(name)
    if not name or len(name) > _MOST_NAME_CHARACTERS or not name.isprintable():
        raise UsageError(f"an operator's name has 1 to {_MOST_NAME_CHARACTERS} letters; write it as “anna”")
    return name


def checked_password(password: str) -> str:
    """Return a password as it is hashed.

    Raises:
        UsageError: it is too short or too long; the sentence has no part of it.
    """
    password = _normal(password)
    if len(password) < LEAST_CHARACTERS:
        raise UsageError(f"a password has at least {LEAST_CHARACTERS} characters; choose a longer one")
    if len(password) > _MOST_CHARACTERS:
        raise UsageError(f"a password has at most {_MOST_CHARACTERS} characters; choose a shorter one")
    return password


async def check(
    database: Database,
    name: str,
    password: str,
    now: datetime,
    *,
    client: str | None = None,
    waits: LoginWaits | None = None,
) -> Answer:
    """Say who logs in; a wrong try counts, and until its wait is over no other from there does.

    Args:
        database: where operators are stored.
        name, password: as typed.
        now: aware UTC.
        client: the IP address it came from, as far as it is known; where it is not, all who are not
            known wait together.
        waits: of the places that are known.

    Raises:
        StorageError: the database can't be read or written.
    """
    name = _normal(name)
    known = await database.read(lambda tx: operators.by_name(tx, name))
    against = known.password_hash if known else _NOBODYS_HASH
    # Also while tries do not count: otherwise the time would tell that the name exists.
    is_right = await _on_its_thread(_normal(password)[:_MOST_CHARACTERS], against)
    place = waits.place(client, against, now) if waits else None
    if waits is not None and place is not None:
        again = await database.read(lambda tx: operators.by_name(tx, name))
        return _judged_there(again, against, waits, place, now=now, is_right=is_right is True)
    return await database.write(lambda tx: _judged(tx, name, against, now, is_right=is_right is True))


def _judged_there(
    operator: Operator | None,
    checked_hash: str,
    waits: LoginWaits,
    place: bytes,
    *,
    now: datetime,
    is_right: bool,
) -> Answer:
    # Nothing is awaited in here: of many tries at once, only the first may learn whether it was right.
    if operator is None:
        return Refused()
    until = waits.until(place)
    if until is not None and until > now:
        return Refused(until)
    if is_right and operator.password_hash == checked_hash:
        waits.right(place)
        return operator
    return Refused(waits.wrong(place, now))


def _judged(tx: Transaction, name: str, checked_hash: str, now: datetime, *, is_right: bool) -> Answer:
    # Read again: of many tries at the same time, only the first may learn whether it was right.
    operator = operators.by_name(tx, name)
    if operator is None:
        return Refused()
    if operator.locked_until is not None and operator.locked_until > now:
        return Refused(operator.locked_until)
    if is_right and operator.password_hash == checked_hash:
        operators.note_try(tx, operator.id, failures=0, locked_until=None)
        return operator
    failures = operator.failures + 1
    wait_until = now + wait_after(failures)
    operators.note_try(tx, operator.id, failures=failures, locked_until=wait_until)
    return Refused(wait_until)


def _normal(text: str) -> str:
    # One keyboard sends й as one character, another as two; what is no UTF-8 can be no password.
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode().strip())


async def _on_its_thread(password: str, against: str | None) -> str | bool:
    return await asyncio.get_running_loop().run_in_executor(_thread(), _hash_or_verify, password, against)


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread: never more than one hash at a time, whoever knocks."""
    return ThreadPoolExecutor(1, thread_name_prefix="mailer-password")


def _hash_or_verify(password: str, against: str | None) -> str | bool:
    hasher = PasswordHasher()
    if against is None:
        return hasher.hash(password)
    try:
        return hasher.verify(against, password)
    except (VerificationError, InvalidHashError):
        return False
