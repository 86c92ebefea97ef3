"""How long a "not now" asks us to wait: by what the server says, and by what kind of delay it is."""

from __future__ import annotations

import re

from mailer.domain.reply import Reply
from mailer.domain.reply_class import Cause, Meaning, ReplyClass

_SHORTEST_S = 1.0
_LONGEST_S = 4 * 3600.0
_HINT = re.compile(
    r"\b(?:in|for|after|wait|within|another|next|least) (?:(?:about|at least|another) )?"
    r"(?:(?P<clock>\d{1,2}:\d\d:\d\d)"
    r"|(?P<number>\d{1,5}) ?(?P<unit>s|m|h|sec|min|hour|hr)(?:s|ond|onds|ute|utes)?\b)"
)
_UNIT_S = {"s": 1, "m": 60, "h": 3600}
# Yahoo suspends a sender for two hours ([TSS04]).
_SUSPENDED = re.compile(r"\[tss\d\d\]", re.IGNORECASE)
_SUSPENDED_S = 2 * 3600.0
# Gmail asks for ten minutes of silence after 4.7.28.
_TOO_FAST_S = 600.0
_LEAST_S = {
    Cause.RATE: _TOO_FAST_S,
    Cause.REPUTATION_RATE: _TOO_FAST_S,
    Cause.REPUTATION: _TOO_FAST_S,
    Cause.RECIPIENT_BUSY: 3600.0,
    Cause.FULL: _LONGEST_S,
    Cause.DISABLED: _LONGEST_S,
}
# What is tried again although it was refused for good, is not tried again soon.
_AFTER_REFUSAL_S = 3600.0
_PERMANENT = 5


def hinted_wait_s(text: str) -> float | None:
    """Return the wait that a server names, such as "try again in 300 seconds", in seconds.

    Between one second and four hours; None when it names none.
    """
    match = _HINT.search(text[:1000].lower())
    if match is None:
        return None
    if (clock := match["clock"]) is not None:
        hours, minutes, seconds = map(int, clock.split(":"))
        wait_s = hours * 3600 + minutes * 60 + seconds
    else:
        wait_s = int(match["number"]) * _UNIT_S[match["unit"][0]]
    return min(max(float(wait_s), _SHORTEST_S), _LONGEST_S)


def suspended_wait_s(reply: Reply, meaning: Meaning) -> float | None:
    """Return how long a provider wants to hear nothing from us, in seconds; None when it does not say."""
    if _SUSPENDED.search(reply.text[:1000]):
        return _SUSPENDED_S
    if meaning.cause is Cause.REPUTATION_RATE:
        return max(_TOO_FAST_S, hinted_wait_s(reply.text) or 0.0)
    return hinted_wait_s(reply.text)


def least_wait_s(reply: Reply, meaning: Meaning) -> float:
    """Return how long to wait at least before the next try, in seconds; 0 leaves it to the schedule."""
    wait_s = max(_LEAST_S.get(meaning.cause, 0.0), suspended_wait_s(reply, meaning) or 0.0)
    if reply.code // 100 == _PERMANENT and meaning.reply_class is ReplyClass.TRANSIENT:
        wait_s = max(wait_s, _AFTER_REFUSAL_S)
    return wait_s
