"""The signed time of a form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.form_time import is_usual, sign
from mailer.domain.mac import Mac

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MAC = Mac(bytes(32))
S = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("age", "usual"),
    [
        (0 * S, False),
        (1.9 * S, False),
        (2 * S, True),
        (86_400 * S, True),
        (86_401 * S, False),
        (-9 * S, False),
    ],
)
def test_a_form_is_as_old_as_a_person_needs(age: timedelta, usual: bool) -> None:  # noqa: FBT001 - a table
    """Two seconds to a day."""
    assert is_usual(MAC, sign(MAC, NOW - age), NOW) is usual


@given(st.text(max_size=80))
def test_a_time_that_we_never_wrote(text: str) -> None:
    """Is no usual one, whatever it is, and raises nothing."""
    assert not is_usual(MAC, text, NOW)


def test_a_time_is_not_moved_or_signed_by_others() -> None:
    """Neither another time with our signature nor our time with another key's."""
    time, _, signature = sign(MAC, NOW - 9 * S).partition(".")

    assert not is_usual(MAC, f"{int(time) - 1000}.{signature}", NOW)
    assert not is_usual(MAC, sign(Mac(bytes(31) + b"1"), NOW - 9 * S), NOW)
