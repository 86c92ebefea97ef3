"""What stands still is said in plain words, and copies that were refused because of us can go again."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing

import pytest

from tests.acceptance.commandline import Installed

NOW_MS = int(time.time() * 1000)
TOMORROW_MS = NOW_MS + 86_400_000
HALT = f"INSERT INTO halt VALUES (1, 'gmail', 'dot', '550 5.7.26 unauthenticated', {NOW_MS})"
DAY = f"INSERT INTO lane VALUES ('127.0.0.1', 0, {NOW_MS}, {TOMORROW_MS})"
REFUSE = (
    "UPDATE delivery SET state = 'failed', reason = 'sender', attempts = 1",
    "UPDATE chunk SET failed = queued, queued = 0, next_at = NULL",
    "UPDATE issue SET state = 'sent'",
)
SENTENCE = (
    "gmail refused us five times in a row: “550 5.7.26 unauthenticated”. "
    "Copies for it wait; mend it, then resume."
)


@pytest.fixture
def released(sampled: Installed) -> Installed:
    """A sample installation whose issue is released to two readers; nothing sends it."""
    for name in ("anna", "boris"):
        address = f"{name}@example.org"
        sampled("reader", "add", address, "--language", "ru", "--confirmed-by-operator")
    assert sampled("issue", "build").status == 0
    assert sampled("issue", "release").status == 0
    return sampled


def change(installed: Installed, *statements: str) -> None:
    with closing(sqlite3.connect(installed.folder / "data" / "mailer.db")) as database, database:
        for statement in statements:
            database.execute(statement)


@pytest.mark.parametrize("verb", ["show", "stats"])
def test_show_and_stats_say_why_an_issue_stands_still(released: Installed, verb: str) -> None:
    """A sentence for each reason, and the same as data; nothing when it goes on."""
    before = released("issue", verb, "--json").json
    change(released, HALT, DAY)

    lines = released("issue", verb).out.decode().splitlines()
    found = released("issue", verb, "--json").json

    assert (before["halts"], before["day_used_up_until"]) == ([], None)
    assert lines[1] == f"STANDS STILL: {SENTENCE}"
    assert lines[2].startswith("STANDS STILL: The messages of the day are used up")
    assert [(each["group"], each["stage"]) for each in found["halts"]] == [("gmail", "dot")]
    assert found["day_used_up_until"].endswith("+00:00")


def test_resume_goes_on_with_a_group_that_stood_still(released: Installed) -> None:
    """Though the issue itself was not paused."""
    change(released, HALT)

    resumed = released("issue", "resume")

    assert "goes on" in resumed.out.decode()
    assert released("issue", "show", "--json").json["halts"] == []
    assert released("issue", "resume").status == 1


def test_retry_sends_what_was_refused_because_of_us(released: Installed) -> None:
    """It asks first, says how many, and counts them as waiting; a second time there is nothing to do."""
    change(released, *REFUSE)

    unasked = released("issue", "retry")
    done = released("issue", "retry", "--yes").out.decode()
    again = released("issue", "retry", "--json").json

    assert unasked.status == 1
    assert "2 copies that were refused because of us will be sent again" in done
    assert (again["state"], again["queued"], again["uncertain"]) == ("released", 0, 0)
    stats = released("issue", "stats", "--json").json
    assert (stats["pending"], stats["failed"], stats["books_balance"]) == (2, 0, True)


def test_retry_of_a_draft_is_refused(sampled: Installed) -> None:
    """In one sentence."""
    sampled("issue", "build")

    assert "only what is being sent or was sent" in sampled("issue", "retry", "--yes").refusal()


def test_retry_refuses_uncertain_copies_that_go_again_by_themselves(released: Installed) -> None:
    """The sentence says which option to leave out."""
    assert "leave out --uncertain" in released("issue", "retry", "--uncertain", "--yes").refusal()


def test_the_limits_of_the_relay_are_settings(installed: Installed) -> None:
    """What can't be used is refused with its name."""
    refused = installed("issue", "show", environment={"MAILER_RELAY__MESSAGES_PER_SECOND": "0"})
    taken = installed(
        "newsletter",
        "export",
        environment={"MAILER_RELAY__MESSAGES_PER_SECOND": "2.5", "MAILER_RELAY__MESSAGES_PER_DAY": "2000"},
    )

    assert "MAILER_RELAY__MESSAGES_PER_SECOND" in refused.refusal()
    assert taken.status == 0
