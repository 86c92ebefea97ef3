"""From a reply to an Outcome: the one place that decides what an attempt ended in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from mailer.domain.classifier import classify
from mailer.domain.outcome import Accepted, Blame, Deferred, Failed, Outcome, Stage, Unknown
from mailer.domain.reply import Reply, Verdict, judge, mask
from mailer.domain.reply_class import Meaning, ReplyClass
from mailer.domain.reply_wait import least_wait_s
from mailer.domain.retry import RetryPolicy

_SPREAD = 0.2
_BEFORE_RCPT = frozenset({Stage.CONNECT, Stage.MAIL})
_OF_READERS = frozenset({ReplyClass.INVALID, ReplyClass.MAILBOX, ReplyClass.UNKNOWN})


class Answer(NamedTuple):
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
        now: aware UTC; without it, no server is given a longer wait than *retry_at*.
        most_s: the longest wait that a server is given, in seconds.
        jitter: 0.0 to 1.0; stretches such a wait by up to a fifth, so that copies deferred together do
            not come back together.
    """

    retry_at: datetime
    resend_at: datetime | None
    now: datetime | None = None
    most_s: float = 0.0
    jitter: float = 0.5

    @classmethod
    def by(
        cls, policy: RetryPolicy, attempts: int, *, now: datetime, jitter: float, may_resend: bool
    ) -> Waits:
        """Return the waits of *policy* after so many attempts, 1 or more."""
        retry_at = policy.next_attempt_at(attempts, now, jitter)
        return cls(retry_at, retry_at if may_resend else None, now, policy.most_s, jitter)

    def at_least(self, wait_s: float) -> datetime:
        """Return when to try again, not before *wait_s* seconds have passed unless that is too long."""
        if self.now is None or wait_s <= 0:
            return self.retry_at
        stretched_s = min(wait_s, self.most_s) * (1 + _SPREAD * self.jitter)
        return max(self.retry_at, self.now + timedelta(seconds=stretched_s))


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
    verdict = judge(met.reply, met.stage)
    if verdict is Verdict.GO_ON:
        return None
    said = mask(str(met.reply), recipient)
    if verdict is Verdict.TAKEN:
        return Accepted(met.stage, said)
    meaning = classify(met.reply, met.stage)
    # A pace, a full disk or a loop passes, whatever code it comes with.
    if verdict is Verdict.NOT_NOW or meaning.reply_class is ReplyClass.TRANSIENT:
        return Deferred(met.stage, said, waits.at_least(least_wait_s(met.reply, meaning)))
    return Failed(met.stage, said, _blame(meaning, met.stage))


def blame(reply: Reply, stage: Stage) -> Blame:
    """Say whose fault a permanent refusal is.

    What is refused before RCPT is us. From there on it is the reader when words or codes say so of this
    one mailbox, and a bare refusal at RCPT, which names nobody else.
    """
    return _blame(classify(reply, stage), stage)


def _blame(meaning: Meaning, stage: Stage) -> Blame:
    is_reader = stage not in _BEFORE_RCPT and meaning.reply_class in _OF_READERS
    return Blame.READER if is_reader else Blame.SENDER
