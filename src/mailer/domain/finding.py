"""What a check found: one sentence, one way to mend it, and a word that scripts can rely on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs."""

    BLOCKING = "blocking"
    """It holds the issue."""
    WARNING = "warning"
    """It is said, and the issue goes on."""


class Check(StrEnum):
    """What was looked at; these words are part of ``--json`` and never change (docs/preflight.md)."""

    NO_TEXT = "no-text"
    """The period has no ready text at all."""
    TOPIC_RESTS = "topic-rests"
    """A topic has no ready text in any language."""
    CELL_MISSING = "cell-missing"
    """A topic has no text in a language, and no rule that works says what to do."""
    LANGUAGE_EMPTY = "language-empty"
    """The rules leave every text out in a language."""
    TREND_MISSING = "trend-missing"
    """Nobody has named a topic's trend."""
    TEXT_REPEATED = "text-repeated"
    """A headline or a body is the one of the issue before."""
    WRONG_LANGUAGE = "wrong-language"
    """A text's letters are another language's."""
    DEAD_LINK = "dead-link"
    """A link to a page of ours that is not there."""
    READERS_OWN_LINK = "readers-own-link"
    """A link that belongs to one reader stands in a text for all."""
    PICTURE_MISSING = "picture-missing"
    """A picture of ours is not on the disk."""
    PICTURE_ELSEWHERE = "picture-elsewhere"
    """A picture that is not ours: readers get its description."""
    PICTURE_WITHOUT_WORDS = "picture-without-words"
    """A picture has no description."""
    OUT_OF_SEQUENCE = "out-of-sequence"
    """A week is left out, or was reported on before."""
    NO_READER = "no-reader"
    """Nobody has confirmed a subscription."""
    LANGUAGE_NOT_OFFERED = "language-not-offered"
    """Readers' main language is none of the newsletter's."""
    SENDER_IS_EXAMPLE = "sender-is-example"
    """The sender's domain is one of those that stand in examples."""
    NOT_SIGNED = "not-signed"
    """We are to sign, and can't."""
    LINKS_LEAD_HERE = "links-lead-here"
    """Mail goes to other machines with links that lead to the reader's own."""
    LINKS_IN_THE_CLEAR = "links-in-the-clear"
    """Mail goes to other machines with links without https."""
    STAYS_HERE = "stays-here"
    """No outgoing mail server is set."""
    SAMPLE_TEXTS = "sample-texts"
    """The packaged sample's texts would go to other machines."""
    THEME = "theme"
    """The newsletter's own templates have a fault."""
    NOT_RENDERED = "not-rendered"
    """The editions can't be made."""
    HTML_LARGE = "html-large"
    """The HTML part comes near, or to, where mailboxes cut it off."""
    MESSAGE_LARGE = "message-large"
    """The whole message is heavy."""
    TEXT_PART_EMPTY = "text-part-empty"
    """The text part says nothing."""
    NO_WAY_OUT = "no-way-out"
    """A part does not show the reader's unsubscribe link."""
    SUBJECT_LONG = "subject-long"
    """The subject is cut off in lists, or refused."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something a check found.

    Attributes:
        severity: whether it holds the issue.
        check: which check found it.
        message: what was found, without a full stop.
        remedy: the line to add or the place to go; empty when there is nothing to do.
        where: ``russia.be`` for a text, ``be`` for an edition or language; empty for the issue itself.
    """

    severity: Severity
    check: Check
    message: str
    remedy: str = ""
    where: str = ""

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message

    @property
    def sentences(self) -> str:
        """The same for people who read it in a mail or on a page: one sentence, or two."""
        said = f"{self.message[:1].upper()}{self.message[1:]}."
        return f"{said} To mend it: {self.remedy}." if self.remedy else said


def blocking(check: Check, message: str, remedy: str = "", *, where: str = "") -> Finding:
    """Return a finding that holds the issue."""
    return Finding(Severity.BLOCKING, check, message, remedy, where)


def warning(check: Check, message: str, remedy: str = "", *, where: str = "") -> Finding:
    """Return a finding that is said, and no more."""
    return Finding(Severity.WARNING, check, message, remedy, where)


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return *findings*, those that hold the issue first, else in their order."""
    return tuple(sorted(findings, key=lambda finding: finding.severity is not Severity.BLOCKING))
