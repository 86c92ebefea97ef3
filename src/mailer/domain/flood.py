"""Holding back floods of sign-ups: how many mails strangers may cause, and when one more may go.

Whoever types other people's addresses into a form makes us mail them. So the victim's axis comes first:
caps per receiving domain and over all, beside the cap per address (subscription.may_mail). What is
above a cap waits, in order, and nobody who asked is lost for three days.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from mailer.domain.provider import OTHER, provider_group

HOUR = timedelta(hours=1)
MOST_WAIT = timedelta(hours=72)
"""How long a sign-up waits at most; then it is dropped, and counted."""
DAY = timedelta(hours=24)
MOST_TO_SPELLINGS = 3
"""How many mails a day go to spellings of one mailbox, beside the one that it is named by."""
_LOOK_BACK = timedelta(minutes=10)
_CALM = timedelta(minutes=30)
_SLOT = timedelta(minutes=1)
_DAY_HOURS = 24
_DAY_SHARE = 5


@dataclass(frozen=True, slots=True)
class FloodLimits:
    """What the settings allow ([signup]).

    Attributes:
        mails_per_hour: to addresses that strangers typed, all together; None, here and below, is no cap.
        per_domain: the same to one receiving domain.
        per_provider: the same to one domain of a large provider.
        attack_at: sign-ups in ten minutes, or sign-ups that a cap makes wait, from which it is an attack.
        most_waiting: how many may wait; above, one without a proof of work is dropped, and counted.
    """

    mails_per_hour: int | None = 600
    per_domain: int | None = 30
    per_provider: int | None = 300
    attack_at: int = 100
    most_waiting: int = 100_000

    def to_domain(self, domain: str) -> int | None:
        """Return how many mails an hour may go to a lower-case domain."""
        return self.per_domain if provider_group(domain) == OTHER else self.per_provider

    def within_a_day_of(self, messages_per_day: int | None) -> FloodLimits:
        """Return limits that leave four fifths of what the relay takes in a day to those who subscribed."""
        if messages_per_day is None:
            return self
        share = max(1, messages_per_day // (_DAY_HOURS * _DAY_SHARE))
        most = share if self.mails_per_hour is None else min(self.mails_per_hour, share)
        return replace(self, mails_per_hour=most)


def share_of(most: int, *, is_proven: bool, is_attack: bool) -> int:
    """Return how much of a cap a sign-up may use: in an attack, half is kept for proofs of work."""
    return most if is_proven or not is_attack else max(1, most // 2)


def free_at(sent: Sequence[datetime], most: int, now: datetime, window: timedelta = HOUR) -> datetime | None:
    """Say when one more may go; None is now.

    Args:
        sent: when mails went that count, in any order; aware UTC.
        most: in any *window*, at least 1.
        now: aware UTC.
    """
    recent = sorted(moment for moment in sent if now - moment < window)
    return None if len(recent) < most else recent[-most] + window


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a sign-up that would send a mail.

    Attributes:
        received_at: aware UTC.
        is_proven: a proof of work came with it, which nobody has used before.
        not_before: it looks like a program's, or its sender's share is used up; a proof speaks for it.
        has_waited: it was told to wait before, and the time has come.
        waiting: how many others wait already.
    """

    received_at: datetime
    is_proven: bool = False
    not_before: datetime | None = None
    has_waited: bool = False
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Go:
    """The mail may be sent now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before *until* (aware UTC)."""

    until: datetime


@dataclass(frozen=True, slots=True)
class Drop:
    """It waited too long, or too many wait."""


Verdict: TypeAlias = Go | Wait | Drop


def judge(asked: Asked, slot: datetime | None, limits: FloodLimits, now: datetime) -> Verdict:
    """Say what becomes of a sign-up.

    Args:
        slot: when the caps have room for it; None is now.
        now: aware UTC.
    """
    if asked.not_before is not None and not asked.is_proven:
        slot = max(slot or now, asked.not_before)
    if slot is None or slot <= now:
        return Go()
    last_moment = asked.received_at + MOST_WAIT
    if now >= last_moment or (
        asked.waiting >= limits.most_waiting and not (asked.is_proven or asked.has_waited)
    ):
        return Drop()
    return Wait(min(slot, last_moment))


@dataclass(frozen=True, slots=True)
class Alarm:
    """Whether sign-ups come in such numbers that a browser is asked for a proof of work.

    Attributes:
        since: when the attack began; None while there is none.
        loud_at: when it was last as bad as to go on.
        heard: how many sign-ups came in each of the last minutes, oldest first.
    """

    since: datetime | None = None
    loud_at: datetime | None = None
    heard: tuple[tuple[datetime, int], ...] = ()

    def after(self, count: int, held: int, limits: FloodLimits, now: datetime) -> Alarm:
        """Return the alarm after *count* more sign-ups, while a cap makes *held* wait.

        It goes on at the limit and off half an hour after both were last above half of it, so that it
        does not flicker. A clock that was set back forgets what it heard, not the attack.
        """
        heard = tuple((at, many) for at, many in self.heard if timedelta() <= now - at < _LOOK_BACK)
        if count:
            if heard and now - heard[-1][0] < _SLOT:
                heard = (*heard[:-1], (heard[-1][0], heard[-1][1] + count))
            else:
                heard = (*heard, (now, count))
        worst = max(held, sum(many for _, many in heard))
        if self.since is None:
            begins = now if worst >= limits.attack_at else None
            return Alarm(begins, begins, heard)
        if worst * 2 > limits.attack_at or self.loud_at is None or now < self.loud_at:
            return Alarm(self.since, now, heard)
        is_over = now - self.loud_at >= _CALM
        return Alarm(None, None, heard) if is_over else Alarm(self.since, self.loud_at, heard)
