"""What happens to a cell of the grid that has no ready text: left out, or lent by another language.

The same vocabulary serves editors (``missing.be: ru`` in a text, ``[missing]`` in newsletter.toml)
and readers ("If a text isn't translated").
"""

from __future__ import annotations

from dataclasses import dataclass

from mailer.domain.language import Language
from mailer.domain.nearest import did_you_mean

LEAVE_OUT = "leave-out"


@dataclass(frozen=True, slots=True)
class MissingRule:
    """Leave the text out (``lender`` is None), or take it in another language."""

    lender: Language | None

    def __str__(self) -> str:
        return self.lender or LEAVE_OUT


def parse_missing_rule(text: str, language: Language | None = None) -> MissingRule:
    """Read ``leave-out``, ``be``, ``ru`` or ``en``.

    Args:
        text: as written.
        language: the language the rule is for; a language can't lend to itself.

    Raises:
        ValueError: it is none of these; the message says what to write.
    """
    word = text.strip().lower()
    if word == LEAVE_OUT:
        return MissingRule(None)
    others = [other for other in Language if other != language]
    if word in others:
        return MissingRule(Language(word))
    known = [LEAVE_OUT, *others]
    raise ValueError(f"“{text}” is no rule{did_you_mean(word, known)}; write one of {', '.join(known)}")
