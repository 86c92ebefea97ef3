"""What people read on the desk in place of our own words for states and outcomes (docs/glossary.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from mailer.domain.books import Books
from mailer.domain.delivery import DeliveryState
from mailer.domain.issue import Issue, IssueKind, IssueState
from mailer.domain.language import Language
from mailer.domain.newsletter import Newsletter
from mailer.domain.outcome import Stage
from mailer.domain.timetable import Step
from mailer.storage.attempts import Attempt

LANGUAGES: Final[Mapping[Language, str]] = {
    Language.BELARUSIAN: "Belarusian",
    Language.RUSSIAN: "Russian",
    Language.ENGLISH: "English",
}
WAITING: Final = "waiting for you"
STEPS: Final[Mapping[Step, str]] = {
    Step.BUILD: "The issue is put together",
    Step.REMIND: "You are reminded, if it still waits for you",
    Step.RELEASE: "It is sent, if nothing holds it",
    Step.DEADLINE: "After this no copy is sent any more",
}
_STATES: Final[Mapping[IssueState, str]] = {
    IssueState.DRAFT: "being prepared",
    IssueState.RELEASING: "being made ready to send",
    IssueState.RELEASED: "sending",
    IssueState.PAUSED: "paused",
    IssueState.SENT: "sent",
    IssueState.EXPIRED: "missed its time",
    IssueState.CANCELLED: "cancelled",
}
RELEASE_BY_HAND: Final = "It is due, once you have approved it"
_OUTCOMES: Final[Mapping[DeliveryState, str]] = {
    DeliveryState.DEFERRED: "put off, to be tried again",
    DeliveryState.FAILED: "refused for good",
    DeliveryState.UNKNOWN: "not certain: may have arrived",
}
_STAGES: Final[Mapping[Stage, str]] = {
    Stage.CONNECT: "when we connected",
    Stage.MAIL: "when we named the sender",
    Stage.RCPT: "when we named the reader’s address",
    Stage.DATA: "before the text of the mail",
    Stage.BODY: "in the middle of the text of the mail",
    Stage.DOT: "at the end of the text of the mail",
}
# "550 5.1.1": what follows differs from copy to copy although it means the same.
_CODES: Final = re.compile(r"\d{3}(?:[ -]\d\.\d{1,3}\.\d{1,3})?")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the account of every copy: how many copies, by language, and in all."""

    words: str
    figures: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Account:
    """Every copy of an issue accounted for, as a table shows it.

    Attributes:
        languages: heads of the columns.
        lines: what became of the copies.
        readers: the last line, the sum of the others.
        settled: how many copies wait for nothing any more.
    """

    languages: tuple[str, ...]
    lines: tuple[Line, ...]
    readers: Line
    settled: int
    is_balanced: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Tries of one issue that ended alike.

    Attributes:
        count: how many of the newest ones.
        reply: of the newest, masked.
        at: of the newest, in words.
    """

    count: int
    outcome: str
    stage: str
    reply: str
    at: str


def state_in_words(issue: Issue, *, waits: bool) -> str:
    """Say where an issue stands; a draft that *waits* for a person says so."""
    words = WAITING if waits and issue.state is IssueState.DRAFT else _STATES[issue.state]
    return f"{words} (rehearsal)" if issue.kind is IssueKind.REHEARSAL else words


def account(
    newsletter: Newsletter, books: Mapping[Language, Books], put_off: Mapping[Language, int]
) -> Account | None:
    """Return the books in plain words, or None before an issue has copies.

    Args:
        newsletter: gives the order of the languages.
        books: by the readers' main language.
        put_off: copies that will be tried again, which the books count as pending.
    """
    shown = [language for language in (*newsletter.languages, *Language) if language in books]
    languages = list(dict.fromkeys(shown))
    if not languages:
        return None
    of = [books[language] for language in languages]
    again = [put_off.get(language, 0) for language in languages]
    lines = (
        _line("taken by the mail provider", (each.accepted for each in of)),
        _line("still to be sent", (each.pending - late for each, late in zip(of, again, strict=True))),
        _line("will try again", again),
        _line("refused for good", (each.failed for each in of)),
        _line("not certain: may have arrived", (each.unknown for each in of)),
        _line("left out", (each.skipped for each in of)),
    )
    total = sum(of, Books())
    return Account(
        languages=tuple(LANGUAGES[language] for language in languages),
        lines=lines,
        readers=_line("readers in all", (each.audience for each in of)),
        settled=total.audience - total.pending,
        is_balanced=all(each.balance for each in of),
    )


def refusals(attempts: Sequence[Attempt], newsletter: Newsletter) -> list[Refusal]:
    """Return the newest tries that did not end well, alike ones together, newest first."""
    groups: dict[tuple[DeliveryState, Stage, str], list[Attempt]] = {}
    for attempt in attempts:
        codes = _CODES.match(attempt.reply)
        key = (attempt.outcome, attempt.stage, codes[0] if codes else attempt.reply)
        groups.setdefault(key, []).append(attempt)
    return [
        Refusal(
            count=len(alike),
            outcome=_OUTCOMES[alike[0].outcome],
            stage=_STAGES[alike[0].stage],
            reply=alike[0].reply,
            at=time_in_words(alike[0].at, newsletter),
        )
        for alike in groups.values()
    ]


def time_in_words(moment: datetime, newsletter: Newsletter) -> str:
    """Write a time by the newsletter's own clock: ``Mon 23 Nov, 09:00 (Europe/Warsaw)``."""
    there = moment.astimezone(ZoneInfo(newsletter.zone))
    return f"{there:%a} {there.day} {there:%b, %H:%M} ({newsletter.zone})"


def name_of(newsletter: Newsletter) -> str:
    """Return a newsletter's title in the desk's language, else in its own first."""
    return newsletter.title.get(Language.ENGLISH) or newsletter.title[newsletter.languages[0]]


def _line(words: str, figures: Iterable[int]) -> Line:
    kept = tuple(figures)
    return Line(words, kept, sum(kept))
