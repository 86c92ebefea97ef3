"""MAIL and RCPT of a copy, as a relay understands them that offers this or that."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery.copy import Copy
from mailer.delivery.envelope import Envelopes, original_recipient, xtext

PLAIN = Copy("token@bounces.example.org", "a.b+c=d@example.net", b"x" * 1234)
CYRILLIC = Copy("token@bounces.example.org", "юрась@xn--80aswg.example.org", b"x" * 1234)


@pytest.mark.parametrize(
    ("offers", "copy", "mail", "rcpt"),
    [
        ("", PLAIN, "", ""),
        ("size pipelining 8bitmime smtputf8", PLAIN, " SIZE=1234", ""),
        # RFC 6531 §3.6: 8-bit letters in the header are announced as well, where they may be.
        ("smtputf8 8bitmime", CYRILLIC, " BODY=8BITMIME SMTPUTF8", ""),
        ("smtputf8", CYRILLIC, " SMTPUTF8", ""),
        (
            "dsn",
            PLAIN,
            " RET=HDRS ENVID=token",
            " NOTIFY=FAILURE,DELAY ORCPT=rfc822;a.b+2Bc+3Dd@example.net",
        ),
        (
            "dsn size smtputf8",
            CYRILLIC,
            " SIZE=1234 SMTPUTF8 RET=HDRS ENVID=token",
            r" NOTIFY=FAILURE,DELAY ORCPT=utf-8;\x{44E}\x{440}\x{430}\x{441}\x{44C}@xn--80aswg.example.org",
        ),
    ],
)
def test_an_envelope_says_what_the_relay_offers(offers: str, copy: Copy, mail: str, rcpt: str) -> None:
    """Nothing that it did not offer, and nothing that this copy does not need."""
    envelope = Envelopes(dict.fromkeys(offers.split(), "")).write(copy)

    assert envelope.mail == f"MAIL FROM:<{copy.return_path}>{mail}\r\n"
    assert envelope.rcpt == f"RCPT TO:<{copy.recipient}>{rcpt}\r\n"


@pytest.mark.parametrize(("offers", "expected"), [("8bitmime dsn", False), ("smtputf8", True)])
def test_letters_beyond_ascii_need_smtputf8(offers: str, expected: bool) -> None:  # noqa: FBT001 - a table
    """A local part in Cyrillic fits only a relay that offers it; a domain in Cyrillic is ASCII by then."""
    envelopes = Envelopes(dict.fromkeys(offers.split(), ""))

    assert envelopes.fits(CYRILLIC) is expected
    assert envelopes.fits(PLAIN)


ASCII = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=64)
ANY = st.text(st.characters(min_codepoint=0x21, exclude_categories=["Cs", "Cc", "Zs"]), max_size=64)


@given(ASCII)
def test_xtext_reads_back(text: str) -> None:
    """What a receiver decodes (RFC 3461 §4) is what was meant, whatever signs it has."""
    written = xtext(text)

    assert re.fullmatch(r"([!-*,-<>-~]|\+[0-9A-F]{2})*", written)
    assert re.sub(r"\+(..)", lambda found: chr(int(found[1], 16)), written) == text


@given(ANY)
def test_an_original_recipient_reads_back(text: str) -> None:
    """ASCII without blanks in any script, by the grammar of RFC 3461 §4.2 or RFC 6533 §3."""
    kind, _, written = original_recipient(text).partition(";")

    assert kind == ("rfc822" if text.isascii() else "utf-8")
    if kind == "utf-8":
        assert re.fullmatch(r"([!-*,-<>-\[\]-~]|\\x\{[1-9A-F][0-9A-F]{1,5}\})*", written)
        assert re.sub(r"\\x\{(\w+)\}", lambda found: chr(int(found[1], 16)), written) == text
