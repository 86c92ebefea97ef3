"""A machine that can't sign, or whose links lead nowhere, is told before readers are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailer.domain.checks.machine import Machine, is_loopback, stays_here, unready_machine
from mailer.domain.finding import Check, Severity

SENDER = "weekly@news.test-desk.eu"
READY = Machine("https://news.test-desk.eu", has_relay=True, leaves_machine=True)
HOLDS, WARNS = Severity.BLOCKING, Severity.WARNING


@pytest.mark.parametrize(
    ("machine", "sender", "found"),
    [
        (READY, SENDER, []),
        (Machine(), SENDER, []),
        (replace(READY, signs_as="test-desk.eu"), SENDER, []),
        (replace(READY, signs_as="news.test-desk.eu"), SENDER, []),
        (replace(READY, signs_as="other.eu"), SENDER, [(Check.NOT_SIGNED, HOLDS)]),
        (replace(READY, signing_problem="[dkim] has no domain"), SENDER, [(Check.NOT_SIGNED, HOLDS)]),
        (replace(READY, public_url="http://127.0.0.1:8080"), SENDER, [(Check.LINKS_LEAD_HERE, HOLDS)]),
        (replace(READY, public_url="https://localhost"), SENDER, [(Check.LINKS_LEAD_HERE, HOLDS)]),
        (replace(READY, public_url="http://news.test-desk.eu"), SENDER, [(Check.LINKS_IN_THE_CLEAR, WARNS)]),
        (Machine("http://127.0.0.1:8080", has_relay=True), SENDER, []),
        (READY, "weekly@example.org", [(Check.SENDER_IS_EXAMPLE, WARNS)]),
        (READY, "weekly@news.example.com", [(Check.SENDER_IS_EXAMPLE, WARNS)]),
        (READY, "weekly@notexample.org", []),
        (Machine("http://127.0.0.1:8080", has_relay=True), "weekly@example.org", []),
    ],
)
def test_what_a_machine_lacks_is_said(
    machine: Machine, sender: str, found: list[tuple[Check, Severity]]
) -> None:
    """Only what harms: on one machine everything may be tried out."""
    judged = unready_machine(machine, sender)

    assert [(one.check, one.severity) for one in judged] == found
    assert all(one.remedy for one in judged)


def test_a_rehearsal_is_said_and_holds_nothing() -> None:
    """Where no outgoing mail server is set."""
    (said,) = stays_here(Machine())

    assert (said.check, said.severity) == (Check.STAYS_HERE, WARNS)
    assert stays_here(READY) == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080", True),
        ("http://127.8.8.8", True),
        ("http://[::1]:8080", True),
        ("http://0.0.0.0", True),
        ("http://localhost", True),
        ("http://news.localhost", True),
        ("https://news.example.org", False),
        ("https://127.example.org", False),
        ("http://192.168.1.7", False),
    ],
)
def test_loopback_addresses_are_known(url: str, *, expected: bool) -> None:
    """By number and by name."""
    assert is_loopback(url) is expected
