"""Addresses that mail comes back to: whatever stands before the token, the token is found again."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.return_address import ReturnAddresses, is_to_leave, return_path_prefix, token_text
from mailer.domain.token import Token, TokenKeys

KEYS = TokenKeys({1: bytes(range(32))})
TOKEN = KEYS.return_path(Token(b"reader-id-12", issue=47))


@pytest.mark.parametrize(
    "recipient",
    [
        f"{TOKEN}@bounces.example.org",
        f"{TOKEN.upper()}@BOUNCES.example.org",
        f"bounces+{TOKEN}@example.org",
        f"Bounces+{TOKEN.upper()}@Example.org",
        f"bounces-{TOKEN}@example.org",
        f"unsubscribe+{TOKEN}@bounces.example.org",
        f"bounces+unsubscribe+{TOKEN}@example.org",
        f"<bounces+{TOKEN}@example.org>",
        TOKEN,
        f" {TOKEN}@example.org\r",
    ],
)
def test_the_token_is_found(recipient: str) -> None:
    """In every form in which we ever write it, and in which relays and mailboxes hand it back."""
    assert token_text(recipient) == TOKEN


@pytest.mark.parametrize(
    "recipient",
    ["", "@", "bounces@example.org", f"x{TOKEN}@example.org", f"{TOKEN[1:]}@example.org", f"{TOKEN}+x@a.org"],
)
def test_other_addresses_have_none(recipient: str) -> None:
    """A letter too many or too few is no token; what stands behind one is none of our forms."""
    assert token_text(recipient) is None


@pytest.mark.parametrize(
    "recipient",
    [
        f"unsubscribe+{TOKEN}@bounces.example.org",
        f"bounces+unsubscribe+{TOKEN}@example.org",
        f"UNSUBSCRIBE+{TOKEN.upper()}@example.org",
    ],
)
def test_the_address_to_leave_is_known(recipient: str) -> None:
    """With a prefix and without."""
    assert is_to_leave(recipient)


@pytest.mark.parametrize(
    "recipient",
    [
        f"{TOKEN}@bounces.example.org",
        f"bounces+{TOKEN}@example.org",
        "unsubscribe@example.org",
        f"notunsubscribe+{TOKEN}@example.org",
    ],
)
def test_no_other_is_one_to_leave(recipient: str) -> None:
    """What comes to a return path is no wish to leave, whatever stands before the token."""
    assert not is_to_leave(recipient)


def test_addresses_are_written_as_they_are_read() -> None:
    """At a domain of our own and in a mailbox at a provider's."""
    own, theirs = ReturnAddresses("bounces.example.org"), ReturnAddresses("example.org", "bounces+")

    assert own.return_path(TOKEN) == f"{TOKEN}@bounces.example.org"
    assert own.to_leave(TOKEN) == f"unsubscribe+{TOKEN}@bounces.example.org"
    assert theirs.return_path(TOKEN) == f"bounces+{TOKEN}@example.org"
    assert theirs.to_leave(TOKEN) == f"bounces+unsubscribe+{TOKEN}@example.org"


def test_no_address_is_longer_than_servers_take() -> None:
    """A local part has 64 letters (RFC 5321 §4.5.3.1.1): then there is only the link to leave by."""
    addresses = ReturnAddresses("example.org", return_path_prefix("belarus-newsletter+"))

    assert len(addresses.return_path(TOKEN).partition("@")[0]) <= 64
    assert addresses.to_leave(TOKEN) == ""
    assert ReturnAddresses("").to_leave(TOKEN) == ""


@pytest.mark.parametrize("written", ["", "bounces+", "Bounces+", "news-bounces+", "b-", "a.b=", "returns_"])
def test_these_can_stand_before_a_token(written: str) -> None:
    """In lower case, as they come back."""
    assert return_path_prefix(written) == written.lower()


@pytest.mark.parametrize(
    "written", ["bounces", "+", "a b+", "bounces+@", "отказы+", ".a+", "a" * 20 + "+", "bounces+\n"]
)
def test_these_can_not(written: str) -> None:
    """Where the token begins could not be said, or no server would take it."""
    with pytest.raises(ValueError, match=re.escape("such as bounces+")):
        return_path_prefix(written)


@given(st.text(max_size=300))
def test_whatever_stands_there_is_read_without_an_error(recipient: str) -> None:
    """Recipients come from strangers."""
    found = token_text(recipient)

    assert found is None or len(found) == 44
    assert is_to_leave(recipient) in (True, False)
