"""The addresses that newsletter.toml names: stricter than readers' are."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.editorial.house_address import read_house_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("a@b", "a@b"),
        ("First.Last+tag@Mail.example.org", "First.Last+tag@mail.example.org"),
        ("desk@пошта.бел", "desk@xn--80a1acn3a.xn--90ais"),
        ("desk@xn--80a1acn3a.xn--90ais", "desk@xn--80a1acn3a.xn--90ais"),
    ],
)
def test_an_address_of_ours_is_ascii(written: str, address: str) -> None:
    """Its domain is kept as it travels."""
    assert read_house_address(written, name="sender") == address


NO_ADDRESS = 'sender is not a mail address; write nothing but the address, as "desk@example.org"'
LOCAL = (
    "sender has letters beyond a–z before the @, which many mail servers refuse; "
    'write it as "desk@example.org"'
)
MIXED = "the domain of sender mixes letters of two scripts, which mail providers refuse; write it in one"


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("", NO_ADDRESS),
        ("@b", NO_ADDRESS),
        ("a@", NO_ADDRESS),
        ("a@b@c", NO_ADDRESS),
        ("a b@c", NO_ADDRESS),
        ("a@b\r\nBcc: c", NO_ADDRESS),
        ("<a@b>", NO_ADDRESS),
        ("Desk <desk@example.org>", NO_ADDRESS),
        ("a" * 250 + "@b.org", NO_ADDRESS),
        ("a..b@example.org", NO_ADDRESS),
        (".a@example.org", NO_ADDRESS),
        ("a" * 65 + "@example.org", NO_ADDRESS),
        ("desk?cc=a@example.org", NO_ADDRESS),
        ("a%41@example.org", NO_ADDRESS),
        ("рэдакцыя@example.org", LOCAL),
        ("рэдакцыя@пошта.бел", LOCAL),
        ("desk@ex\u0430mple.org", MIXED),
        ("desk@xn--exmple-4nf.org", MIXED),
        ("desk@exam_ple.org", "the domain of sender is not a name in DNS; write it as example.org"),
    ],
)
def test_what_can_be_no_address_of_ours_is_refused(written: str, sentence: str) -> None:
    """One sentence says why and what to write, without the address."""
    with pytest.raises(ValueError, match=r"^") as refusal:
        read_house_address(written, name="sender")

    assert str(refusal.value) == sentence


@given(st.text(max_size=40) | st.emails() | st.text(max_size=20).map("desk@{}".format))
def test_any_text_becomes_an_address_or_the_stated_error(text: str) -> None:
    """What comes out is ASCII, with one @ and nothing that ends a header."""
    with suppress(ValueError):
        address = read_house_address(text, name="sender")

        assert address.isascii()
        assert address.isprintable()
        assert address.count("@") == 1
        assert read_house_address(address, name="sender") == address
