"""How many connections a mail server bears, and how many messages over one: as learned from its refusals."""

from __future__ import annotations

from dataclasses import dataclass, replace

_ALIKE = 3
_CALM_S = 600.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What is tried at most; never more than the settings say.

    Attributes:
        most_connections, messages: of the settings, or lower when the server showed less.
        fewer: connections that the server showed to be too many.
        fewer_at: when the last one was, in seconds of one clock.
        closed_after: messages on the last connections that the server closed, newest last.
    """

    most_connections: int
    messages: int
    fewer: int = 0
    fewer_at: float = 0.0
    closed_after: tuple[int, ...] = ()

    def connections(self, now: float) -> int:
        """Return how many connections to hold; after every quiet ten minutes one more is tried."""
        back = int(max(0.0, now - self.fewer_at) / _CALM_S)
        return max(1, self.most_connections - max(0, self.fewer - back))

    def refused(self, now: float) -> ConnectionLimits:
        """Return the limits after “too many connections”: the one that was refused is one too many."""
        held = self.connections(now)
        return replace(self, fewer=self.most_connections - max(1, held - 1), fewer_at=now)

    def closed(self, after: int, *, is_said: bool) -> ConnectionLimits:
        """
        Return the limits after the server closed a connection with 421.

        Args:
            after: messages it took over that connection.
            is_said: whether it said that they were too many. If not, it counts when connections end
                so again and again, at the same number: a server that shuts down closes them anywhere.
        """
        if after < 1:
            return self
        if is_said:
            return replace(self, messages=min(self.messages, after), closed_after=())
        seen = (*self.closed_after, after)[-_ALIKE:]
        # With commands sent ahead, the last message may be one more or less.
        if len(seen) == _ALIKE and max(seen) - min(seen) <= 1:
            return replace(self, messages=min(self.messages, *seen), closed_after=())
        return replace(self, closed_after=seen)
