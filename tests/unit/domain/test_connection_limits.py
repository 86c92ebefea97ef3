"""What a server bears of connections, and of messages over one, is learned from its refusals."""

from __future__ import annotations

import pytest

from mailer.domain.connection_limits import ConnectionLimits

USUAL = ConnectionLimits(10, 100)


def test_each_connection_that_is_too_many_is_one_less() -> None:
    """Ten tried and six refused leaves four."""
    limits = USUAL
    for _ in range(6):
        limits = limits.refused(1.0)

    assert limits.connections(1.0) == 4


def test_one_connection_is_always_tried() -> None:
    """However often the server refuses."""
    limits = USUAL
    for _ in range(50):
        limits = limits.refused(1.0)

    assert limits.connections(1.0) == 1


def test_connections_come_back_one_by_one() -> None:
    """Every quiet ten minutes one more is tried, up to the settings."""
    limits = USUAL.refused(0.0).refused(0.0)

    assert [limits.connections(at) for at in (0.0, 599.0, 600.0, 1200.0, 9999.0)] == [8, 8, 9, 10, 10]


@pytest.mark.parametrize(
    ("closed_after", "messages"),
    [
        ((20, 20, 20), 20),
        ((20, 21, 20), 20),
        ((20, 20), 100),
        ((3, 40, 20), 100),
        ((3, 40, 20, 20, 20), 20),
        ((0, 0, 0), 100),
        ((150, 150, 150), 100),
    ],
)
def test_connections_that_end_alike_tell_how_many_messages_each_may_carry(
    closed_after: tuple[int, ...], messages: int
) -> None:
    """Three in a row at the same number; a server that closes anywhere tells nothing."""
    limits = USUAL
    for after in closed_after:
        limits = limits.closed(after, is_said=False)

    assert limits.messages == messages


def test_a_server_that_says_it_is_believed_at_once() -> None:
    """“Too many messages in this connection” after seven: seven."""
    assert USUAL.closed(7, is_said=True).messages == 7
