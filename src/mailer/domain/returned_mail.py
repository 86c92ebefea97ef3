"""What a message that came back says, once it is read: its kind, and whom it speaks of.

Readers of every form (RFC 3464 reports, complaints, bounces without any form, webhooks) end in these
values; the classifier judges them, whatever form they had.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mailer.domain.outcome import Stage


class MailKind(StrEnum):
    """What a message that reached the return path is."""

    BOUNCE = "bounce"
    DELAY = "delay"
    """Not there yet; the mail server goes on trying."""
    SUCCESS = "success"
    COMPLAINT = "complaint"
    """The reader pressed "this is spam" (RFC 5965 and what came before it)."""
    AUTO_REPLY = "auto-reply"
    CHALLENGE = "challenge"
    """A person or a filter asks us to prove that we are one."""
    RECEIPT = "mdn"
    """Somebody read a mail, or threw it away (RFC 8098)."""
    STATISTICS = "report"
    """DMARC and TLS reports, of no copy in particular."""
    UNSUBSCRIBE = "unsubscribe"
    """A mail to the address that List-Unsubscribe names."""
    HUMAN = "human"
    """Anything else: somebody wrote to us."""

    @property
    def shown(self) -> str:
        """The kind in the words of the command line (design §8)."""
        return self.value if self in _SHOWN else "other"


_SHOWN = frozenset(
    {MailKind.BOUNCE, MailKind.DELAY, MailKind.SUCCESS, MailKind.COMPLAINT, MailKind.AUTO_REPLY}
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a message that came back says about one recipient.

    Attributes:
        recipient: the address it names, as it stands there (lower case is up to who compares); None
            where it names nobody.
        status: enhanced status code where the message names one, such as ``5.1.1`` (RFC 3463).
        reply_code: SMTP reply code where it names one, 200 to 599.
        text: what the refusing server said, one line, to be judged by; may hold addresses, so it is
            never stored or logged as it is.
        stage: what the refused command was, where the message says so.
        also: other spellings of the recipient, such as Original-Recipient beside Final-Recipient.
    """

    recipient: str | None
    status: str | None = None
    reply_code: int | None = None
    text: str = ""
    stage: Stage | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReturnedMail:
    """A message that came back, read.

    Attributes:
        kind: what it is.
        notices: one for each recipient it speaks of; of a bounce that names nobody, one without recipient
            when it at least says why.
        envelope_id: Original-Envelope-Id (RFC 3461 §4.4), decoded; in ours, the return path's token.
        message_id: of the message that came back or is complained about, without brackets.
        return_path: the Return-Path, or envelope sender, of that message; ours holds a token.
        feedback_type: of a complaint, such as ``abuse`` (RFC 5965 §3.1, §7.3); ``not-spam`` takes one back
            (RFC 6430).
        unsubscribe: List-Unsubscribe of that message, unfolded; ours holds a token, and providers that
            black out the rest of a complaint leave it.
    """

    kind: MailKind
    notices: tuple[Notice, ...] = ()
    envelope_id: str | None = None
    message_id: str | None = None
    return_path: str | None = None
    feedback_type: str | None = None
    unsubscribe: str | None = None
