"""``mailer reader add``: asked to confirm like everybody else; subscribed at once only to try things out."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailer.outbox.mailbox import Mailbox
from mailer.outbox.reading import Outbox
from tests.acceptance.commandline import Installed
from tests.acceptance.served import served, until


def rows(installed: Installed, question: str) -> list[Any]:
    """Return what its database answers."""
    address = f"file:{installed.folder / 'data' / 'mailer.db'}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as database:
        return database.execute(question).fetchall()


def test_an_invitation_is_mailed_and_holds_14_days(installed: Installed) -> None:
    """The source is on record, and the reader counts only once they have confirmed."""
    added = installed(
        "reader", "add", "anna@example.org", "--language", "be", "--source", "the conference in Vilnius"
    )
    box = Mailbox(installed.folder / "data" / "outbox")
    with served(installed):
        until(lambda: box.count() == 1)

    mail = Outbox(box).get(1)
    (standing, until_ms, channel) = rows(
        installed, "SELECT standing, confirm_until, consent_channel FROM subscription"
    )[0]
    assert added.status == 0
    assert "“mailer serve” mails a request to confirm belarus-weekly" in added.out.decode()
    assert mail.summary.recipients == ("anna@example.org",)
    assert re.search(r"/be/confirm/[\w-]{43}", mail.text)
    assert (standing, channel) == ("pending", "the conference in Vilnius")
    valid = datetime.fromtimestamp(until_ms / 1000, UTC) - datetime.now(UTC)
    assert timedelta(days=13, hours=23) < valid <= timedelta(days=14)


def test_a_second_invitation_on_the_same_day_is_not_mailed(installed: Installed) -> None:
    """The answer is the same, so it tells nobody who is a reader."""
    said = [installed("reader", "add", "anna@example.org", "--language", "ru").out for _ in range(2)]
    box = Mailbox(installed.folder / "data" / "outbox")
    with served(installed):
        until(lambda: box.count() == 1 and not rows(installed, "SELECT 1 FROM signup_request"))

    assert said[0] == said[1]
    assert box.count() == 1


def test_who_asked_never_to_be_mailed_is_not_invited_by_oversight(installed: Installed) -> None:
    """Whoever types up an old list is told; --asked-back says that the owner wants it."""
    command = ("reader", "add", "Anna@example.org", "--language", "be")
    installed(*command)
    assert installed("reader", "erase", "anna@example.org", "--block", "--yes").status == 0

    refused = installed(*command).refusal()
    asked = rows(installed, "SELECT count(*) FROM signup_request")

    assert refused == (
        "this address asked never to be mailed again; if its owner has asked you to have the newsletter "
        "back, add --asked-back"
    )
    assert asked == [(0,)]
    assert installed(*command, "--asked-back").status == 0
    assert rows(installed, "SELECT count(*) FROM signup_request") == [(1,)]


def test_nobody_is_subscribed_unasked(installed: Installed) -> None:
    """Where real readers are, --confirmed-by-operator is refused and nothing is stored."""
    before = installed.dump()

    ran = installed("reader", "add", "anna@example.org", "--language", "be", "--confirmed-by-operator")

    assert "works only where “mailer init --sample” was used; leave it out" in ran.refusal()
    assert installed.dump() == before


def test_a_sample_installation_takes_readers_at_once(sampled: Installed) -> None:
    """A second time changes nothing; the next issue goes to them."""
    for _ in range(2):
        ran = sampled("reader", "add", "Anna@example.org", "--language", "en", "--confirmed-by-operator")
        assert ran.out == b"subscribed to belarus-weekly\n"
    sampled("issue", "build")

    released = sampled("issue", "release", "--json").json

    assert (released["state"], sampled("issue", "stats", "--json").json["audience"]) == ("released", 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("nobody --language be", "this is not an e-mail address; write it as name@example.org"),
        ("a@example.org,b@example.org --language be", "this is not an e-mail address"),
        ("Anna<anna@example.org> --language be", "this is not an e-mail address"),
        (f"{'a' * 260}@example.org --language be", "the address is too long"),
        ("anna@example.org", "missing option '--language'"),
        ("anna@example.org --language pl", "language “pl” is not known; write one of be, ru, en"),
        ("anna@example.org --language be --missing pl", "“pl”"),
        ("anna@example.org --language be --newsletter nope", "no newsletter “nope”; known: belarus-weekly"),
    ],
)
@pytest.mark.parametrize("how", ["", " --confirmed-by-operator"])
def test_nonsense_is_refused(sampled: Installed, arguments: str, said: str, how: str) -> None:
    """In one sentence without the address, and nothing is stored."""
    before = sampled.dump()

    ran = sampled("reader", "add", *(arguments + how).split())

    assert said in ran.refusal()
    assert "anna" not in ran.err
    assert sampled.dump() == before
