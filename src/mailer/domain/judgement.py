"""From a reply to an Outcome: the one place that decides what an attempt ended in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailer.domain.outcome import Accepted, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.reply import Reply, Verdict, blame, judge, mask


@dataclass(frozen=True, slots=True)
class Answer:
    """What the relay said at a stage."""

    stage: Stage
    reply: Reply


@dataclass(frozen=True, slots=True)
class Lost:
    """The connection died, or the relay kept silent too long.

    Attributes:
        stage: what was under way.
        words: how it ended, without addresses.
    """

    stage: Stage
    words: str

    @property
    def may_have_arrived(self) -> bool:
        """Whether the final dot may have been read: only then can the copy exist (RFC 1047)."""
        return self.stage is Stage.DOT


@dataclass(frozen=True, slots=True)
class Waits:
    """When this copy would be tried again.

    Attributes:
        retry_at: after "not now".
        resend_at: after "not certain"; None when it was resent before or the policy holds it.
    """

    retry_at: datetime
    resend_at: datetime | None


def outcome_of(met: Answer | Lost, recipient: str, waits: Waits) -> Outcome | None:
    """Say what an attempt ended in; None means that the conversation goes on.

    Args:
        met: the relay's answer, or how the connection ended.
        recipient: masked out of the reply.
        waits: when the copy would be tried again.
    """
    if isinstance(met, Lost):
        if met.may_have_arrived:
            return Unknown(met.stage, met.words, waits.resend_at)
        return Deferred(met.stage, met.words, waits.retry_at)
    reply = mask(str(met.reply), recipient)
    match judge(met.reply, met.stage):
        case Verdict.GO_ON:
            return None
        case Verdict.TAKEN:
            return Accepted(met.stage, reply)
        case Verdict.NOT_NOW:
            return Deferred(met.stage, reply, waits.retry_at)
        case Verdict.REFUSED:
            return Failed(met.stage, reply, blame(met.reply, met.stage))
