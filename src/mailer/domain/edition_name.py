"""The short name of an edition: ``be``, or ``be+ru-russia`` where a text is lent by another language."""

from __future__ import annotations

import hashlib

from mailer.domain.plan import Plan

_LONGEST = 80
_DIGEST_LETTERS = 8


def edition_name(plan: Plan, usual: Plan) -> str:
    """Return how people and files call the edition of *plan*.

    Args:
        plan: of the edition.
        usual: the plan of readers in the same language who chose nothing, called by the language alone.

    Distinct among the plans of one issue, and fit for a file's name.
    """
    if plan == usual:
        return str(plan.language)
    borrowed = [cell for cell in plan.cells if cell.language != plan.language]
    if not borrowed:
        return f"{plan.language}-only"
    # What is written in the language itself is in each of its editions, so what is lent tells them apart.
    lent = [
        f"+{lender}-{'_'.join(cell.topic for cell in borrowed if cell.language == lender)}"
        for lender in dict.fromkeys(cell.language for cell in borrowed)
    ]
    name = "".join([plan.language, *lent])
    return name if len(name) <= _LONGEST else _shortened(name, plan)


def _shortened(name: str, plan: Plan) -> str:
    digest = hashlib.sha256(plan.key.encode()).hexdigest()[:_DIGEST_LETTERS]
    return f"{name[: _LONGEST - _DIGEST_LETTERS - 1]}-{digest}"
