"""How ``mailer issue stats``, ``books`` and ``demo`` print what came back.

As data the figures are exact, so that scripts can add them up; what people read says "few" for fewer than
ten readers, so that a figure in a forwarded report points at nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mailer.audience.returned_words import CLASSES
from mailer.domain.provider import OTHER
from mailer.domain.reply_class import ReplyClass
from mailer.domain.returns import FEW, GroupReturns, Returns, in_all

_HEADS = ("readers", "taken", "came back", "refused", "complained", "on holiday", "left since")


def returns_json(lines: Sequence[GroupReturns]) -> dict[str, Any]:
    """Return what came back in all, and by language and provider group with the books of each."""
    groups = [
        {
            "language": each.language,
            "group": each.group,
            "audience": each.returns.books.audience,
            "accepted": each.returns.books.accepted,
            "failed": each.returns.books.failed,
            **_figures(each.returns),
            "unsubscribed": each.returns.books.unsubscribed,
        }
        for each in lines
    ]
    return {**_figures(in_all(lines)), "groups": groups}


def returns_table(lines: Sequence[GroupReturns], *, exact: bool = False) -> str:
    """Return a line for each language and provider group, then what came back by class; empty without any.

    Args:
        lines: what came back.
        exact: whether figures below ten are written; only where no real reader stands behind them.
    """
    show = _exactly if exact else _shown
    total = in_all(lines)
    if not total.has_any:
        return ""
    rows = [f"{'what came back':<22}" + "".join(f"{head:>12}" for head in _HEADS)]
    for name, returns in [*((_name(each), each.returns) for each in lines), ("all", total)]:
        rows.append(f"{name:<22}" + "".join(f"{show(figure):>12}" for figure in _row(returns)))
    rows += _by_class("of those taken, came back later", total.came_back, show)
    rows += _by_class("of those refused", total.refused, show)
    if total.suppressed or total.held:
        rows.append(f"given up for a bounce: {show(total.suppressed)}; waiting for you: {show(total.held)}")
    return "\n".join(rows if exact else [*rows, f"few: fewer than {FEW}"])


def _figures(returns: Returns) -> dict[str, Any]:
    return {
        "came_back_later": returns.came_back_later,
        "came_back_by_class": _every_class(returns.came_back),
        "refused_by_class": _every_class(returns.refused),
        "complaints": returns.complaints,
        "auto_replies": returns.auto_replies,
        "suppressed": returns.suppressed,
        "held": returns.held,
    }


def _every_class(counted: Mapping[ReplyClass, int]) -> dict[str, int]:
    return {str(each): counted.get(each, 0) for each in ReplyClass}


def _row(returns: Returns) -> tuple[int, ...]:
    books = returns.books
    complaints, away = returns.complaints, returns.auto_replies
    came_back = returns.came_back_later
    return books.audience, books.accepted, came_back, books.failed, complaints, away, books.unsubscribed


def _by_class(words: str, counted: Mapping[ReplyClass, int], show: Callable[[int], str]) -> list[str]:
    found = [f"{CLASSES[each]} {show(count)}" for each, count in sorted(counted.items()) if count]
    return [f"{words}: {', '.join(found)}"] if found else []


def _name(line: GroupReturns) -> str:
    return f"{line.language}  {'smaller providers' if line.group == OTHER else line.group}"


def _shown(figure: int) -> str:
    return "few" if 0 < figure < FEW else _exactly(figure)


def _exactly(figure: int) -> str:
    return f"{figure:,}"
