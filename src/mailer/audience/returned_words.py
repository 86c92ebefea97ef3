"""What came back, in the plain words of the desk and the command line (design §1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailer.domain.consequence import Effect
from mailer.domain.provider import OTHER
from mailer.domain.reply_class import Cause, ReplyClass
from mailer.domain.returned_mail import MailKind
from mailer.domain.returns import FEW

CLASSES: Final[Mapping[ReplyClass, str]] = {
    ReplyClass.INVALID: "there is no such mailbox",
    ReplyClass.MAILBOX: "the mailbox is full or shut",
    ReplyClass.TRANSIENT: "a fault on the way",
    ReplyClass.POLICY: "they refused us, not the reader",
    ReplyClass.MESSAGE: "they refused this mail, not the reader",
    ReplyClass.UNKNOWN: "nobody can tell why",
}
EFFECTS: Final[Mapping[Effect, str]] = {
    Effect.NONE: "Nothing followed",
    Effect.STRIKE: "It counts; several over weeks mean “do not mail”",
    Effect.SUPPRESSED: "Do not mail since then",
    Effect.HELD: "Waiting for you: too many of this provider at once",
    Effect.PROPOSED: "Waiting for you",
    Effect.UNSUBSCRIBED: "Unsubscribed",
}
_KINDS: Final[Mapping[MailKind, str]] = {
    MailKind.BOUNCE: "Came back",
    MailKind.DELAY: "Is late; the mail provider goes on trying",
    MailKind.COMPLAINT: "Reported as spam",
    MailKind.AUTO_REPLY: "An answering machine, a holiday say",
    MailKind.CHALLENGE: "Asked us to prove that we are people",
    MailKind.UNSUBSCRIBE: "Asked by mail to leave",
    MailKind.HUMAN: "Wrote that they want to leave",
}
_CAUSES: Final[Mapping[Cause, str]] = {
    Cause.NO_DOMAIN: "there is no such mail server",
    Cause.UNLISTED: "the mailbox is not in the provider’s list",
    Cause.EDGE_BLOCKED: "the mailbox is not in the provider’s list",
    Cause.FULL: "the mailbox is full",
    Cause.DISABLED: "the mailbox is shut",
    Cause.GREYLISTED: "they asked us to try again",
    Cause.RECIPIENT_BUSY: "the mailbox got too much mail at the moment",
    Cause.SYSTEM: "their mail server was out of order",
    Cause.SIZE: "the mail was too large for them",
    Cause.FILTERED: "a filter of the reader’s own",
}


def kind_in_words(kind: MailKind, cause: Cause | None, *, is_refused: bool) -> str:
    """Say what came back, and why: ``Came back: the mailbox is full``."""
    words = "Refused at once" if is_refused else _KINDS.get(kind, "Returned mail")
    if cause is None:
        return words
    return f"{words}: {_CAUSES.get(cause) or CLASSES[cause.reply_class]}"


def group_in_words(group: str) -> str:
    """Name a provider group."""
    return "smaller mail providers" if group == OTHER else group


def few(figure: int) -> str:
    """Write a number of readers; of a handful, which might point at somebody, only that it is one."""
    return f"fewer than {FEW}" if 0 < figure < FEW else f"{figure:,}"
