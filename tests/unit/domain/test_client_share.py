"""The share of one place on the network, and what stands for a place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.client_share import ClientShare, network_of

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(hours=24)


@given(st.integers(1, 200), st.lists(st.integers(0, 600), max_size=300))
def test_no_hour_lets_more_than_twice_the_share_go(per_hour: int, gaps: list[int]) -> None:
    """A burst of the share at once and the share over the hour; the rest waits, in order, a day at most."""
    share, empty_at, now = ClientShare(per_hour), None, NOW
    free: list[datetime] = []
    for gap in gaps:
        now += timedelta(seconds=gap)
        due, empty_at = share.use(empty_at, now)
        assert due is None or now < due <= now + DAY
        free.append(due or now)

    for each in free:
        if each < NOW + DAY - HOUR:
            assert sum(each <= other < each + HOUR for other in free) <= 2 * per_hour + 1


def test_a_silence_gives_the_whole_share_back() -> None:
    """Twenty at once, and twenty more an hour later; the twenty-first waits for three minutes."""
    share, empty_at = ClientShare(20), None
    dues = []
    for _ in range(21):
        due, empty_at = share.use(empty_at, NOW)
        dues.append(due)

    assert dues == [None] * 20 + [NOW + HOUR / 20]
    assert share.use(empty_at, NOW + 2 * HOUR)[0] is None


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("2001:db8:1:2::9", "20010db800010002"),
        ("2001:db8:1:3::9", "20010db800010003"),
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("testclient", None),
        ("", None),
        ("192.0.2.7, 192.0.2.8", None),
    ],
)
def test_what_stands_for_a_client(client: str, network: str | None) -> None:
    """An IPv4 address or an IPv6 /64; this machine stands for everybody behind it, so for nobody."""
    assert network_of(client) == network


@given(st.text(max_size=60))
def test_any_text_is_a_client_or_none(client: str) -> None:
    """A proxy may say anything."""
    network_of(client)
