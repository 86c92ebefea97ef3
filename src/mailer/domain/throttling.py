"""Whether a reply asks us to slow down, so that the pace of all copies follows it, not of one."""

from __future__ import annotations

from mailer.domain.classifier import classify
from mailer.domain.outcome import Stage
from mailer.domain.pace import Throttle, ThrottleKind
from mailer.domain.reply import Reply
from mailer.domain.reply_class import Cause
from mailer.domain.reply_wait import suspended_wait_s

_KINDS = {
    Cause.RATE: ThrottleKind.RATE,
    Cause.REPUTATION_RATE: ThrottleKind.RATE,
    Cause.REPUTATION: ThrottleKind.RATE,
    Cause.CONNECTIONS: ThrottleKind.CONNECTIONS,
    Cause.MESSAGES: ThrottleKind.MESSAGES,
}
_FIRST_DELAY, _FIRST_REFUSAL = 400, 500


def is_throttle(reply: Reply, stage: Stage | None) -> Throttle | None:
    """Return what the server has too much of, None when *reply* speaks of something else.

    Args:
        stage: what it answered; None when nobody knows.

    A listed sender is throttled by "not now" only: refused for good, it is not mended by going slower.
    """
    if reply.code < _FIRST_DELAY:
        return None
    meaning = classify(reply, stage)
    kind = _KINDS.get(meaning.cause)
    if kind is None or (meaning.cause is Cause.REPUTATION and reply.code >= _FIRST_REFUSAL):
        return None
    return Throttle(kind, suspended_wait_s(reply, meaning))
