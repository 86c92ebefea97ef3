"""``mailer books``: every copy of every issue accounted for, from the copies themselves."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.acceptance.commandline import Installed


@pytest.fixture
def released(sampled: Installed) -> Installed:
    """A sample installation whose issue is released to two readers; nothing sends it."""
    for name in ("anna", "boris"):
        address = f"{name}@example.org"
        assert sampled("reader", "add", address, "--language", "ru", "--confirmed-by-operator").status == 0
    assert sampled("issue", "build").status == 0
    assert sampled("issue", "release").status == 0
    return sampled


def change(installed: Installed, statement: str) -> None:
    """Change the database behind the program's back."""
    with closing(sqlite3.connect(installed.folder / "data" / "mailer.db")) as database, database:
        assert database.execute(statement).rowcount > 0


def test_without_copies_the_books_say_so(installed: Installed) -> None:
    """Nothing is wrong, and the line says what to do."""
    ran = installed("books")

    assert (ran.status, ran.err) == (0, "")
    assert ran.out.decode() == "no issue has copies yet; “mailer issue release” makes them\n"
    assert installed("books", "--json").json == {"books_balance": True, "issues": []}


def test_every_issue_is_accounted_for_in_plain_words(released: Installed) -> None:
    """One table per issue: readers = taken + refused + left out + not certain + waiting."""
    lines = released("books").out.decode().splitlines()

    assert lines[0] == f"belarus-weekly {released.week} (issue 1): released, every copy accounted for"
    assert lines[1].split()[:2] == ["readers", "taken"]
    assert [line.split() for line in lines[2:]] == [
        [name, "2", "0", "0", "0", "0", "2", "0", "0"] for name in ("ru", "all")
    ]


@pytest.mark.parametrize("choice", [[], ["--issue", "1"], ["--week", "last"]])
def test_a_script_reads_one_object(released: Installed, choice: list[str]) -> None:
    """Of every issue, or of the one that is named."""
    found = released("books", *choice, "--json").json

    assert found["books_balance"] is True
    (issue,) = found["issues"]
    assert (issue["issue"], issue["audience"], issue["pending"], issue["books_balance"]) == (1, 2, 2, True)
    assert list(issue["languages"]) == ["ru"]


@pytest.mark.parametrize(
    "change_made",
    [
        "UPDATE chunk SET accepted = accepted + 1, queued = queued - 1",
        "UPDATE chunk SET size = size + 1",
        "UPDATE delivery SET state = 'accepted' WHERE reader_id = 1",
        "UPDATE delivery SET chunk_id = 99 WHERE reader_id = 1",
        "DELETE FROM delivery WHERE reader_id = 1",
        "DELETE FROM chunk",
    ],
)
def test_a_copy_that_is_not_accounted_for_is_told(released: Installed, change_made: str) -> None:
    """Status 1, what the copies and what the counters say, and what to do now."""
    change(released, change_made)

    ran, told = released("books", "--json"), released("books")

    assert (ran.status, told.status) == (1, 1)
    found = json.loads(ran.out)
    assert (found["books_balance"], found["issues"][0]["books_balance"]) == (False, False)
    assert "NOT EVERY COPY IS ACCOUNTED FOR" in told.out.decode()
    assert "send nothing further: “mailer issue pause”" in told.out.decode()


def test_an_issue_that_is_not_there_is_refused(installed: Installed) -> None:
    """One sentence."""
    assert installed("books", "--issue", "7").refusal().startswith("there is no issue 7")
