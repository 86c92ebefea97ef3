"""A reader's way in and out of a newsletter: the state table of design §5 as pure code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from mailer.domain.content import LetterKind


class Standing(StrEnum):
    """Where a reader stands with a newsletter."""

    NONE = "none"
    """No row: unknown to us, or forgotten."""
    PENDING = "pending"
    """Asked to be subscribed; has not confirmed."""
    ACTIVE = "active"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    """Suppressed: the mailbox is gone."""
    COMPLAINED = "complained"
    """Suppressed: the reader pressed "this is spam"."""
    BLOCKED = "blocked"
    """Suppressed: erased, and asked never to be mailed again. Only a keyed hash is left, and no row."""


class Event(StrEnum):
    """What can happen to a subscription."""

    SIGN_UP = "sign-up"
    CONFIRM = "confirm"
    UNSUBSCRIBE = "unsubscribe"
    BOUNCE = "permanent bounce"
    COMPLAINT = "complaint"
    ERASE = "operator erases"
    UNDO = "undo"
    """The link that the goodbye carries, within 14 days of leaving."""
    ADD = "reader adds"
    """On the settings page, to which a link is mailed: the address is proven."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an event leads to.

    Attributes:
        standing: where the reader stands afterwards; NONE forgets the subscription.
        letter: the mail that tells them, or None.
        suppress: whether the address must not be mailed again without a new confirmation.
    """

    standing: Standing
    letter: LetterKind | None = None
    suppress: bool = False


_N, _P, _A, _U = Standing.NONE, Standing.PENDING, Standing.ACTIVE, Standing.UNSUBSCRIBED
_B, _C, _X = Standing.BOUNCED, Standing.COMPLAINED, Standing.BLOCKED

TABLE: dict[tuple[Standing, Event], Step] = {
    (_N, Event.SIGN_UP): Step(_P, LetterKind.CONFIRM),
    (_N, Event.CONFIRM): Step(_N),
    (_N, Event.UNSUBSCRIBE): Step(_N),
    (_N, Event.BOUNCE): Step(_N),
    (_N, Event.COMPLAINT): Step(_N),
    (_N, Event.ERASE): Step(_N),
    (_N, Event.UNDO): Step(_N),
    (_N, Event.ADD): Step(_A, LetterKind.WELCOME),
    (_P, Event.SIGN_UP): Step(_P, LetterKind.CONFIRM),
    (_P, Event.CONFIRM): Step(_A, LetterKind.WELCOME),
    (_P, Event.UNSUBSCRIBE): Step(_N),
    (_P, Event.BOUNCE): Step(_N),
    (_P, Event.COMPLAINT): Step(_N, suppress=True),
    (_P, Event.ERASE): Step(_N),
    (_P, Event.UNDO): Step(_P),
    (_P, Event.ADD): Step(_A, LetterKind.WELCOME),
    (_A, Event.SIGN_UP): Step(_A, LetterKind.ALREADY),
    (_A, Event.CONFIRM): Step(_A),
    (_A, Event.UNSUBSCRIBE): Step(_U, LetterKind.GOODBYE),
    (_A, Event.BOUNCE): Step(_B, suppress=True),
    (_A, Event.COMPLAINT): Step(_C, suppress=True),
    (_A, Event.ERASE): Step(_N),
    (_A, Event.UNDO): Step(_A),
    (_A, Event.ADD): Step(_A),
    (_U, Event.SIGN_UP): Step(_P, LetterKind.CONFIRM),
    (_U, Event.CONFIRM): Step(_U),
    (_U, Event.UNSUBSCRIBE): Step(_U),
    (_U, Event.BOUNCE): Step(_U),
    (_U, Event.COMPLAINT): Step(_C, suppress=True),
    (_U, Event.ERASE): Step(_N),
    # The address was confirmed, and whoever left may think again: no second confirmation.
    (_U, Event.UNDO): Step(_A, LetterKind.WELCOME),
    (_U, Event.ADD): Step(_A, LetterKind.WELCOME),
    # Suppressed readers come back only by confirming anew: the sign-up makes them pending, and
    # the suppression is lifted when they confirm, not before.
    (_B, Event.SIGN_UP): Step(_P, LetterKind.CONFIRM),
    (_B, Event.CONFIRM): Step(_A, LetterKind.WELCOME),
    (_B, Event.UNSUBSCRIBE): Step(_U),
    (_B, Event.BOUNCE): Step(_B, suppress=True),
    (_B, Event.COMPLAINT): Step(_C, suppress=True),
    (_B, Event.ERASE): Step(_N),
    (_B, Event.UNDO): Step(_B, suppress=True),
    (_B, Event.ADD): Step(_A, LetterKind.WELCOME),
    (_C, Event.SIGN_UP): Step(_P, LetterKind.CONFIRM),
    (_C, Event.CONFIRM): Step(_A, LetterKind.WELCOME),
    (_C, Event.UNSUBSCRIBE): Step(_U),
    (_C, Event.BOUNCE): Step(_C, suppress=True),
    (_C, Event.COMPLAINT): Step(_C, suppress=True),
    # They said no. Without the mark an old list, or a stranger at the form, would have us mail them again.
    (_C, Event.ERASE): Step(_N, suppress=True),
    (_C, Event.UNDO): Step(_C, suppress=True),
    (_C, Event.ADD): Step(_A, LetterKind.WELCOME),
} | {
    # Nothing that anybody can press brings these back: they ask the newsroom to invite them.
    (_X, event): Step(_X, suppress=True)
    for event in Event
}
"""Every pair; where the design shows a dash, nothing changes."""


def step(standing: Standing, event: Event) -> Step:
    """Say what *event* leads to for a reader who stands at *standing*."""
    return TABLE[standing, event]


CONFIRM_VALID = timedelta(hours=72)
"""How long a confirm link works after a sign-up by the reader."""

INVITE_VALID = timedelta(days=14)
"""How long it works when an operator entered the address."""

SIGN_UP_KEPT = timedelta(days=7)
"""How long a sign-up that was not confirmed outlives its link: one press then asks for a new one."""

UNDO_VALID = timedelta(days=14)
"""How long leaving can be undone; the row stays as long, for this and for late bounces."""

SETTINGS_VALID = timedelta(minutes=30)
"""How long a link to one's settings works."""

MOVE_VALID = timedelta(hours=72)
"""How long the owners of the old and the new address have to agree to a change."""

COUNTERS_KEPT = timedelta(days=30)
"""How long we remember, by index only, which letters an address was sent."""

_A_DAY = timedelta(hours=24)
_ANY_COUNT = 1_000_000
_MOST: dict[LetterKind, tuple[int, int]] = {
    # What a stranger can have sent to somebody else's address.
    LetterKind.CONFIRM: (1, 3),
    LetterKind.INVITE: (1, 3),
    LetterKind.MOVE_IN: (1, 3),
    # As often as CONFIRM: were it oftener, the caps that all mails share would show who reads us.
    LetterKind.ALREADY: (1, 3),
    # What readers ask for and may have to ask for again, and what a stranger can have sent to a reader.
    LetterKind.MANAGE: (3, _ANY_COUNT),
    LetterKind.MOVE_OUT: (3, _ANY_COUNT),
}
"""Letters to one address, by kind: at most so many in 24 hours, and so many in 30 days."""


def may_mail(kind: LetterKind, sent_at: Sequence[datetime], now: datetime) -> bool:
    """Say whether an address may be sent one more letter of *kind*.

    Args:
        kind: of the letter.
        sent_at: when letters of this kind went to this address in the last 30 days, aware UTC.
        now: aware UTC.

    Letters that ask for a confirmation, and "you are already subscribed": at most one per 24 h and 3 per
    30 days; a link to the settings, and the question to a reader's present address whether it may change:
    three per 24 h; the others answer something the reader did and have no cap.
    """
    return next_mail_at(kind, sent_at, now) <= now


def next_mail_at(kind: LetterKind, sent_at: Sequence[datetime], now: datetime) -> datetime:
    """Say when an address may next be sent a letter of *kind*: now, or when enough time has passed.

    Takes what *may_mail* takes.
    """
    if kind not in _MOST:
        return now
    next_at = now
    for window, most in zip((_A_DAY, COUNTERS_KEPT), _MOST[kind], strict=True):
        lately = sorted(moment for moment in sent_at if now - moment < window)
        if len(lately) >= most:
            next_at = max(next_at, lately[-most] + window)
    return next_at
