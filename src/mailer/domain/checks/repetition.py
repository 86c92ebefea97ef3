"""Whether a text is the one of the issue before: a file copied as a start, and sent as it was.

A headline or a body that says the same again is a mistake. A lead may honestly repeat itself, since a
week in which nothing moved is said in the same words, so it is not compared.
"""

from __future__ import annotations

import unicodedata

from mailer.domain.commentary import Commentary, Text
from mailer.domain.finding import Check, Finding, warning


def repeated_texts(commentary: Commentary, before: Commentary | None) -> list[Finding]:
    """Say which ready texts repeat those of the same topic and language in an earlier period.

    Args:
        commentary: of this issue.
        before: of the same topic; None where there was none.
    """
    if before is None:
        return []
    found = []
    for language in sorted(commentary.ready_languages()):
        text, earlier = commentary.texts[language], before.texts.get(language)
        same = _same_parts(text, earlier) if earlier else []
        if same:
            where = f"{commentary.topic}.{language}"
            found.append(
                warning(
                    Check.TEXT_REPEATED,
                    f"the {' and '.join(same)} of {where} {'is' if len(same) == 1 else 'are'} the same as in "
                    f"{before.period.key}",
                    f"write this week’s in {where}, or leave it as it is if that is meant",
                    where=where,
                )
            )
    return found


def _same_parts(text: Text, earlier: Text) -> list[str]:
    parts = {"headline": (text.headline, earlier.headline), "body": (text.body, earlier.body)}
    return [name for name, (now, then) in parts.items() if _words(now) and _words(now) == _words(then)]


def _words(text: str) -> list[str]:
    """Return what a reader would call the same: other blanks, line ends or capitals make no new text."""
    return unicodedata.normalize("NFC", text).casefold().split()
