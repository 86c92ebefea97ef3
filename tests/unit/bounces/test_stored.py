"""What came in is sealed, opens again to the byte, and is known when it comes again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.keys import seeded_keys
from mailer.audience.vault import Vault
from mailer.bounces.stored import Arrived, opened, sealed

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
VAULT = Vault(seeded_keys(b"stored"))
MAIL = Arrived("smtp", "", "abc@returns.example.org", b"Subject: x\r\n\r\nbody\r\n")


@given(raw=st.binary(max_size=200), sender=st.text(max_size=20), recipient=st.text(max_size=20))
def test_what_is_sealed_opens_to_the_byte(raw: bytes, sender: str, recipient: str) -> None:
    """Whatever bytes, and whatever stands in the envelope."""
    arrived = Arrived("lmtp", sender, recipient, raw, "an event")

    assert opened(VAULT, sealed(VAULT, arrived, NOW)) == arrived


def test_nothing_is_readable_without_the_key() -> None:
    """Neither the words nor the envelope."""
    stored = sealed(VAULT, MAIL, NOW)

    assert b"body" not in stored.sealed
    assert b"example.org" not in stored.sealed
    assert "example.org" not in repr(MAIL)


def test_stray_bytes_of_an_envelope_are_taken() -> None:
    """Servers hand over what is no UTF-8 as surrogates."""
    arrived = Arrived("smtp", "\udcff@example.org", "\udcfe@example.org", b"x")

    assert opened(VAULT, sealed(VAULT, arrived, NOW)).sender == "?@example.org"


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        pytest.param(
            Arrived("lmtp", "x@example.org", "ABC@returns.example.org", MAIL.raw), True, id="other door"
        ),
        pytest.param(Arrived("smtp", "", "abd@returns.example.org", MAIL.raw), False, id="other recipient"),
        pytest.param(Arrived("smtp", "", MAIL.recipient, MAIL.raw + b"."), False, id="other bytes"),
        pytest.param(Arrived("smtp", "", MAIL.recipient, MAIL.raw, "1"), False, id="an event"),
    ],
)
def test_a_report_is_known_by_its_recipient_and_bytes(other: Arrived, *, is_same: bool) -> None:
    """Whichever way it came."""
    assert (other.digest == MAIL.digest) is is_same


def test_an_event_is_known_by_its_providers_name_for_it() -> None:
    """Retries of a webhook differ in their bytes; two providers may use the same number."""
    first = Arrived("sendgrid", "", "", b"one", "17")

    assert first.digest == Arrived("sendgrid", "", "", b"two", "17").digest
    assert first.digest != Arrived("sendgrid", "", "", b"one", "18").digest
    assert first.digest != Arrived("mailgun", "", "", b"one", "17").digest


@pytest.mark.parametrize("sender", ["", "a@example.org", "x\r\nSubject: y", "\udcff@example.org"])
def test_what_is_read_says_who_sent_it(sender: str) -> None:
    """The envelope's sender stands above the message, in one line, as RFC 5321 §4.4 has it."""
    first, _, rest = Arrived("smtp", sender, "", MAIL.raw).message.partition(b"\r\n")

    assert first.startswith(b"Return-Path: <")
    assert rest == MAIL.raw


@pytest.mark.parametrize("door", ["imap", "ses"])
def test_other_doors_bring_no_envelope(door: str) -> None:
    """A mailbox server has written it already; a provider's event is no mail."""
    assert Arrived(door, "", "", MAIL.raw).message == MAIL.raw
