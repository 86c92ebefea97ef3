"""What is known of one address, in the plain words of the desk and the command line (design §1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailer.audience.inquiry import Card, WaitingLetter
from mailer.audience.returned_words import EFFECTS, kind_in_words
from mailer.domain.content import LetterKind
from mailer.domain.delivery import DeliveryState, SkipReason
from mailer.domain.language import Language
from mailer.domain.missing import MissingRule
from mailer.domain.outcome import Blame
from mailer.domain.subscription import Standing
from mailer.storage.consequences import Consequence
from mailer.storage.fates import Fate
from mailer.storage.preferences import Membership, Preferences

NOT_KNOWN: Final = "Nothing is known of this address."
NO_LIST: Final = (
    "There is no list of readers, here or anywhere: some can be prosecuted for reading, so nobody can "
    "look through them, and an address is found only by whoever knows it already."
)
_INNER_QUOTES: Final = str.maketrans("“”", "‘’")
_LANGUAGES: Final[Mapping[Language, str]] = {
    Language.BELARUSIAN: "Belarusian",
    Language.RUSSIAN: "Russian",
    Language.ENGLISH: "English",
}
_STANDINGS: Final[Mapping[Standing, str]] = {
    Standing.NONE: "not subscribed",
    Standing.PENDING: "signed up, not confirmed yet",
    Standing.ACTIVE: "subscribed",
    Standing.UNSUBSCRIBED: "unsubscribed",
    Standing.BOUNCED: "do not mail: the mailbox is gone",
    Standing.COMPLAINED: "do not mail: reported as spam",
    Standing.BLOCKED: "do not mail: asked never to be mailed again",
}
_STATES: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.QUEUED: "still to be sent",
    DeliveryState.INFLIGHT: "being sent",
    DeliveryState.ACCEPTED: "taken by the mail provider",
    DeliveryState.DEFERRED: "will try again",
    DeliveryState.FAILED: "refused for good",
    DeliveryState.SKIPPED: "left out",
    DeliveryState.UNKNOWN: "not certain: may have arrived",
}
_REASONS: Final[Mapping[str, str]] = {
    SkipReason.UNSUBSCRIBED: "unsubscribed meanwhile",
    SkipReason.EMPTY: "nothing in the reader’s language",
    SkipReason.UNSENDABLE: "the address can’t be mailed",
    SkipReason.SCRIPT: "the outgoing mail server can’t take addresses in that script",
    SkipReason.DEADLINE: "it missed its time",
    SkipReason.CANCELLED: "the issue was cancelled",
    Blame.READER: "the mailbox does not exist or takes no mail",
    Blame.SENDER: "they refused us, not the reader",
}
_LETTERS: Final[Mapping[LetterKind, str]] = {
    LetterKind.CONFIRM: "the mail to confirm",
    LetterKind.INVITE: "the invitation to confirm",
    LetterKind.ALREADY: "the mail “you are subscribed already”",
    LetterKind.WELCOME: "the welcome",
    LetterKind.GOODBYE: "the goodbye",
    LetterKind.MANAGE: "the link to the reader’s settings",
    LetterKind.MOVE_IN: "the question to a new address",
    LetterKind.MOVE_OUT: "the question about a new address",
    LetterKind.FORWARD: "a letter of their own, handed on to the newsroom",
}


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the sentences under it, at least one."""

    heading: str
    lines: tuple[str, ...]


def in_words(card: Card, now: datetime) -> list[Section]:
    """Return what an operator reads of *card*: the same headings for every address."""
    zone = card.zone
    subscriptions = [_membership(each, zone) for each in card.memberships]
    if card.block:
        subscriptions.append(_sentence(_STANDINGS[card.block.reason], "since", card.block.since_month))
    choices = _choices(card.preferences, now, zone) if card.preferences else []
    mails = [*(_waiting(each, zone) for each in card.letters), *(_copy(each, zone) for each in card.copies)]
    returned = [returned_in_words(each, zone) for each in card.came_back]
    return [
        Section("Newsletters", tuple(subscriptions) or ("None.",)),
        Section("Choices", tuple(choices) or ("None.",)),
        Section("Last mails", tuple(mails) or ("No issue has been sent to it.",)),
        Section("What came back", tuple(returned) or ("Nothing.",)),
        Section("Mail to confirm", tuple(_asking(card, now))),
    ]


def returned_in_words(consequence: Consequence, zone: str) -> str:
    """Say what came back, by what it was judged, and what followed; never an address."""
    what = kind_in_words(consequence.kind, consequence.cause, is_refused=consequence.report_id is None)
    of = "another mail" if consequence.issue_id is None else f"issue {consequence.issue_id}"
    line = f"{time_in_words(consequence.at, zone)}, {of}: {what[:1].lower()}{what[1:]}."
    if consequence.reply:
        line += f" The mail provider said: {consequence.reply}"
    if consequence.cause is not None:
        line += f" (judged by {consequence.evidence})."
    line += f" {EFFECTS[consequence.effect]}."
    if consequence.undone_at is not None:
        line += f" Taken back by {consequence.undone_by}, {time_in_words(consequence.undone_at, zone)}."
    return f"{line} Number {consequence.id}."


def time_in_words(moment: datetime, zone: str = "UTC") -> str:
    """Write a time as ``Mon 23 Nov 2026, 10:00 (Europe/Warsaw)``."""
    there = moment.astimezone(ZoneInfo(zone))
    return f"{there:%a} {there.day} {there:%b %Y, %H:%M} ({zone})"


def _membership(membership: Membership, zone: str) -> str:
    line = f"{membership.newsletter}: {_STANDINGS[membership.standing]}, since {membership.changed_month}."
    record = [f"by “{_within_quotes(membership.consent_channel)}”"] if membership.consent_channel else []
    if membership.consent_version:
        record.append(f"to version {membership.consent_version} of the words beside the button")
    if membership.consent_language:
        record.append(f"in {_LANGUAGES[membership.consent_language]}")
    if membership.consent_at:
        record.append(f"in the hour from {time_in_words(membership.consent_at, zone)}")
    if not record:
        return line
    verb = "Agreed" if membership.consent_at else "Signed up"
    return f"{line} {verb} {', '.join(record)}."


def _within_quotes(words: str) -> str:
    return words.translate(_INNER_QUOTES)


def _choices(chosen: Preferences, now: datetime, zone: str) -> list[str]:
    lines = [f"Mailed in {_LANGUAGES[chosen.language]}.", f"{_missing(chosen.missing)}."]
    if chosen.paused_until and chosen.paused_until > now:
        lines.append(f"Takes a break: no issue before {time_in_words(chosen.paused_until, zone)}.")
    if chosen.is_discreet:
        lines.append("Discreet: neutral sender name and subject, text only.")
    return lines


def _missing(rule: MissingRule | None) -> str:
    if rule is None:
        words = "did not choose"
    else:
        words = f"send it in {_LANGUAGES[rule.lender]}" if rule.lender else "leave it out"
    return f"If a text isn’t translated: {words}"


def _copy(fate: Fate, zone: str) -> str:
    issue = (
        f"{fate.newsletter}, {fate.period}" if fate.period else f"{fate.newsletter}, issue {fate.issue_id}"
    )
    words = _STATES[fate.state]
    if fate.reason and fate.reason in _REASONS:
        words += f" ({_REASONS[fate.reason]})"
    if fate.next_at:
        words += f", not before {time_in_words(fate.next_at, zone)}"
    if fate.settled_at:
        words += f", {time_in_words(fate.settled_at, zone)}"
    return f"{issue}: {words}.{_replied(fate.reply)}"


def _waiting(letter: WaitingLetter, zone: str) -> str:
    tries = f"tried {letter.attempts} times so far" if letter.attempts > 1 else "not taken yet"
    what = _LETTERS[letter.kind]
    line = f"{what[:1].upper()}{what[1:]} of {time_in_words(letter.created_at, zone)} is on its way, {tries}."
    return f"{line}{_replied(letter.reply)}"


def _replied(reply: str | None) -> str:
    return f" The mail provider said: {reply}" if reply else ""


def _asking(card: Card, now: datetime) -> list[str]:
    lines = []
    if card.waits_until is not None:
        lines.append(
            f"A sign-up waits, until {time_in_words(card.waits_until, card.zone)}, because many came at once."
            if card.waits_until > now
            else "A sign-up is being looked at right now."
        )
    lines.append(
        f"The last one was written {time_in_words(card.asked_at, card.zone)}."
        if card.asked_at
        else "None was written in the last 30 days, or it has been confirmed since."
    )
    return [*lines, _next_asking(card, now)]


def _next_asking(card: Card, now: datetime) -> str:
    if card.block and card.block.reason is Standing.BLOCKED:
        return (
            "None goes if somebody signs up; should its owner want it back: mailer reader add --asked-back."
        )
    if card.memberships and all(each.standing is Standing.ACTIVE for each in card.memberships):
        return "If its owner signs up again, they are told that they are subscribed already."
    if card.next_ask_at > now:
        at = time_in_words(card.next_ask_at, card.zone)
        return f"If its owner signs up again, the next one goes from {at} on."
    return "If its owner signs up, the next one goes at once."


def _sentence(*words: str) -> str:
    line = " ".join(words)
    return f"{line[:1].upper()}{line[1:]}."
