"""The short way of reading many addresses finds what the long one finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.audience.address import Address, NotAnAddress, parse_address
from mailer.audience.moving.addressbook import AddressBook

_LOCALS = st.text(alphabet="aB1.+_-'!@ \"é,\0", max_size=70)
_DOMAINS = st.sampled_from(
    ["example.org", "Example.ORG", "прыклад.by", "xn--80ak6aa92e.com", "", "nodot", "a..b"]
)


def outcome(read: object, typed: str) -> Address | None:
    """Return what *read* makes of an address; None where it is none."""
    assert callable(read)
    try:
        found: Address = read(typed)
    except NotAnAddress:
        return None
    return found


@given(_LOCALS, _DOMAINS)
def test_a_domain_that_is_known_changes_nothing(local: str, domain: str) -> None:
    """Whether it was met before or not, the same address comes out, or none."""
    book = AddressBook()
    outcome(book.read, f"first@{domain}")
    typed = f"{local}@{domain}".strip().strip("<>\"' \t")

    assert outcome(book.read, typed) == outcome(parse_address, typed)


@pytest.mark.parametrize(
    "local", ["x" * 64, "x" * 65, "x" * 250, "", ".x", "x..y", "x.", "é", '"x y"', "x y"]
)
def test_the_long_way_agrees_at_the_edges(local: str) -> None:
    """Where a local part is too long, empty, or none that is plain."""
    book = AddressBook()
    book.read("first@example.org")

    typed = f"{local}@example.org"
    assert outcome(book.read, typed) == outcome(parse_address, typed)


def test_what_address_books_put_around_is_taken_off() -> None:
    """Angle brackets, quotes, spaces and mailto."""
    written = (" one@example.org\t", "<one@example.org>", '"one@example.org"', "mailto:one@example.org")

    assert {AddressBook().read(each).spec for each in written} == {"one@example.org"}
