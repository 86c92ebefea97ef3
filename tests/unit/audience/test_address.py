"""An address is read as mailed and as looked up, or refused without a word of what was typed."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailer.audience.address import Address, NotAnAddress, parse_address


@pytest.mark.parametrize(
    ("typed", "spec", "index_form"),
    [
        ("reader@example.org", "reader@example.org", "reader@example.org"),
        ("  Reader@Example.ORG\n", "Reader@example.org", "reader@example.org"),
        ("first.last+weekly@example.org", "first.last+weekly@example.org", "first.last+weekly@example.org"),
        ("o'neil@example.org", "o'neil@example.org", "o'neil@example.org"),
        ("a@sub.domain.example.org", "a@sub.domain.example.org", "a@sub.domain.example.org"),
        ("reader@installation.test", "reader@installation.test", "reader@installation.test"),
        # The domain is mailed as an A-label, the local part as it is (RFC 6531 §3.2).
        ("чытач@пошта.бел", "чытач@xn--80a1acn3a.xn--90ais", "чытач@xn--80a1acn3a.xn--90ais"),
        ("ЧЫТАЧ@Пошта.БЕЛ", "ЧЫТАЧ@xn--80a1acn3a.xn--90ais", "чытач@xn--80a1acn3a.xn--90ais"),
        (
            "reader@xn--80a1acn3a.xn--90ais",
            "reader@xn--80a1acn3a.xn--90ais",
            "reader@xn--80a1acn3a.xn--90ais",
        ),
        # й as one letter and as и with a breve are one address.
        ("иванов\u0438\u0306@example.org", "иванов\u0439@example.org", "иванов\u0439@example.org"),
    ],
)
def test_an_address_has_three_spellings(typed: str, spec: str, index_form: str) -> None:
    """As typed, as mailed, and as looked up: in lower case."""
    address = parse_address(typed)

    assert (address.spec, address.index_form) == (spec, index_form)


NO_ADDRESS = [
    # What is left of a form in another encoding.
    "\ufffd\ufffdtach@example.org",
    "reader@\ufffd.example.org",
    "",
    " ",
    "reader",
    "@example.org",
    "reader@",
    "reader@@example.org",
    "reader@example",
    "reader@example..org",
    ".reader@example.org",
    "reader.@example.org",
    "rea..der@example.org",
    "reader@-example.org",
    "reader@exam ple.org",
    "rea der@example.org",
    "reader@example.org, other@example.org",
    "reader@example.org other@example.org",
    "reader@example.org;other@example.org",
    "Reader <reader@example.org>",
    "<reader@example.org>",
    '"reader"@example.org',
    '"rea der"@example.org',
    '"other@example.net"@example.org',
    "other@example.net@example.org",
    "reader@[192.0.2.1]",
    "reader@[IPv6:2001:db8::1]",
    "reader(comment)@example.org",
    "reader@example.org\r\nBcc: other@example.org",
    "reader@example.org\nother@example.org",
    "reader\r\n@example.org",
    "reader\x00@example.org",
    "reader\u200b@example.org",
    "reader\u2028@example.org",
    "reader@exam\u200bple.org",
    "mailto:reader@example.org",
    "a" * 65 + "@example.org",
    "reader@" + "a" * 64 + ".org",
    "reader@" + ".".join(["a" * 60] * 5) + ".org",
]


@pytest.mark.parametrize("typed", NO_ADDRESS)
def test_what_is_no_address_is_refused(typed: str) -> None:
    """The sentence has no part of it: it may be an address all the same."""
    with pytest.raises(NotAnAddress) as refusal:
        parse_address(typed)

    assert str(refusal.value) in ("this is not an e-mail address", "the address is too long")


atoms = st.text(st.sampled_from("abж.@\r\n\t ,;:<>()[]\"'\\+-=%\x00\u2028\u200f\u0301"), max_size=14)


@settings(max_examples=150)
@given(st.text(max_size=60) | st.builds("{}@{}".format, atoms, atoms) | st.emails())
@example("\ud800@example.org")
@example("a@xn--.org")
def test_only_one_plain_address_passes(typed: str) -> None:
    """Never a line break, a second address or anything that a header or RCPT would read differently."""
    with suppress(NotAnAddress):
        address = parse_address(typed)

        assert address.spec.count("@") == 1
        assert not set(address.spec) & set(' \t\r\n\x00,;:<>()[]"\\')
        assert address.spec.isprintable()
        assert len(address.spec.encode()) <= 254 or not address.spec.isascii()
        assert address.domain == address.domain.lower()
        assert address.domain.isascii()
        assert parse_address(address.spec) == address


@given(st.emails())
def test_letter_case_does_not_make_another_reader(typed: str) -> None:
    """A reader who types capitals is found."""
    with suppress(NotAnAddress):
        assert parse_address(typed.upper()).index_form == parse_address(typed).index_form


def test_an_address_is_what_its_parts_say() -> None:
    """The local part keeps its capitals for the server that may care."""
    assert parse_address("Reader@EXAMPLE.org") == Address("Reader", "example.org")
