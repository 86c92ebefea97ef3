"""Waits that replies ask for, in words or by their kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.reply_wait import hinted_wait_s


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Greylisted, please try again in 300 seconds", 300),
        ("Greylisted for 5 minutes", 300),
        ("come back in 00:04:59", 299),
        ("try again after 1 hour", 3600),
        ("retry in 90s", 90),
        ("please wait 10 min", 600),
        ("wait at least 2 hours", 7200),
        ("try again in 0 seconds", 1),
        ("try again in 3 days", None),
        ("try again in 99 hours", 14400),
        ("more than 20 messages in the last 60 seconds", None),
        ("try again later", None),
        ("see page 300 seconds", None),
        ("", None),
    ],
)
def test_a_server_may_name_the_wait(text: str, expected: float | None) -> None:
    """In seconds, minutes, hours or as a clock shows it; from a second to four hours."""
    assert expected == hinted_wait_s(text)


@given(st.text(max_size=60))
def test_any_text_may_be_asked(text: str) -> None:
    """A wait within bounds, or none."""
    wait_s = hinted_wait_s(f"in {text}")

    assert wait_s is None or 1 <= wait_s <= 14400
