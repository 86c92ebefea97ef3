"""``mailer issue pause | resume | cancel``: what a person does to an issue on its way."""

from __future__ import annotations

import pytest

from tests.acceptance.commandline import Installed


@pytest.fixture
def released(sampled: Installed) -> Installed:
    """A sample installation whose issue is released to two readers; nothing sends it."""
    for name in ("anna", "boris"):
        address = f"{name}@example.org"
        sampled("reader", "add", address, "--language", "ru", "--confirmed-by-operator")
    assert sampled("issue", "build").status == 0
    assert sampled("issue", "release").status == 0
    return sampled


def state(installed: Installed) -> str:
    return str(installed("issue", "show", "--json").json["state"])


def test_pausing_stops_and_resuming_goes_on(released: Installed) -> None:
    """Each says what holds now and how to go back."""
    paused = released("issue", "pause").out.decode()
    between = state(released)
    resumed = released("issue", "resume").out.decode()

    assert "is paused; “mailer issue resume” goes on" in paused
    assert "goes on" in resumed
    assert (between, state(released)) == ("paused", "released")


def test_a_cancelled_issue_leaves_every_copy_out(released: Installed) -> None:
    """For good, and the books say so."""
    said = released("issue", "cancel", "--yes").out.decode()

    books = released("issue", "stats", "--json").json
    assert "is cancelled; “mailer issue stats” says what went out before" in said
    assert (books["audience"], books["skipped"], books["pending"]) == (2, 2, 0)
    assert state(released) == "cancelled"
    assert released("issue", "resume").status == 1


def test_nothing_is_cancelled_without_an_answer(released: Installed) -> None:
    """A script that forgot --yes changes nothing."""
    ran = released("issue", "cancel")

    assert (ran.status, state(released)) == (1, "released")
    assert "nobody answered, so nothing was done; add --yes" in ran.err


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_a_draft_can_be_neither_paused_nor_resumed(sampled: Installed, verb: str) -> None:
    """One sentence, and it stays a draft."""
    sampled("issue", "build")

    ran = sampled("issue", verb)

    assert ran.refusal()
    assert (ran.status, state(sampled)) == (1, "draft")


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel --yes"])
def test_without_an_issue_there_is_nothing_to_steer(installed: Installed, verb: str) -> None:
    """The sentence says how one is built."""
    ran = installed("issue", *verb.split())

    assert f"run “mailer issue build --week {installed.week}”" in ran.refusal()
