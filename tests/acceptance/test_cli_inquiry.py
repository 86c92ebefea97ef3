"""``mailer reader show`` and ``erase``: what the desk's reader page does, from a terminal."""

from __future__ import annotations

import pytest

from tests.acceptance.commandline import Installed

ADDRESS = "anna@example.org"


@pytest.fixture
def subscribed(sampled: Installed) -> Installed:
    """A sample installation with one reader."""
    sampled("reader", "add", ADDRESS, "--language", "be", "--confirmed-by-operator")
    return sampled


def test_showing_a_reader(subscribed: Installed) -> None:
    """In plain words; the address is not repeated, and nothing is changed."""
    before = subscribed.dump()

    ran = subscribed("reader", "show", "Anna@example.org")

    said = ran.out.decode()
    assert (ran.status, ran.err) == (0, "")
    assert "belarus-weekly: subscribed, since " in said
    assert "Mailed in Belarusian." in said
    assert "anna" not in said.lower()
    assert subscribed.dump() == before


def test_the_same_shape_for_everybody(subscribed: Installed) -> None:
    """Scripts find the same names whether an address is known or not."""
    known = subscribed("reader", "show", ADDRESS, "--json").json
    unknown = subscribed("reader", "show", "nobody@example.org", "--json").json

    assert list(known) == list(unknown)
    assert (known["is_known"], unknown["is_known"]) == (True, False)
    assert [each["standing"] for each in known["memberships"]] == ["active"]
    assert subscribed("reader", "show", "nobody@example.org").out.decode().startswith("Nothing is known")


def test_erasing_a_reader(subscribed: Installed) -> None:
    """Only after “yes”; then nothing is known of the address."""
    before = subscribed.dump()
    unanswered = subscribed("reader", "erase", ADDRESS)
    assert "nobody answered, so nothing was done" in unanswered.err
    assert subscribed.dump() == before

    erased = subscribed("reader", "erase", ADDRESS, "--yes")

    assert erased.out.decode().startswith("Erased: ")
    assert subscribed("reader", "erase", ADDRESS, "--yes").out == b"Nothing to erase\n"
    assert not subscribed("reader", "show", ADDRESS, "--json").json["is_known"]


def test_a_mark_can_be_kept(subscribed: Installed) -> None:
    """A fingerprint stays, and shows as “blocked”."""
    subscribed("reader", "erase", ADDRESS, "--yes", "--block")

    shown = subscribed("reader", "show", ADDRESS, "--json").json

    assert (shown["block"]["reason"], shown["memberships"]) == ("blocked", [])


@pytest.mark.parametrize("verb", ["show", "erase"])
def test_what_is_no_address_is_refused(subscribed: Installed, verb: str) -> None:
    """In one sentence that does not repeat it."""
    ran = subscribed("reader", verb, "anna@@example.org")

    assert "this is not an e-mail address; write it as name@example.org" in ran.refusal()
    assert "anna" not in ran.err
