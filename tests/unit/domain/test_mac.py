"""The keyed hash is the standard's."""

from __future__ import annotations

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.mac import Mac


@given(key=st.binary(max_size=64), message=st.binary(max_size=300))
def test_it_is_hmac_sha256(key: bytes, message: bytes) -> None:
    """Any key up to a block and any message give what the standard library gives, also a second time."""
    mac = Mac(key)

    assert mac.digest(message) == mac.digest(message) == hmac.digest(key, message, "sha256")


def test_a_longer_key_is_refused() -> None:
    """A key that RFC 2104 would hash first is none of ours."""
    with pytest.raises(ValueError, match="more than one block"):
        Mac(bytes(65))
