"""A password opens the desk; guessing it is slow, and tells nobody anything."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from mailer.editorial import operators
from mailer.editorial.login_waits import LoginWaits, wait_after
from mailer.editorial.operators import Refused, check, make_password, set_password
from mailer.errors import UsageError
from mailer.storage import Database, open_database
from mailer.storage import operators as stored
from mailer.storage.operators import Operator

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """One kind of database is enough: a hash costs 0.15 s, and what is stored is proved elsewhere."""
    return sqlite_url


async def try_in(database: Database, password: str, after_s: float = 0, name: str = "anna") -> str:
    answer = await check(database, name, password, NOW + timedelta(seconds=after_s))
    return answer.name if isinstance(answer, Operator) else "refused"


def test_the_right_password_lets_in(database: Database, runner: asyncio.Runner) -> None:
    """However the letters of name and password were typed; no other password does."""

    async def scene() -> list[str]:
        await set_password(database, " Андрэй ", "пароль з й і ў")
        return [
            await try_in(database, "пароль з й і ў", name="Андрэй"),
            await try_in(database, "пароль з и\u0306 і у\u0306 ", name="Андрэи\u0306"),
            await try_in(database, "пароль з й і у", name="Андрэй"),
            await try_in(database, "", 10, name="Андрэй"),
            await try_in(database, "\udcff", 20, name="Андрэй"),
        ]

    assert runner.run(scene()) == ["Андрэй", "Андрэй", "refused", "refused", "refused"]


def test_what_is_stored_is_a_hash(database: Database, runner: asyncio.Runner) -> None:
    """argon2id, with the parameters that nobody's name is checked against too."""
    runner.run(set_password(database, "anna", PASSWORD))

    operator = runner.run(database.read(lambda tx: stored.by_name(tx, "anna")))

    assert operator is not None
    assert operator.password_hash.startswith("$argon2id$")
    assert not PasswordHasher().check_needs_rehash(operators._NOBODYS_HASH)


def test_wrong_tries_wait(database: Database, runner: asyncio.Runner) -> None:
    """1, then 2, then 4 seconds, in which the right password does not count either."""

    async def scene() -> list[str]:
        await set_password(database, "anna", PASSWORD)
        tries = [("wrong", 0.0), (PASSWORD, 0.9), ("wrong", 1.0), (PASSWORD, 2.9), ("wrong", 3.0)]
        for password, after_s in tries:
            assert await try_in(database, password, after_s) == "refused"
        return [await try_in(database, PASSWORD, 6.9), await try_in(database, PASSWORD, 7.0)]

    assert runner.run(scene()) == ["refused", "anna"]


def test_nobody_elsewhere_keeps_an_operator_out(database: Database, runner: asyncio.Runner) -> None:
    """Wrong tries make their own place wait, and those from nowhere each other; not an operator elsewhere."""
    waits = LoginWaits()

    async def try_from(client: str | None, password: str, after_s: float = 0) -> bool:
        now = NOW + timedelta(seconds=after_s)
        return isinstance(await check(database, "anna", password, now, client=client, waits=waits), Operator)

    async def scene() -> list[bool]:
        await set_password(database, "anna", PASSWORD)
        for stranger in ("192.0.2.1", "2001:db8::1", None):
            assert not await try_from(stranger, "wrong")
        return [
            await try_from("192.0.2.1", PASSWORD, 0.9),
            # The same /64.
            await try_from("2001:db8::2", PASSWORD, 0.9),
            await try_from("127.0.0.1", PASSWORD, 0.9),
            await try_from("198.51.100.1", PASSWORD, 0.9),
            await try_from("192.0.2.1", PASSWORD, 1.0),
        ]

    assert runner.run(scene()) == [False, False, False, True, True]


def test_guesses_from_one_place_at_once_are_one(database: Database, runner: asyncio.Runner) -> None:
    """Of tries that run beside each other only the first counts; the next waits twice as long."""
    waits = LoginWaits()

    async def guess(password: str, after_s: float) -> Operator | Refused:
        now = NOW + timedelta(seconds=after_s)
        return await check(database, "anna", password, now, client="192.0.2.1", waits=waits)

    async def scene() -> list[Operator | Refused]:
        await set_password(database, "anna", PASSWORD)
        beside = await asyncio.gather(*(guess(word, 0) for word in ("wrong", "false", PASSWORD)))
        return [*beside, await guess("wrong", 1)]

    expected = [Refused(NOW + timedelta(seconds=each)) for each in (1, 1, 1, 3)]
    assert runner.run(scene()) == expected


def test_many_guesses_at_once_are_one(database: Database, runner: asyncio.Runner) -> None:
    """Of tries that run beside each other only the first counts: the others learn nothing."""

    async def scene() -> list[str]:
        await set_password(database, "anna", PASSWORD)
        return await asyncio.gather(*(try_in(database, word) for word in ("wrong", "false", PASSWORD)))

    assert runner.run(scene()) == ["refused"] * 3


def test_a_login_forgets_wrong_tries(database: Database, runner: asyncio.Runner) -> None:
    """After the right password the waits begin anew; so they do after a new password."""

    async def scene() -> Operator | Refused:
        await set_password(database, "anna", PASSWORD)
        await try_in(database, "wrong")
        assert await try_in(database, PASSWORD, 1) == "anna"
        return await check(database, "anna", "wrong", NOW)

    assert runner.run(scene()) == Refused(NOW + timedelta(seconds=1))
    runner.run(set_password(database, "anna", PASSWORD + "!"))
    assert runner.run(try_in(database, PASSWORD + "!")) == "anna"


def test_an_unknown_name_takes_as_long(database: Database, runner: asyncio.Runner) -> None:
    """A hash is made for it too, and nothing is stored."""
    runner.run(set_password(database, "anna", PASSWORD))
    seconds = {}

    for name in ("anna", "nobody"):
        began = time.perf_counter()
        assert isinstance(runner.run(check(database, name, "wrong", NOW)), Refused)
        seconds[name] = time.perf_counter() - began

    assert seconds["nobody"] > seconds["anna"] / 3
    assert runner.run(database.read(stored.count)) == 1


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (10, 512), (11, 900), (10**9, 900)]
)
def test_waits_double_up_to_fifteen_minutes(failures: int, seconds: int) -> None:
    """However many there were."""
    assert wait_after(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [
        ("anna", "elevenchars", "at least 12 characters"),
        ("anna", " " * 12, "at least 12 characters"),
        ("anna", "x" * 201, "at most 200 characters"),
        ("", PASSWORD, "1 to 64 letters"),
        ("x" * 65, PASSWORD, "1 to 64 letters"),
        ("a\nb", PASSWORD, "1 to 64 letters"),
    ],
)
def test_what_can_not_be_taken_is_said(
    sqlite_url: str, runner: asyncio.Runner, name: str, password: str, said: str
) -> None:
    """In one sentence, before anything is stored, and without the password."""
    database = open_database(sqlite_url)

    with pytest.raises(UsageError, match=said) as refused:
        runner.run(set_password(database, name, password))

    assert password not in str(refused.value) or not password.strip()
    runner.run(database.close())


def test_made_passwords_can_be_typed() -> None:
    """Twenty letters and digits that nobody takes for others, never the same."""
    made = {make_password() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch(r"[a-hj-km-np-z2-9]{5}(-[a-hj-km-np-z2-9]{5}){3}", each) for each in made)
