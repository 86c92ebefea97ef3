"""Returned mail on the command line: what came back, what waits, and what a person decides."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from tests.acceptance.commandline import Installed

BOUNCE = (
    "INSERT INTO consequence (report_id, reader_id, issue_id, newsletter_id, kind, cause, verdict, evidence, "
    "reply, at, effect) VALUES (7, 1, 1, 1, 'bounce', 'no-mailbox', 'hard', 'text:no-mailbox', "
    "'550 5.1.1 ‹…›: user unknown', 1795420800000, 'held')"
)
ASKING = (
    "INSERT INTO consequence (report_id, reader_id, issue_id, newsletter_id, kind, verdict, evidence, reply, "
    "at, effect) VALUES (99, 2, 1, 1, 'human', 'none', 'text:wants-to-leave', '', 1795420800000, 'proposed')"
)
GUARD = (
    "INSERT INTO guard (provider_group, issue_id, began_at, hard_count, copy_count) "
    "VALUES ('other', 1, 1795420800000, 60, 500)"
)
LETTER = (
    "INSERT INTO report (digest, door, seal_id, sealed, received_at, read_at, kind) "
    "VALUES (x'07', 'smtp', x'07', x'07', unixepoch() * 1000, unixepoch() * 1000, 'human')"
)
TAKEN = "UPDATE delivery SET state = 'accepted', settled_at = 1795420800000"
COUNTED = "UPDATE chunk SET accepted = size, queued = 0, next_at = NULL"


@pytest.fixture
def returned(sampled: Installed) -> Installed:
    """A sample installation whose issue was taken for two readers; one copy came back, and a guard began."""
    for name in ("anna", "boris"):
        address = f"{name}@example.org"
        assert sampled("reader", "add", address, "--language", "ru", "--confirmed-by-operator").status == 0
    assert sampled("issue", "build").status == 0
    assert sampled("issue", "release").status == 0
    with closing(sqlite3.connect(sampled.folder / "data" / "mailer.db")) as database, database:
        for statement in (BOUNCE, GUARD, TAKEN, COUNTED):
            assert database.execute(statement).rowcount > 0
    return sampled


def test_what_came_back_stands_beside_the_books(returned: Installed) -> None:
    """In exact figures for scripts, in words for people; the books balance as before."""
    stats = returned("issue", "stats", "--json").json
    lines = returned("issue", "stats").out.decode()
    (books,) = returned("books", "--json").json["issues"]

    assert (stats["accepted"], stats["came_back_later"], stats["held"]) == (2, 1, 1)
    assert stats["came_back_by_class"]["invalid"] == 1
    (group,) = stats["groups"]
    assert (group["language"], group["group"], group["accepted"]) == ("ru", "other", 2)
    assert group["came_back_by_class"] == stats["came_back_by_class"]
    assert "of those taken, came back later: there is no such mailbox few" in lines
    assert (books["books_balance"], books["came_back_later"]) == (True, 1)
    assert "of those taken, came back later: fewer than 10" in returned("books").out.decode()


def test_a_guard_is_believed_and_then_undone(returned: Installed) -> None:
    """Listed with its evidence; believed, the reader is not mailed; undone by number, they are again."""
    listed = returned("bounces", "waiting").out.decode()
    (guard,) = returned("bounces", "waiting", "--json").json["guards"]
    applied = returned("bounces", "apply", str(guard["number"]))
    shown = returned("reader", "show", "anna@example.org").out.decode()
    undone = returned("bounces", "undo", "1", "--json").json

    assert "smaller mail providers said “no such mailbox” of 60 of 500 copies of issue 1" in listed
    assert "there is no such mailbox (text:no-mailbox) 550 5.1.1 ‹…›: user unknown" in listed
    assert "decide with “mailer bounces apply NUMBER”" in listed
    assert guard["waiting"] == 1
    assert (applied.status, applied.out.decode()) == (0, "do not mail: fewer than 10 readers\n")
    assert "do not mail: the mailbox is gone" in shown
    assert "Do not mail since then. Number 1." in shown
    assert undone == {"undone": 1}
    assert "belarus-weekly: subscribed" in returned("reader", "show", "anna@example.org").out.decode()
    assert returned("bounces", "waiting").out.decode() == "nothing waits for you\n"


def test_a_guard_is_not_believed(returned: Installed) -> None:
    """The bounces are dropped; whoever decides again is told."""
    dropped = returned("bounces", "dismiss", "1", "--json").json
    again = returned("bounces", "dismiss", "1").refusal()

    assert dropped == {"readers": 1}
    assert "somebody has decided this already" in again
    assert (
        "no provider waits under number 9; “mailer bounces waiting”"
        in returned("bounces", "apply", "9").refusal()
    )
    assert "there is no returned mail 9" in returned("bounces", "apply", "9", "--mail").refusal()
    assert "nothing to undo" in returned("bounces", "undo", "1").refusal()


def test_a_mail_that_asks_to_leave_is_answered(returned: Installed) -> None:
    """By its number: unsubscribed with the goodbye, or left as it was."""
    with closing(sqlite3.connect(returned.folder / "data" / "mailer.db")) as database, database:
        for _ in range(2):
            database.execute(ASKING)
    listed = returned("bounces", "waiting").out.decode()
    mails = returned("bounces", "waiting", "--json").json["mails"]

    kept = returned("bounces", "dismiss", "2", "--mail").out.decode()
    left = returned("bounces", "apply", "3", "--mail").out.decode()

    assert "mail 2, Mon 23 Nov 2026, 08:00 (UTC): somebody wants to leave\n" in listed
    assert [(each["number"], each["sentence"]) for each in mails] == [(2, ""), (3, "")]
    assert (kept, left) == ("they stay subscribed\n", "unsubscribed, with the goodbye\n")
    assert "belarus-weekly: unsubscribed" in returned("reader", "show", "boris@example.org").out.decode()


def test_letters_that_wait_are_told_of(returned: Installed) -> None:
    """They are read on the desk; nobody is told that nothing waits while they do."""
    assert returned("bounces", "dismiss", "1").status == 0
    with closing(sqlite3.connect(returned.folder / "data" / "mailer.db")) as database, database:
        database.execute(LETTER)

    listed = returned("bounces", "waiting").out.decode()

    assert listed == "letters from people: 1; they are read on the desk, under “Returned mail”\n"
    assert returned("bounces", "waiting", "--json").json["letters"] == 1
