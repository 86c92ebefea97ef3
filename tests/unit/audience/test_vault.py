"""The vault: what is sealed opens only for its own row and with its own key; an index tells nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.audience.address import Address
from mailer.audience.keys import Keys, seeded_keys
from mailer.audience.vault import Vault
from mailer.errors import KeysError

KEYS = seeded_keys(b"one installation")
VAULT = Vault(KEYS)
OTHER = Vault(seeded_keys(b"another"))
ROW, OTHER_ROW = b"public-id-12", b"public-id-13"


def with_seals(seal: Mapping[int, bytes]) -> Vault:
    return Vault(Keys(seal, KEYS.index, KEYS.link, KEYS.return_path, KEYS.message_id))


@given(st.binary(max_size=300), st.binary(min_size=12, max_size=12))
def test_what_is_sealed_opens(plain: bytes, row: bytes) -> None:
    """Never twice the same bytes, and nothing of it to be seen."""
    one, two = VAULT.seal(plain, row), VAULT.seal(plain, row)

    assert VAULT.open(one, row) == VAULT.open(two, row) == plain
    assert one != two
    assert len(plain) < 4 or plain not in one


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_named_values_open(values: dict[str, str]) -> None:
    """As a Letter's recipient and parameters."""
    assert VAULT.open_values(VAULT.seal_values(values, ROW), ROW) == values


def test_a_value_moved_to_another_row_does_not_open() -> None:
    """Who can write to the database can't give one reader another's address."""
    with pytest.raises(KeysError, match="does not open"):
        VAULT.open(VAULT.seal(b"a@example.org", ROW), OTHER_ROW)


def test_another_installations_key_does_not_open() -> None:
    """The sentence says which file to put back."""
    with pytest.raises(
        KeysError, match=r"does not open with keys/vault.keys; put the keys of this installation back"
    ):
        OTHER.open(VAULT.seal(b"a@example.org", ROW), ROW)


@given(st.integers(0, 8 * 41 - 1))
def test_one_changed_bit_does_not_open(bit: int) -> None:
    """Wherever it is: format, key id, nonce, ciphertext or tag."""
    sealed = bytearray(VAULT.seal(b"a@b.example", ROW))
    assert len(sealed) == 41
    sealed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(KeysError):
        VAULT.open(bytes(sealed), ROW)


@given(st.binary(max_size=60))
@example(b"\x01")
@example(b"\x01\x01")
@example(b"\x01\x01short")
@example(b"\x02\x01" + bytes(40))
def test_anything_else_does_not_open(sealed: bytes) -> None:
    """A damaged row is a KeysError too."""
    with pytest.raises(KeysError):
        VAULT.open(sealed, ROW)


def test_a_rotated_key_opens_what_the_old_one_sealed() -> None:
    """The newest seals, all open."""
    rotated = with_seals({1: KEYS.seal[1], 2: bytes(32)})

    assert rotated.open(VAULT.seal(b"old", ROW), ROW) == b"old"
    assert rotated.open(rotated.seal(b"new", ROW), ROW) == b"new"
    with pytest.raises(KeysError, match=r"a key that is not in keys/vault.keys; restore that file"):
        VAULT.open(rotated.seal(b"new", ROW), ROW)


def test_an_index_is_that_of_the_lookup_form() -> None:
    """32 bytes; letter case does not count, and another installation has another."""
    index = VAULT.index(Address("Reader", "example.org"))

    assert len(index) == 32
    assert index == VAULT.index(Address("rEADER", "example.org"))
    assert index != VAULT.index(Address("reader", "example.net"))
    assert index != OTHER.index(Address("reader", "example.org"))
    assert b"reader" not in index
