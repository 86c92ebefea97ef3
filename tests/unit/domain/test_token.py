"""Tokens: they name a reader and an issue for ever, and nobody can make or change one without the key."""

from __future__ import annotations

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.token import LINK_CHARS, Token, TokenKeys

KEYS = TokenKeys({1: bytes(range(32))})
OTHER = TokenKeys({1: bytes(32)})
TOKEN = Token(b"reader-id-12", issue=47)
numbers = st.integers(0, 2**31 - 1)
public_ids = st.binary(min_size=12, max_size=12)
tokens = st.builds(Token, public_ids, issue=numbers) | st.builds(Token, public_ids, newsletter=numbers)


@given(tokens)
def test_a_link_reads_back(token: Token) -> None:
    """36 letters of base64url say the same reader and number."""
    link = KEYS.link(token)

    assert len(link) == LINK_CHARS == 36
    assert KEYS.read_link(link) == token


@given(tokens)
def test_a_return_path_reads_back_in_any_case(token: Token) -> None:
    """44 lower-case letters of base32; relays change the case of local parts."""
    local = KEYS.return_path(token)
    chance = random.Random(local)
    changed = "".join(chance.choice((letter.upper(), letter)) for letter in local)

    assert len(local) == 44
    assert local == local.lower()
    assert KEYS.read_return_path(local.upper()) == KEYS.read_return_path(changed) == token


@given(tokens, st.integers(0, 27 * 8 - 1))
def test_one_changed_bit_makes_a_link_worthless(token: Token, bit: int) -> None:
    """Wherever it is: in the key id, the reader, the number or the signature."""
    raw = bytearray(base64.urlsafe_b64decode(KEYS.link(token)))
    raw[bit // 8] ^= 1 << bit % 8

    assert KEYS.read_link(base64.urlsafe_b64encode(raw).decode()) is None
    assert KEYS.read_return_path(base64.b32encode(raw).decode().rstrip("=")) is None


@given(tokens, st.integers(0, 35), st.characters())
def test_a_mistyped_link_never_names_another(token: Token, place: int, letter: str) -> None:
    """A changed letter leaves the same token or none."""
    link = KEYS.link(token)

    assert KEYS.read_link(link[:place] + letter + link[place + 1 :]) in (None, token)


@given(tokens, st.integers(0, 43), st.characters())
def test_a_mangled_return_path_never_names_another(token: Token, place: int, letter: str) -> None:
    """A changed letter leaves the same token or none."""
    local = KEYS.return_path(token)

    assert KEYS.read_return_path(local[:place] + letter + local[place + 1 :]) in (None, token)


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_anything_else_is_no_token(text: str) -> None:
    """Reading never raises."""
    assert KEYS.read_link(text) is None
    assert KEYS.read_return_path(text) is None


@pytest.mark.parametrize("cut", range(36))
def test_a_cut_link_is_worthless(cut: int) -> None:
    """A signature can't be shortened until it fits."""
    assert KEYS.read_link(KEYS.link(TOKEN)[:cut]) is None


def test_another_installations_key_reads_nothing() -> None:
    """The same key id is not the same key."""
    assert OTHER.read_link(KEYS.link(TOKEN)) is None
    assert OTHER.read_return_path(KEYS.return_path(TOKEN)) is None


def test_a_retired_key_keeps_verifying() -> None:
    """The newest signs, all verify: no link ever dies."""
    rotated = TokenKeys({**KEYS.keys, 2: bytes(reversed(range(32)))})

    assert rotated.read_link(KEYS.link(TOKEN)) == TOKEN
    assert KEYS.read_link(rotated.link(TOKEN)) is None
    assert rotated.read_link(rotated.link(TOKEN)) == TOKEN


def test_a_link_is_no_return_path_of_another_key() -> None:
    """A return path seen by every relay does not unsubscribe: each purpose has its own key."""
    raw = base64.b32decode(KEYS.return_path(TOKEN).upper() + "====")

    assert OTHER.read_link(base64.urlsafe_b64encode(raw).decode()) is None


def test_issue_and_newsletter_are_kept_apart() -> None:
    """The high bit of the number tells a Letter's token from an issue's."""
    issue, newsletter = Token(b"reader-id-12", issue=5), Token(b"reader-id-12", newsletter=5)

    assert (issue.number, newsletter.number) == (5, (1 << 31) | 5)
    assert KEYS.read_link(KEYS.link(newsletter)) == newsletter != issue
