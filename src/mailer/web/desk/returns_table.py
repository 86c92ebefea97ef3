"""What came back of an issue, as tables that a person reads; a handful of readers is never a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailer.audience.returned_words import CLASSES, few, group_in_words
from mailer.domain.reply_class import ReplyClass
from mailer.domain.returns import GroupReturns, Returns, in_all
from mailer.web.desk.words import LANGUAGES

HEADS = ("taken", "came back later", "refused for good", "reported as spam", "on holiday", "left since")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it is of, and its figures in words."""

    words: str
    figures: tuple[str, ...]
    is_quiet: bool


@dataclass(frozen=True, slots=True)
class ReturnsTable:
    """What came back of an issue.

    Attributes:
        groups: by language and mail provider, in the order of HEADS.
        total: the same of all.
        reasons: by class: came back later, refused at once.
        do_not_mail, waiting: readers, in words; empty where there are none.
    """

    groups: tuple[Row, ...]
    total: Row
    reasons: tuple[Row, ...]
    do_not_mail: str
    waiting: str


def returns_table(lines: Sequence[GroupReturns]) -> ReturnsTable:
    """Return *lines* for a page."""
    total = in_all(lines)
    classes = [each for each in ReplyClass if total.came_back.get(each) or total.refused.get(each)]
    return ReturnsTable(
        groups=tuple(_of_group(each) for each in lines),
        total=_row("All", total),
        reasons=tuple(_of_class(each, total) for each in classes),
        do_not_mail=few(total.suppressed) if total.suppressed else "",
        waiting=few(total.held) if total.held else "",
    )


def came_back_in_words(returns: Returns) -> str:
    """Say in a sentence what came back of an issue; empty where nothing did."""
    parts = []
    if returns.came_back_later:
        parts.append(f"{few(returns.came_back_later)} came back later")
    if returns.complaints:
        parts.append(f"{few(returns.complaints)} were reported as spam")
    if returns.auto_replies:
        parts.append(f"{few(returns.auto_replies)} met an answering machine")
    if not parts:
        return ""
    *first, last = parts
    said = f"{', '.join(first)} and {last}" if first else last
    return f"Of the copies that were taken by the mail provider, {said}."


def _of_group(line: GroupReturns) -> Row:
    return _row(f"{LANGUAGES[line.language]}, {group_in_words(line.group)}", line.returns)


def _row(words: str, returns: Returns) -> Row:
    books = returns.books
    figures = (
        books.accepted,
        returns.came_back_later,
        books.failed,
        returns.complaints,
        returns.auto_replies,
        books.unsubscribed,
    )
    return Row(words, tuple(few(each) for each in figures), not any(figures[1:]))


def _of_class(each: ReplyClass, total: Returns) -> Row:
    figures = (few(total.came_back.get(each, 0)), few(total.refused.get(each, 0)))
    return Row(_sentence(CLASSES[each]), figures, is_quiet=False)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
