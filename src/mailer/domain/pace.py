"""How fast to hand copies over: what a mail server's "slow down" means for our own pace.

A server rarely says what it allows, and changes it (faults.md row 43). The pace learns it: lower when
the server throttles, higher again little by little while it does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp

# After a throttle the pace is halved for a moment, …
_HALVED_S = 0.5
# … goes back to nearly what the server took, …
_BACK_TO = 0.97
# … holds for so many messages (within so many seconds), because each throttle costs a refused try, …
_HOLD_MESSAGES, _HOLD_S = 120, (4.0, 100.0)
# … and then climbs: a step each so many messages, the first by this part of it, each twice the last.
_STEP_MESSAGES, _STEP_S = 10, (0.5, 5.0)
_FIRST_STEP, _LARGEST_STEP = 0.01, 0.5
# Throttled again before so many messages were taken: it was still too fast. Then all stops for a while,
# each time twice as long, and what follows is a guess that is mended sooner and by larger steps.
_PROOF_MESSAGES = 10
_STOP_S, _LONGEST_STOP_S, _MOST_DOUBLINGS = 0.5, 3600.0, 8
_LOWER, _LOWEST = 0.8, 1 / 8
_GUESS_MESSAGES, _GUESS_S, _GUESS_STEP = 10, (0.5, 3.0), 0.1
# How far back "of late" reaches.
_MEMORY_MESSAGES, _MEMORY_S = 15, (1.0, 15.0)
# In less time no rate can be told.
_SHORTEST_LOOK_S = 0.001
_LEAST_RATE, _UNMEASURED_RATE, _SILENT_RATE, _HIGH_RATE = 0.1, 40.0, 0.01, 1000.0


class ThrottleKind(StrEnum):
    """What the server has too much of."""

    RATE = "rate"
    """Messages in a stretch of time."""
    CONNECTIONS = "connections"
    """Connections at once."""
    MESSAGES = "messages"
    """Messages over one connection."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """A server's word that we are too much for it; it speaks of us, never of a reader.

    Attributes:
        wait_s: how long it asks us to wait, in seconds; None when it does not say.
    """

    kind: ThrottleKind
    wait_s: float | None = None


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast messages may go, as learned; times are seconds of one clock that never goes back.

    Multiplicative decrease, additive increase, as in TCP, with one thing more: we know how many messages
    the server took of late, and when it throttles that is about what it allows. So the halving is short,
    and the climb ends near the limit instead of sawing up and down between half and all of it.

    Attributes:
        most: messages per second that the settings allow; None is no limit.
        rate: messages per second now; None is as fast as *most* lets it.
        goal: what *rate* goes back to when the halving ends.
        step: by which part of itself the rate is raised next.
        halved_until: end of the episode: throttles up to then belong to it.
        shut_until: nothing goes before this.
        raise_at: when the rate is raised next.
        taken: messages per second that the server took of late.
        looked_at: when *taken* was last brought up to date.
        unseen: messages taken since then.
        row: episodes without proof between them that the server takes our messages.
        began_at: when the last episode began.
        taken_since: messages taken since then.
    """

    most: float | None = None
    rate: float | None = None
    goal: float = 0.0
    step: float = 0.0
    halved_until: float = 0.0
    shut_until: float = 0.0
    raise_at: float = 0.0
    taken: float = 0.0
    looked_at: float = 0.0
    unseen: int = 0
    row: int = 0
    began_at: float = 0.0
    taken_since: int = 0

    @property
    def now_allowed(self) -> float | None:
        """Messages per second now, the settings' limit included; None is as fast as it goes."""
        if self.rate is None or self.most is None:
            return self.most if self.rate is None else self.rate
        return min(self.rate, self.most)

    def throttled(self, wait_s: float | None, now: float) -> Pace:
        """Return the pace after the server said “slow down”, and perhaps for how long."""
        if now < self.halved_until:
            # Half was too much as well, or it answers what was under way: nothing more in this episode.
            until = max(self.halved_until, now + min(wait_s or 0.0, _LONGEST_STOP_S))
            return replace(self, shut_until=until, halved_until=until)
        is_again = self.row > 0 and self.taken_since < _PROOF_MESSAGES
        row = self.row + 1 if is_again else 1
        if wait_s is None:
            wait_s = _STOP_S * 2 ** min(row - 2, _MOST_DOUBLINGS) if is_again else 0.0
        shut_until = now + min(wait_s, _LONGEST_STOP_S)
        lowered = self._guessed(now) if is_again else self._measured()
        return replace(
            lowered,
            halved_until=shut_until + _HALVED_S,
            shut_until=shut_until,
            raise_at=shut_until + _HALVED_S + lowered.raise_at,
            row=row,
            began_at=now,
            taken_since=0,
        )

    def after(self, count: int, now: float) -> Pace:
        """Return the pace at *now*, when *count* more messages were taken since the last look."""
        passed_s = now - self.looked_at
        if passed_s < _SHORTEST_LOOK_S:
            return replace(self, unseen=self.unseen + count) if count else self
        count += self.unseen
        memory_s = _within(_MEMORY_S, _MEMORY_MESSAGES / (self.now_allowed or _HIGH_RATE))
        if self.taken > _SILENT_RATE:
            taken = self.taken + (count / passed_s - self.taken) * (1 - exp(-passed_s / memory_s))
        else:
            # The first figure after a silence: a server that was left in peace takes a burst at once.
            taken = count / max(passed_s, 1.0)
        seen = replace(self, taken=taken, looked_at=now, taken_since=self.taken_since + count, unseen=0)
        return seen if seen.rate is None or now < seen.halved_until else seen._raised(now)  # noqa: SLF001 - its own class

    def _measured(self) -> Pace:
        """Lower the pace to what the server took; *raise_at* counts from the end of the halving."""
        before = self._before()
        rate = max(min(self.taken, before) / 2, before * _LOWEST, _LEAST_RATE)
        goal = max(rate, min(self.taken, before) * _BACK_TO)
        if self.rate is None:
            # What went through unhindered may be a burst that the server had saved up for us.
            hold_s, step = _within(_GUESS_S, _GUESS_MESSAGES / goal), _GUESS_STEP
        else:
            hold_s, step = _within(_HOLD_S, _HOLD_MESSAGES / goal), _FIRST_STEP
        return replace(self, rate=rate, goal=goal, step=step, raise_at=hold_s)

    def _guessed(self, now: float) -> Pace:
        """Lower the pace by what little was let through since the last throttle; else as *_measured*."""
        before = self._before()
        let_through = self.taken_since / max(now - self.began_at, 1.0)
        rate = max(min(let_through, before) / 2, before * _LOWEST, _LEAST_RATE)
        goal = max(rate, min(let_through * _BACK_TO, before * _LOWER))
        hold_s = _within(_GUESS_S, _GUESS_MESSAGES / goal)
        return replace(self, rate=rate, goal=goal, step=_GUESS_STEP, raise_at=hold_s)

    def _before(self) -> float:
        return self.now_allowed or max(self.taken, _UNMEASURED_RATE)

    def _raised(self, now: float) -> Pace:
        assert self.rate is not None
        rate = max(self.rate, self.goal)
        # A pace that we do not use proves nothing: it stays.
        if now < self.raise_at or self.taken < rate / 2:
            return self if rate == self.rate else replace(self, rate=rate)
        if self.most is not None and rate >= self.most:
            return replace(self, rate=None)
        rate *= 1 + self.step
        return replace(
            self,
            rate=rate,
            goal=rate,
            step=min(self.step * 2, _LARGEST_STEP),
            raise_at=now + _within(_STEP_S, _STEP_MESSAGES / rate),
        )


def _within(bounds: tuple[float, float], seconds: float) -> float:
    return min(max(seconds, bounds[0]), bounds[1])
