"""The pace: it finds what a server allows, follows it when it changes, and seldom asks for too much."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.domain.pace import Pace

STEP_S = 0.01


@dataclass
class Server:
    """A mail server with a token bucket of one second's worth, and a sender that keeps the pace.

    Attributes:
        rates: messages per second that it allows, with how long it does so.
        latency_s: from handing a message over to its answer.
    """

    rates: list[tuple[float, float]]
    latency_s: float
    most: float | None = None
    accepted: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def rate(self, now: float) -> float:
        """Return what it allows at a time."""
        for rate, lasts_s in self.rates:
            if now < lasts_s:
                return rate
            now -= lasts_s
        return self.rates[-1][0]

    def play(self) -> Pace:
        """Send for as long as the rates last; ten messages may be under way at once."""
        pace, tokens, due = Pace(most=self.most), self.rate(0), 0.0
        under_way: list[tuple[float, bool]] = []
        for tick in range(int(sum(lasts_s for _, lasts_s in self.rates) / STEP_S)):
            now = tick * STEP_S
            tokens = min(self.rate(now), tokens + self.rate(now) * STEP_S)
            for is_taken in [taken for at, taken in under_way if at <= now]:
                pace = self.answer(pace, now, is_taken=is_taken)
            under_way = [each for each in under_way if each[0] > now]
            pace = pace.after(0, now)
            allowed = pace.now_allowed or 1e6
            due = min(due + allowed * STEP_S, 1 + allowed / 10) if now >= pace.shut_until else 0
            while due >= 1 and len(under_way) < 10:
                due -= 1
                under_way.append((now + self.latency_s, tokens >= 1))
                tokens -= tokens >= 1
        return pace

    def answer(self, pace: Pace, now: float, *, is_taken: bool) -> Pace:
        """Take or refuse a message."""
        if is_taken:
            self.accepted.append(now)
            return pace.after(1, now)
        self.refused.append(now)
        return pace.throttled(None, now)

    def share(self, rate: float, begin_s: float, end_s: float) -> float:
        """Return which part of what was allowed was taken between two times."""
        return sum(begin_s <= at < end_s for at in self.accepted) / (rate * (end_s - begin_s))


@pytest.mark.parametrize("latency_s", [0.002, 0.02, 0.1])
def test_the_pace_follows_what_the_server_allows(latency_s: float) -> None:
    """20/s, then 5/s, then 50/s: over 90 % of each once it is found, and under 1 % refused in all."""
    server = Server([(20, 60), (5, 90), (50, 120)], latency_s)

    server.play()

    assert server.share(20, 30, 60) > 0.9
    assert server.share(5, 80, 150) > 0.9
    assert server.share(50, 200, 270) > 0.9
    assert len(server.refused) / len(server.accepted) < 0.01


@pytest.mark.parametrize("rate", [30, 300])
def test_a_steady_server_is_used_to_the_full(rate: float) -> None:
    """Nothing is left unused for long, and hardly a try is refused."""
    server = Server([(rate, 120)], 0.01)

    server.play()

    assert server.share(rate, 20, 120) > 0.95
    assert len(server.refused) / len(server.accepted) < 0.01


def test_the_settings_go_before_what_the_server_would_allow() -> None:
    """A server that never throttles gets no more than messages_per_second."""
    server = Server([(50, 30)], 0.01, most=10)

    pace = server.play()

    assert not server.refused
    assert server.share(10, 0, 30) == pytest.approx(1, abs=0.02)
    assert pace.now_allowed == 10


def test_throttles_that_come_together_count_once() -> None:
    """Ten connections that hear it at the same moment halve the pace once."""
    pace = Pace().after(100, 1.0).throttled(None, 1.0)

    again = pace
    for _ in range(9):
        again = again.throttled(None, 1.1)

    assert (again.rate, again.goal) == (pace.rate, pace.goal) == (50, 97)


def test_a_hint_is_honoured() -> None:
    """Nothing goes before the time that the server named, however often it names it."""
    pace = Pace().after(100, 1.0).throttled(30, 1.0)

    assert pace.shut_until == 31
    assert pace.throttled(60, 2.0).shut_until == 62


def test_a_server_that_takes_nothing_is_left_in_peace() -> None:
    """Each time it refuses at once, the stop is twice as long, up to some minutes."""
    pace, now, stops = Pace().after(100, 1.0), 1.0, []
    for _ in range(12):
        pace = pace.throttled(None, now)
        stops.append(pace.shut_until - now)
        now = pace.halved_until

    assert stops[:5] == pytest.approx([0, 0.5, 1, 2, 4])
    assert stops[-1] == pytest.approx(128)
    assert pace.now_allowed == pytest.approx(0.1)


def test_a_pace_that_is_not_used_does_not_grow() -> None:
    """A week of silence proves nothing about what the server allows."""
    pace = Pace().after(20, 1.0).throttled(None, 1.0)

    for second in range(2, 1000):
        pace = pace.after(0, float(second))

    assert pace.now_allowed == pace.goal


@given(
    st.lists(
        st.tuples(st.floats(0, 1e4), st.integers(0, 10**6), st.none() | st.floats(0, 1e6), st.booleans()),
        max_size=40,
    ),
    st.none() | st.floats(0.01, 1e5),
)
def test_whatever_comes_the_pace_stays_within_reason(
    events: list[tuple[float, int, float | None, bool]], most: float | None
) -> None:
    """Never above the settings, never at a standstill, never shut for more than an hour."""
    pace, now = Pace(most=most), 0.0
    for passed_s, count, wait_s, is_throttled in events:
        now += passed_s
        pace = pace.after(count, now)
        if is_throttled:
            pace = pace.throttled(wait_s, now)
        allowed = pace.now_allowed
        assert allowed is None or allowed > 0
        assert most is None or (allowed is not None and allowed <= most)
        assert pace.shut_until <= now + 3601
